/**
 * The entries of the guides to errors.
 *
 * @since 0.1.0
 */

/** The guide to a kind of failure. */
export interface Guide {
  /** What it means, in a sentence or two. */
  readonly description: string
  /** Why it usually happens, the most frequent first. */
  readonly causes: ReadonlyArray<string>
  /** What to do about it. */
  readonly remedy: string
}

/** The guide to an HTTP status. */
export interface StatusGuide extends Partial<Guide> {
  /** The reason phrase. */
  readonly name: string
}

/** The guide to an `error_code`. */
export interface CodeGuide {
  /** The status it comes with. */
  readonly status: number
  /** What it means. */
  readonly description: string
  /** What to do about it. */
  readonly remedy: string
}
