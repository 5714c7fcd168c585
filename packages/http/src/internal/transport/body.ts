/**
 * What delivers something a piece at a time, without an effect for each: the
 * bytes of a response above all.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"

/** Delivers to one taker at a time. */
export interface Source<A, E> {
  /** Asks for the next piece, or for how they end: `resume` is called once, at once or later. */
  readonly take: (resume: (piece: Exit.Exit<A, E>) => void) => void
  /** Forgets who takes. What comes meanwhile is kept for the next. */
  readonly leave: () => void
}

/** The bytes of a body. */
export type Chunks = Arr.NonEmptyReadonlyArray<Uint8Array>

/** Delivers a body. */
export type Body<E = Exchange.Failure> = Source<Chunks, E | Cause.Done>

/** Returns the effect that takes one piece. An interrupted one loses nothing. */
export const read = <A, E>(source: Source<A, E>): Effect.Effect<A, E> =>
  Effect.callback((resume) => {
    let waits = true
    source.take((piece) => {
      waits = false
      resume(piece)
    })
    if (waits) return Effect.sync(() => source.leave())
  })

/** Delivers what an effect reads. A read that is under way when the scope closes is interrupted. */
export const ofRead = <A, E>(read: Effect.Effect<A, E>): Effect.Effect<Source<A, E>, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const source = new Reads(read, context)
    return Effect.as(Scope.addFinalizer(Context.get(context, Scope.Scope), source.end), source)
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Runs a read for each piece. One whose taker has left goes on, for the next. */
class Reads<A, E> implements Source<A, E> {
  readonly #run: () => Fiber.Fiber<A, E>
  #fiber: Fiber.Fiber<A, E> | undefined
  #taker: ((piece: Exit.Exit<A, E>) => void) | undefined
  #kept: Exit.Exit<A, E> | undefined

  constructor(read: Effect.Effect<A, E>, context: Context.Context<never>) {
    const run = Effect.runForkWith(context)
    this.#run = () => run(read)
  }

  take(resume: (piece: Exit.Exit<A, E>) => void): void {
    const kept = this.#kept
    if (kept !== undefined) {
      this.#kept = undefined
      return resume(kept)
    }
    this.#taker = resume
    if (this.#fiber !== undefined) return
    const fiber = this.#run()
    const done = fiber.pollUnsafe()
    if (done !== undefined) return this.#deliver(done)
    this.#fiber = fiber
    fiber.addObserver(this.#deliver)
  }

  leave(): void {
    this.#taker = undefined
  }

  readonly end: Effect.Effect<void> = Effect.suspend(() =>
    this.#fiber === undefined ? Effect.void : Fiber.interrupt(this.#fiber)
  )

  readonly #deliver = (piece: Exit.Exit<A, E>): void => {
    const taker = this.#taker
    this.#fiber = undefined
    this.#taker = undefined
    if (taker === undefined) this.#kept = piece
    else taker(piece)
  }
}
