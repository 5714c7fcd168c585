/**
 * Passes items from a producer that calls back to one consumer that takes.
 *
 * Items that arrive while nobody takes are kept, so an interrupted take loses
 * nothing. The producers are the transports: undici pushes chunks as they arrive,
 * `fetch` and streams are read when a take finds the mailbox empty.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

/** What a consumer sees: the next items, or how they end. */
export interface Source<A, E> {
  /** Requests the next items or the end. `resume` is called once, during the call or later. */
  readonly take: (resume: Resume<A, E>) => void
  /** Withdraws the latest take. */
  readonly leave: () => void
}

/** Receives what a take gives. */
export type Resume<A, E> = (items: Exit.Exit<Arr.NonEmptyReadonlyArray<A>, E>) => void

/** Keeps items until they are taken. A producer extends it. */
export class Mailbox<A, E> implements Source<A, E> {
  #items: Array<A> | undefined
  #end: Exit.Exit<never, E> | undefined
  #resume: Resume<A, E> | undefined

  take(resume: Resume<A, E>): void {
    this.#resume = resume
    if (!this.deliver()) this.onWaiting()
  }

  leave(): void {
    this.#resume = undefined
  }

  /** Whether the end was set. Items may still be waiting. */
  get hasEnded(): boolean {
    return this.#end !== undefined
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
  }

  /** Hands over all items that wait, or else the end, if a take is pending. Returns whether it did. */
  protected deliver(): boolean {
    const resume = this.#resume
    if (resume === undefined) return false
    const items = this.#items
    if (items !== undefined && Arr.isArrayNonEmpty(items)) {
      this.#items = undefined
      this.#resume = undefined
      this.onTaken()
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

  /** Runs when all items were taken. */
  protected onTaken(): void {}
}

/** Returns the effect that takes once. Interrupting it loses nothing. */
export const read = <A, E>(source: Source<A, E>): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E> =>
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
): Effect.Effect<Source<A, E>, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const source = new Pulled(pull, context)
    return Effect.as(Scope.addFinalizer(Context.get(context, Scope.Scope), source.interrupt), source)
  })

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
