/**
 * Connections whose response has ended, and which Node counts as free only after
 * a turn of the event loop. A request sent before that would open another.
 *
 * @since 0.1.0
 */

/** Runs a task in the next turn of the event loop. */
export type InATurn = (task: () => void) => void

/** The connections of one transport that are not free yet. */
export class Settling {
  #count = 0

  /** A response has ended. Its connection is free after the turn that is asked for here. */
  begin(inATurn: InATurn): void {
    this.#count++
    inATurn(this.#settled)
  }

  /** Runs `send` once all connections are settled. */
  whenSettled(inATurn: InATurn, send: () => void): void {
    if (this.#count === 0) send()
    else inATurn(send)
  }

  readonly #settled = (): void => {
    this.#count--
  }
}
