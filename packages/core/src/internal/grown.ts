/**
 * A string that grows.
 *
 * Appending costs no copy, since engines keep a tree of the pieces; but the tree
 * is many times larger than its text. So whenever enough has been added it is
 * copied into one string, once: time and memory are those of the text.
 *
 * @since 0.1.0
 */

/** What was copied, and what was added since. */
export interface Grown {
  readonly head: string
  readonly tail: string
}

/** The string without a character. */
export const empty: Grown = { head: "", tail: "" }

/** From this length on, what was added is copied. Larger saves nothing, smaller keeps more of the tree. */
const enough = 1024

/** Adds to the end. */
export const append = (self: Grown, added: string): Grown => {
  if (added === "") return self
  const tail = self.tail + added
  if (tail.length < enough) return { head: self.head, tail }
  // `join` copies two parts, and hands on one.
  return { head: self.head + [tail.slice(0, 1), tail.slice(1)].join(""), tail: "" }
}

/** The whole string. */
export const whole = ({ head, tail }: Grown): string => head + tail
