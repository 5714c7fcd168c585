/**
 * Markdown as it is being written, shown on a terminal.
 *
 * What is certain is shown at once; only what could still turn out differently
 * (half a marker, a word at the edge, a table) is held back. How the text was cut
 * into pieces makes no difference to what is shown. No text is lost: what is no
 * markup after all is shown as it came, and what a terminal would obey rather
 * than show is taken out.
 *
 * @since 0.1.0
 */
import * as Block from "./internal/block.ts"
import * as Inline from "./internal/inline.ts"
import * as Words from "./internal/words.ts"
import type { Paint, Style } from "./Style.ts"
import * as TerminalText from "./TerminalText.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A text that is being shown. It keeps what is held back, so one is made for
 * each text.
 *
 * @category models
 * @since 0.1.0
 */
export interface Markdown {
  /** Takes a piece of text, and returns what to show for it. */
  readonly push: (text: string) => string
  /** Returns what was still held back, and ends the line. */
  readonly end: () => string
}

/**
 * How to show it.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The width lines are wrapped at. Code is never wrapped. */
  readonly width: number
  /** The styles to use. */
  readonly style: Style
}

type Place =
  | { readonly _tag: "LineStart" }
  | { readonly _tag: "Text"; readonly paint: Paint }
  | { readonly _tag: "Code"; readonly fence: string; readonly atStart: boolean }

const lineStart: Place = { _tag: "LineStart" }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Begins a text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ style, width }: Options): Markdown => {
  const words = Words.make(width)
  let rest = ""
  let place: Place = lineStart
  let previous = ""
  let rows: Array<string> = []

  /** The line at hand, as far as it is there. */
  const line = (): readonly [text: string, ended: boolean] => {
    const at = rest.indexOf("\n")
    return at < 0 ? [rest, false] : [rest.slice(0, at), true]
  }
  const drop = (length: number): void => {
    rest = rest.slice(length)
  }

  // Each of these shows one thing, or returns undefined when it needs more text.

  const startLine = (final: boolean): string | undefined => {
    const [text, ended] = line()
    const block = Block.judge(text, ended || final, style)
    if (block === undefined || (text === "" && !ended)) return rows.length > 0 && final ? showTable() : undefined
    if (block._tag === "Row") {
      rows.push(text)
      drop(text.length + 1)
      return ""
    }
    const table = showTable()
    switch (block._tag) {
      case "Rule":
        drop(text.length + 1)
        return `${table}${style.dim("─".repeat(Math.min(width, 40)))}\n`
      case "Fence":
        drop(text.length + 1)
        place = { _tag: "Code", fence: block.fence, atStart: true }
        return `${table}${style.dim(`┌── ${block.language}`.trimEnd())}\n`
      case "Text":
        drop(block.length)
        place = { _tag: "Text", paint: block.paint }
        previous = ""
        return table + words.begin(block.lead, block.hang)
    }
  }

  const showTable = (): string => {
    if (rows.length === 0) return ""
    const shown = `${Block.table(rows, width, style)}\n`
    rows = []
    return shown
  }

  const readText = (final: boolean, paint: Paint): string | undefined => {
    const [text, ended] = line()
    if (text === "" && !ended) return undefined
    const [pieces, unread] = Inline.parse(text, { previous, whole: ended || final, style })
    const read = text.length - unread.length
    const shown = pieces.map((piece) => words.add(piece.text, (each) => paint(piece.paint(each)))).join("")
    if (read > 0) previous = text[read - 1]!
    drop(read)
    if (!ended) return read === 0 ? undefined : shown
    drop(1)
    place = lineStart
    return shown + words.newline()
  }

  const readCode = (final: boolean, fence: string, atStart: boolean): string | undefined => {
    const [text, ended] = line()
    if (text === "" && !ended) return undefined
    // Only a line that is whole can close the code, and only from its beginning.
    const closes = atStart ? Block.closes(text, fence, ended || final) : false
    if (closes === undefined) return undefined
    drop(text.length + (ended ? 1 : 0))
    if (closes) {
      place = lineStart
      return `${style.dim("└──")}\n`
    }
    place = { _tag: "Code", fence, atStart: ended }
    return style.cyan(text) + (ended ? "\n" : "")
  }

  const step = (final: boolean): string | undefined => {
    switch (place._tag) {
      case "LineStart":
        return startLine(final)
      case "Text":
        return readText(final, place.paint)
      case "Code":
        return readCode(final, place.fence, place.atStart)
    }
  }

  const run = (final: boolean): string => {
    let out = ""
    for (let shown = step(final); shown !== undefined; shown = step(final)) out += shown
    return out
  }

  return {
    push: (text) => {
      rest += TerminalText.sanitize(text)
      return run(false)
    },
    end: () => {
      const out = run(true)
      const open = place._tag === "Code" ? !place.atStart : words.isOpen()
      place = lineStart
      return out + (open ? words.newline() : "")
    }
  }
}

/**
 * Shows a whole text.
 *
 * @category conversions
 * @since 0.1.0
 */
export const render = (text: string, options: Options): string => {
  const markdown = make(options)
  return markdown.push(text) + markdown.end()
}
