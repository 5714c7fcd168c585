/**
 * Bodies of JSON lines, decoded a line at a time.
 *
 * A line is limited in length, so a body without line breaks does not fill the memory.
 * Values that precede a failure are delivered before it.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

/** How lines are decoded. */
export interface Options<A, E> {
  /** The most characters of a line. */
  readonly limit: number
  /** Decodes one line that is not blank. `number` counts all lines from 1. */
  readonly line: (text: string, number: number) => Result.Result<A, E>
  /** Returns the failure of a line that is longer than `limit`. */
  readonly tooLong: (number: number) => E
  /** Returns the failure of a body that ended after `count` values, if it may not end there. */
  readonly end: (count: number) => E | undefined
}

/** Decodes the lines of a body. */
export const decode = <E, R, A, E2>(
  body: Stream.Stream<Uint8Array, E, R>,
  options: Options<A, E2>
): Stream.Stream<A, E | E2, R> =>
  Stream.transformPull(body, (upstream) =>
    Effect.sync(() => {
      const lines = new Lines(options)
      const read = Pull.catchDone(Effect.map(upstream, (chunks) => lines.push(chunks)), () => Effect.sync(lines.end))
      const next: Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E | E2, void> = Effect.suspend(() =>
        lines.take() ?? Effect.flatMap(read, () => next)
      )
      return next
    }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

class Lines<A, E> {
  readonly #options: Options<A, E>
  readonly #decoder = new TextDecoder()
  /** The line that is not complete yet. */
  #pieces: Array<string> = []
  #length = 0
  #number = 1
  #count = 0
  #values: Array<A> = []
  /** How the stream ends, after the values. */
  #over: Result.Result<void, E> | undefined

  constructor(options: Options<A, E>) {
    this.#options = options
  }

  push(chunks: ReadonlyArray<Uint8Array>): void {
    for (const chunk of chunks) this.#add(this.#decoder.decode(chunk, streaming))
  }

  readonly end = (): void => {
    this.#add(this.#decoder.decode())
    this.#complete("")
    if (this.#over !== undefined) return
    const failure = this.#options.end(this.#count)
    this.#over = failure === undefined ? Result.void : Result.fail(failure)
  }

  /** Returns the values that are ready, or the end. Undefined if more has to be read. */
  take(): Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E, void> | undefined {
    const values = this.#values
    if (Arr.isArrayNonEmpty(values)) {
      this.#values = []
      return Effect.succeed(values)
    }
    return this.#over && (Result.isFailure(this.#over) ? Effect.fail(this.#over.failure) : Cause.done())
  }

  #add(text: string): void {
    let at = 0
    for (let end = text.indexOf("\n"); end !== -1 && this.#over === undefined; end = text.indexOf("\n", at)) {
      this.#complete(text.slice(at, end))
      at = end + 1
    }
    if (this.#over === undefined) this.#keep(text.slice(at))
  }

  #keep(text: string): void {
    this.#length += text.length
    if (this.#length > this.#options.limit) return this.#fail(this.#options.tooLong(this.#number))
    if (text !== "") this.#pieces.push(text)
  }

  #complete(last: string): void {
    this.#keep(last)
    if (this.#over !== undefined) return
    const text = this.#pieces.join("")
    this.#pieces = []
    this.#length = 0
    const number = this.#number++
    if (text.trim() === "") return
    const value = this.#options.line(text, number)
    if (Result.isFailure(value)) return this.#fail(value.failure)
    this.#count++
    this.#values.push(value.success)
  }

  #fail(error: E): void {
    this.#pieces = []
    this.#over = Result.fail(error)
  }
}

const streaming = { stream: true }
