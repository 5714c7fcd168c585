/**
 * A line in which one is served at a time: the most urgent first, and of those
 * the one who came first.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/** A line. */
export class Line {
  #served: Ticket | undefined = undefined
  /** Those who wait, the next one first. */
  readonly #waiting: Array<Ticket> = []

  /** How many wait. */
  get length(): number {
    return this.#waiting.length
  }

  /** Takes a place in the line. It is kept until `leave`. */
  join(priority: number): Ticket {
    const ticket = new Ticket(this, priority)
    if (this.#served === undefined) {
      this.#serve(ticket)
    } else {
      const before = this.#waiting.findIndex((other) => other.priority < priority)
      this.#waiting.splice(before === -1 ? this.#waiting.length : before, 0, ticket)
    }
    return ticket
  }

  /** Leaves the line, whether or not it was served. */
  leave(ticket: Ticket): void {
    if (this.#served === ticket) return this.#serve(this.#waiting.shift())
    const place = this.#waiting.indexOf(ticket)
    if (place >= 0) this.#waiting.splice(place, 1)
  }

  #serve(ticket: Ticket | undefined): void {
    this.#served = ticket
    ticket?.serve()
  }
}

/** A place in a line. */
export class Ticket {
  readonly priority: number
  readonly #line: Line
  #isServed = false
  #onServed: (() => void) | undefined = undefined

  constructor(line: Line, priority: number) {
    this.#line = line
    this.priority = priority
  }

  /** Waits until it is one's turn. */
  readonly turn: Effect.Effect<void> = Effect.suspend(() =>
    this.#isServed ? Effect.void : Effect.callback<void>((resume) => {
      this.#onServed = () => resume(Effect.void)
    })
  )

  /** Lets the next one have its turn, or gives up one's own. */
  readonly leave: Effect.Effect<void> = Effect.sync(() => this.#line.leave(this))

  serve(): void {
    this.#isServed = true
    this.#onServed?.()
  }
}
