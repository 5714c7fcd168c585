/**
 * Searches a text for many fixed texts at once, in one pass (Aho-Corasick). The
 * time is linear in the text, whatever the texts and however they overlap.
 *
 * @since 0.1.0
 */

/** A range of a text: from `start`, up to but without `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** One state: the texts that begin like what was just read. */
interface State {
  readonly next: Map<number, State>
  /** The state of the longest proper suffix. */
  fallback: State | undefined
  /** The length of the longest text that ends here, or 0. */
  length: number
}

/** A compiled search. */
export class Search {
  readonly #root: State = { next: new Map(), fallback: undefined, length: 0 }

  constructor(needles: Iterable<string>) {
    for (const needle of needles) {
      let state = this.#root
      for (let i = 0; i < needle.length; i++) {
        const unit = needle.charCodeAt(i)
        let next = state.next.get(unit)
        if (next === undefined) state.next.set(unit, next = { next: new Map(), fallback: undefined, length: 0 })
        state = next
      }
      state.length = needle.length
    }
    this.#link()
  }

  /** Returns where the texts occur, in order; ranges that overlap or touch are joined. */
  ranges(text: string): ReadonlyArray<Range> {
    const out: Array<Range> = []
    let state: State = this.#root
    for (let i = 0; i < text.length; i++) {
      state = this.#step(state, text.charCodeAt(i))
      if (state.length === 0) continue
      let start = i + 1 - state.length
      for (let last = out.at(-1); last !== undefined && last.end >= start; last = out.at(-1)) {
        start = Math.min(start, last.start)
        out.pop()
      }
      out.push({ start, end: i + 1 })
    }
    return out
  }

  #step(from: State, unit: number): State {
    let state: State | undefined = from
    while (state !== undefined) {
      const next = state.next.get(unit)
      if (next !== undefined) return next
      state = state.fallback
    }
    return this.#root
  }

  /** Sets the fallbacks, shortest first. A state also ends what its fallback ends. */
  #link(): void {
    const queue = [this.#root]
    for (let at = 0; at < queue.length; at++) {
      const state = queue[at]!
      for (const [unit, next] of state.next) {
        next.fallback = state === this.#root || state.fallback === undefined
          ? this.#root
          : this.#step(state.fallback, unit)
        if (next.length === 0) next.length = next.fallback.length
        queue.push(next)
      }
    }
  }
}
