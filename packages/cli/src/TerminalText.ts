/**
 * Text that is safe to print on a terminal.
 *
 * A terminal obeys control characters: escape sequences move the cursor, set the
 * title, write to the clipboard and make links, and bidirectional controls
 * reorder what a person reads. Text from a model, a server or a file may contain
 * all of them. `sanitize` removes them from one text. `door` is what `Screen`
 * puts before every terminal: whatever a command prints, nothing passes but
 * printable text, tabs, line breaks and the styles of `Style`.
 *
 * @since 0.1.0
 */
import * as Style from "./Style.ts"

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Removes the characters that a terminal obeys instead of showing: control
 * characters except tab and line feed, and bidirectional overrides.
 *
 * @category conversions
 * @since 0.1.0
 */
export const sanitize = (text: string): string => obeyed.test(text) ? text.replace(everyObeyed, "") : text

/**
 * The most characters of one line that a terminal is given. The rest is counted.
 *
 * @category constants
 * @since 0.1.0
 */
export const lineLimit = 16_384

/**
 * Creates a function that every piece of output passes, in order, on its way to
 * a terminal.
 *
 * **Details**
 *
 * Removes what `sanitize` removes, except the escape sequences of `Style`. Cuts
 * a line after `lineLimit` characters and says at its end how many are missing.
 * An escape sequence that is split between two pieces loses its escape.
 *
 * @category constructors
 * @since 0.1.0
 */
export const door = (): (piece: string) => string => {
  let length = 0
  return (piece) => {
    const text = obeyed.test(piece) ? piece.replace(styledOrObeyed, (match) => match.length > 1 ? match : "") : piece
    if (length + text.length <= lineLimit && !text.includes("\n")) {
      length += text.length
      return text
    }
    let out = ""
    for (let from = 0; from < text.length;) {
      const at = text.indexOf("\n", from)
      const end = at < 0 ? text.length : at
      const space = Math.max(0, lineLimit - length)
      out += text.slice(from, from + Math.min(space, end - from))
      length += end - from
      if (at < 0) break
      if (length > lineLimit) out += `${Style.reset} … ${length - lineLimit} more characters in this line`
      out += "\n"
      length = 0
      from = at + 1
    }
    return out
  }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

// C0 without tab and line feed, DEL, C1, line and paragraph separators, bidirectional embeddings, overrides, isolates.
const characters = "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]"

const obeyed = new RegExp(characters)

const everyObeyed = new RegExp(characters, "g")

const styledOrObeyed = new RegExp(`\\u001b\\[(?:${Array.from(Style.codes).join("|")})m|${characters}`, "g")
