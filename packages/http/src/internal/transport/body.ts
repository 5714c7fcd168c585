/**
 * The body of a response: how a transport delivers it, and how it is read within
 * its limits on time.
 *
 * A transport puts chunks into a mailbox: undici as they arrive, `fetch` and
 * streams when a take finds the mailbox empty. Chunks that arrive while nobody
 * takes are kept, so an interrupted take loses nothing.
 *
 * The limits belong to the body, so that every way of reading one keeps them:
 * `idle` for each read, `firstContent` and `nextContent` for reads that bring only
 * pings or white space, and the end of the call. A limit is kept only while a read
 * waits: a slow consumer is not idleness.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Exchange from "../../Exchange.ts"
import type * as Timeouts from "../../Timeouts.ts"
import * as Deadline from "../time/deadline.ts"

/** What a consumer sees: the next items, or how they end. */
export interface Items<A, E> {
  /** Requests the next items or the end. `resume` is called once, during the call or later. */
  readonly take: (resume: Resume<A, E>) => void
  /** Withdraws the latest take. */
  readonly leave: () => void
}

/** Receives what a take gives. */
export type Resume<A, E> = (items: Exit.Exit<Arr.NonEmptyReadonlyArray<A>, E>) => void

/** Keeps items until they are taken. A producer extends it. */
export class Mailbox<A, E> implements Items<A, E> {
  #items: Array<A> | undefined
  #end: Exit.Exit<never, E> | undefined
  #resume: Resume<A, E> | undefined
  /** Whether the end was set. Items may still be waiting. */
  hasEnded = false
  /** Whether the producer stopped until the items were taken. */
  protected isPaused = false

  take(resume: Resume<A, E>): void {
    this.#resume = resume
    if (!this.deliver()) this.onWaiting()
  }

  leave(): void {
    this.#resume = undefined
  }

  /** Whether a take is pending. */
  protected get isWaiting(): boolean {
    return this.#resume !== undefined
  }

  /** Adds an item. Returns whether it is the first that waits. */
  protected push(item: A): boolean {
    if (this.#items !== undefined) {
      this.#items.push(item)
      return false
    }
    this.#items = [item]
    return true
  }

  /** Sets the end, which follows the items that wait. */
  protected finish(cause: Cause.Cause<E>): void {
    this.#end = Exit.failCause(cause)
    this.hasEnded = true
  }

  /** Hands over all items that wait, or else the end, if a take is pending. Returns whether it did. */
  protected readonly deliver = (): boolean => {
    const resume = this.#resume
    if (resume === undefined) return false
    const items = this.#items
    if (items !== undefined && Arr.isArrayNonEmpty(items)) {
      this.#items = undefined
      this.#resume = undefined
      if (this.isPaused) this.onTaken()
      resume(Exit.succeed(items))
      return true
    }
    if (this.#end === undefined) return false
    this.#resume = undefined
    resume(this.#end)
    return true
  }

  /** Runs when a take finds nothing. */
  protected onWaiting(): void {}

  /** Runs when all items were taken of a producer that is paused. */
  protected onTaken(): void {}
}

/** Returns the effect that takes once. Interrupting it loses nothing. */
export const read = <A, E>(source: Items<A, E>): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E> =>
  Effect.callback((resume) => {
    let isWaiting = true
    source.take((items) => {
      isWaiting = false
      resume(items)
    })
    if (isWaiting) return Effect.sync(() => source.leave())
  })

/** Returns a source that runs `pull` for each take. Closing the scope interrupts a pull that is running. */
export const fromPull = <A, E>(
  pull: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E>
): Effect.Effect<Items<A, E>, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const source = new Pulled(pull, context)
    return Effect.as(Scope.addFinalizer(Context.get(context, Scope.Scope), source.interrupt), source)
  })

/** Delivers the chunks of a body as a transport receives them. */
export type Source = Items<Uint8Array, Exchange.Failure | Cause.Done>

/** The next chunks, or how a body ended. */
export type Chunks = Parameters<Parameters<Source["take"]>[0]>[0]

/** A limit on time was reached while a body was read. */
class LimitReached extends Data.TaggedError("LimitReached")<{ readonly reason: Exchange.Failure["reason"] }> {}

type Limit = NonNullable<Exchange.Failure["reason"]["limit"]>

/** Keeps the reads of a source to the limits of a call. */
export class LimitedReader implements Exchange.Reader {
  readonly #source: Source
  readonly #deadline: Deadline.Deadline
  #idle: number
  readonly #nextContent: number
  /** Which limit is kept on content: on the first, or on the next. */
  #content: "firstContent" | "nextContent" = "firstContent"
  /** The milliseconds that content may take from the next wait on. Undefined once that wait began. */
  #contentWithin: number | undefined
  #contentBy = Infinity
  #endBy: number
  /** Runs before the connection is closed. */
  last: Effect.Effect<void> | undefined

  constructor(source: Source, deadline: Deadline.Deadline, timeouts: Timeouts.Timeouts, endBy: number | undefined) {
    this.#source = source
    this.#deadline = deadline
    this.#idle = Duration.toMillis(timeouts.idle)
    this.#contentWithin = Duration.toMillis(timeouts.firstContent)
    this.#nextContent = Duration.toMillis(timeouts.nextContent)
    this.#endBy = endBy ?? Infinity
  }

  take(resume: (chunks: Chunks) => void): void {
    if (this.#endBy !== Infinity && this.#deadline.now() >= this.#endBy) return resume(reached("total"))
    let isThere = false
    let isWaiting = false
    this.#source.take((chunks) => {
      isThere = true
      if (isWaiting) this.#deadline.clear()
      resume(chunks)
    })
    if (isThere) return
    isWaiting = true
    const from = this.#deadline.now()
    if (this.#contentWithin !== undefined) {
      this.#contentBy = from + this.#contentWithin
      this.#contentWithin = undefined
    }
    this.#deadline.set(
      Math.min(from + this.#idle, this.#contentBy, this.#endBy),
      () => {
        this.#source.leave()
        const at = this.#deadline.now()
        resume(reached(at >= this.#endBy ? "total" : at >= this.#contentBy ? this.#content : "idle"))
      },
      from
    )
  }

  leave(): void {
    this.#deadline.clear()
    this.#source.leave()
  }

  contentArrived(): void {
    this.#content = "nextContent"
    this.#contentWithin = this.#nextContent
  }

  endWithin(millis: number): void {
    this.#idle = Infinity
    this.#contentWithin = undefined
    this.#contentBy = Infinity
    this.#endBy = this.#deadline.now() + millis
  }

  onClose(effect: Effect.Effect<void>): void {
    this.last = effect
  }
}

const reached = (limit: Limit): Exit.Exit<never, Exchange.Failure> =>
  Exit.fail(new LimitReached({ reason: { _tag: "LimitReached", limit } }))

/** Returns the body that a reader reads. As a stream, each chunk counts as content. */
export const make = (reader: Exchange.Reader): Exchange.ReadableResponse["body"] =>
  Object.assign(
    Stream.fromPull(Effect.succeed(Effect.map(read(reader), (chunks) => {
      reader.contentArrived()
      return chunks
    }))),
    { reader }
  )

/** Uses the reader of a body. A stream that replaced the body is read within limits of its own. */
export const withReader = <A, E>(
  body: Exchange.Body,
  scope: Scope.Scope,
  timeouts: Timeouts.Timeouts,
  endBy: number | undefined,
  use: (reader: Exchange.Reader) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  body.reader !== undefined
    ? use(body.reader)
    : Effect.contextWith((context: Context.Context<never>) => {
      const deadline = new Deadline.Deadline(new Deadline.Timer(context), Duration.toMillis(timeouts.idle))
      return Scope.addFinalizer(scope, Effect.sync(() => deadline.close())).pipe(
        Effect.andThen(Channel.toPullScoped(Stream.toChannel(body), scope)),
        Effect.flatMap((pull) => Scope.provide(fromPull(pull), scope)),
        Effect.flatMap((source) => {
          const reader = new LimitedReader(source, deadline, timeouts, endBy)
          return Effect.andThen(
            Scope.addFinalizer(scope, Effect.suspend(() => reader.last ?? Effect.void)),
            Effect.suspend(() => use(reader))
          )
        })
      )
    })

/** What chunks are: only pings or white space, content, or as much as is wanted. */
export type Kind = "filler" | "content" | "enough"

/**
 * Reads until the body ends or `onChunks` returns `enough`. `onEnd` is called once,
 * with the end or with the last chunks. Returns a function that stops early.
 */
export const drain = (
  reader: Exchange.Reader,
  onChunks: (chunks: ReadonlyArray<Uint8Array>) => Kind,
  onEnd: (end: Chunks) => void
): () => void => {
  const next = (): void => {
    // Chunks that are there already are taken in a loop, so that the stack does not grow.
    for (let more = true; more;) {
      let isInside = true
      more = false
      reader.take((chunks) => {
        const kind = Exit.isSuccess(chunks) ? onChunks(chunks.value) : "enough"
        if (kind === "content") reader.contentArrived()
        if (kind === "enough") onEnd(chunks)
        else if (isInside) more = true
        else next()
      })
      isInside = false
    }
  }
  next()
  return () => reader.leave()
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Runs a pull when a take finds nothing. A pull whose take was withdrawn continues for the next take. */
class Pulled<A, E> extends Mailbox<A, E> {
  readonly #run: () => Fiber.Fiber<Arr.NonEmptyReadonlyArray<A>, E>
  #fiber: Fiber.Fiber<Arr.NonEmptyReadonlyArray<A>, E> | undefined

  constructor(pull: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E>, context: Context.Context<never>) {
    super()
    const run = Effect.runForkWith(context)
    this.#run = () => run(pull)
  }

  readonly interrupt: Effect.Effect<void> = Effect.suspend(() =>
    this.#fiber === undefined ? Effect.void : Fiber.interrupt(this.#fiber)
  )

  protected override onWaiting(): void {
    if (this.#fiber !== undefined) return
    const fiber = this.#run()
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return this.#onExit(exit)
    this.#fiber = fiber
    fiber.addObserver(this.#onExit)
  }

  readonly #onExit = (exit: Exit.Exit<Arr.NonEmptyReadonlyArray<A>, E>): void => {
    this.#fiber = undefined
    if (Exit.isSuccess(exit)) { for (const item of exit.value) this.push(item) }
    else this.finish(exit.cause)
    this.deliver()
  }
}
