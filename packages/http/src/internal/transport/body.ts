/**
 * The body of a response, read within its limits on time.
 *
 * The limits belong to the body, so that every way of reading one keeps them:
 * `idle` for each read, `firstContent` and `nextContent` for reads that bring only
 * pings or white space, and the end of the call. A limit is kept only while a read
 * waits: a slow consumer is not idleness.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Exchange from "../../Exchange.ts"
import type * as Timeouts from "../../Timeouts.ts"
import * as Deadline from "../time/deadline.ts"
import * as Mailbox from "./mailbox.ts"

/** Delivers the chunks of a body as a transport receives them. */
export type Source = Mailbox.Source<Uint8Array, Exchange.Failure | Cause.Done>

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
  #last: Effect.Effect<void> | undefined

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
    let isWaiting = true
    this.#source.take((chunks) => {
      isWaiting = false
      this.#deadline.clear()
      resume(chunks)
    })
    if (!isWaiting) return
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
    this.#last = effect
  }

  /** The effect that runs before the connection is closed. */
  get last(): Effect.Effect<void> | undefined {
    return this.#last
  }
}

const reached = (limit: Limit): Exit.Exit<never, Exchange.Failure> =>
  Exit.fail(new LimitReached({ reason: { _tag: "LimitReached", limit } }))

/** Returns the body that a reader reads. As a stream, each chunk counts as content. */
export const make = (reader: Exchange.Reader): Exchange.ReadableResponse["body"] =>
  Object.assign(
    Stream.fromPull(Effect.succeed(Effect.map(Mailbox.read(reader), (chunks) => {
      reader.contentArrived()
      return chunks
    }))),
    { reader }
  )

/** Returns the reader of a body. A stream that replaced the body is read within limits of its own. */
export const readerOf = (
  body: Exchange.Body,
  scope: Scope.Scope,
  timeouts: Timeouts.Timeouts,
  endBy: number | undefined
): Effect.Effect<Exchange.Reader> =>
  body.reader !== undefined
    ? Effect.succeed(body.reader)
    : Effect.contextWith((context: Context.Context<never>) => {
      const deadline = new Deadline.Deadline(new Deadline.Timer(context), Duration.toMillis(timeouts.idle))
      return Scope.addFinalizer(scope, Effect.sync(() => deadline.close())).pipe(
        Effect.andThen(Channel.toPullScoped(Stream.toChannel(body), scope)),
        Effect.flatMap((pull) => Scope.provide(Mailbox.fromPull(pull), scope)),
        Effect.flatMap((source) => {
          const reader = new LimitedReader(source, deadline, timeouts, endBy)
          return Effect.as(Scope.addFinalizer(scope, Effect.suspend(() => reader.last ?? Effect.void)), reader)
        })
      )
    })

/**
 * Reads until the body ends or `onChunks` returns true. `onEnd` is called once,
 * with the end or with the last chunks. Returns a function that stops early.
 */
export const drain = (
  reader: Exchange.Reader,
  onChunks: (chunks: ReadonlyArray<Uint8Array>) => boolean,
  onEnd: (end: Chunks) => void
): () => void => {
  const next = (): void => {
    // Chunks that are there already are taken in a loop, so that the stack does not grow.
    for (let more = true; more;) {
      let isInside = true
      more = false
      reader.take((chunks) => {
        if (!Exit.isSuccess(chunks) || onChunks(chunks.value)) onEnd(chunks)
        else if (isInside) more = true
        else next()
      })
      isInside = false
    }
  }
  next()
  return () => reader.leave()
}
