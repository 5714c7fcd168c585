/**
 * The turn of the event loop that a connection takes to become free.
 *
 * Node counts a connection as free one turn after its response has ended. A
 * request that is sent earlier opens another connection.
 *
 * @since 0.1.0
 */

/** Runs a task in the next turn of the event loop. */
export type NextTurn = (task: () => void) => void

/** The connections of one transport that are about to become free. */
export class Release {
  #count = 0

  /** Records that a response has ended. Its connection is free after `nextTurn`. */
  begin(nextTurn: NextTurn): void {
    this.#count++
    nextTurn(this.#end)
  }

  /** Runs `send` when no connection is about to become free. */
  whenDone(nextTurn: NextTurn, send: () => void): void {
    if (this.#count === 0) send()
    else nextTurn(send)
  }

  readonly #end = (): void => {
    this.#count--
  }
}
