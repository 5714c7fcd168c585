/**
 * Text in rows and columns: wrapped, aligned, measured in terminal cells.
 *
 * Widths are what a terminal shows: styles count for nothing, wide characters
 * for two. Nothing here is longer than the width it is given, except a word that
 * cannot be broken.
 *
 * @since 0.1.0
 */
import * as CliOutput from "effect/cli/CliOutput"
import type { Paint, Style } from "./Style.ts"
import { sanitize } from "./TerminalText.ts"

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Shortens text to a width, with an ellipsis where something was cut.
 *
 * @category conversions
 * @since 0.1.0
 */
export const truncate = (text: string, limit: number): string => {
  if (width(text) <= limit) return text
  let out = ""
  let used = 0
  for (const character of text) {
    const cells = width(character)
    if (used + cells > limit - 1) break
    out += character
    used += cells
  }
  return `${out}…`
}

// -----------------------------------------------------------------------------
// measuring
// -----------------------------------------------------------------------------

/**
 * Returns how many cells a text takes.
 *
 * @category measuring
 * @since 0.1.0
 */
export const width = (text: string): number => printable.test(text) ? text.length : CliOutput.displayWidth(text)

const printable = /^[ -~]*$/

/**
 * Fills a text up to a width.
 *
 * @category conversions
 * @since 0.1.0
 */
export const pad = (text: string, to: number, align: "left" | "right" = "left"): string => {
  const fill = " ".repeat(Math.max(0, to - width(text)))
  return align === "left" ? text + fill : fill + text
}

// -----------------------------------------------------------------------------
// paragraphs
// -----------------------------------------------------------------------------

/**
 * Breaks text into lines at its spaces, keeping its own line breaks.
 *
 * @category conversions
 * @since 0.1.0
 */
export const wrap = (text: string, limit: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((line) => {
    const lines: Array<string> = []
    let current = ""
    for (const word of line.split(/ +/)) {
      if (current !== "" && width(current) + 1 + width(word) > limit) {
        lines.push(current)
        current = word
      } else current = current === "" ? word : `${current} ${word}`
    }
    return [...lines, current]
  })

/**
 * Breaks text into lines wherever they are full, as is right for what has no
 * words: JSON on one line, keys, hashes.
 *
 * @category conversions
 * @since 0.1.0
 */
export const chop = (text: string, limit: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  let used = 0
  for (const character of text) {
    const cells = width(character)
    if (used + cells > limit || character === "\n") {
      lines.push(line)
      line = ""
      used = 0
    }
    if (character === "\n") continue
    line += character
    used += cells
  }
  return [...lines, line]
}

/**
 * Wraps text and puts something before its lines: `first` before the first one,
 * as much space before the others.
 *
 * @category conversions
 * @since 0.1.0
 */
export const paragraph = (text: string, limit: number, first = ""): string => {
  const rest = " ".repeat(width(first))
  return wrap(text, Math.max(20, limit - width(first)))
    .map((line, index) => (index === 0 ? first + line : line === "" ? "" : rest + line))
    .join("\n")
}

/** A column of words that is narrower than this reads like a shopping list. */
const roomForWords = 24

/**
 * Names and what belongs to them, the latter wrapped in a column of its own and
 * sanitized. Where that would be too narrow to read, it stands below its name.
 *
 * @category conversions
 * @since 0.1.0
 */
export const pairs = (
  rows: ReadonlyArray<readonly [name: string, value: string]>,
  limit: number,
  paint: Paint
): string => {
  const column = Math.max(0, ...rows.map(([name]) => width(name))) + 2
  if (limit - column < roomForWords) {
    return rows.map(([name, value]) => `${paint(sanitize(name))}\n${paragraph(sanitize(value), limit, "  ")}`).join(
      "\n"
    )
  }
  return rows.map(([name, value]) => paragraph(sanitize(value), limit, paint(pad(sanitize(name), column)))).join("\n")
}

// -----------------------------------------------------------------------------
// tables
// -----------------------------------------------------------------------------

/**
 * A column of a table.
 *
 * @category models
 * @since 0.1.0
 */
export interface Column {
  readonly title: string
  readonly align?: "left" | "right" | undefined
  readonly paint?: Paint | undefined
}

/**
 * Rows under titles, sanitized. Where the table is too wide, its last column that is
 * aligned to the left is broken into lines; where it is too wide even so, each row
 * stands in lines of its own, with the titles before its cells.
 *
 * @category conversions
 * @since 0.1.0
 */
export const table = (
  columns: ReadonlyArray<Column>,
  content: ReadonlyArray<ReadonlyArray<string>>,
  limit: number,
  style: Style
): string => {
  const rows = content.map((row) => row.map(sanitize))
  const widths = columns.map(({ title }, index) =>
    Math.max(width(title), ...rows.map((row) => width(row[index] ?? "")))
  )
  const gap = 2
  const excess = widths.reduce((sum, each) => sum + each, gap * (columns.length - 1)) - limit
  const flexible = columns.findLastIndex(({ align }) => align !== "right")
  if (excess > 0 && flexible >= 0) widths[flexible] = Math.max(16, widths[flexible]! - excess)
  if (excess > 0 && widths.reduce((sum, each) => sum + each, gap * (columns.length - 1)) > limit) {
    return rows.map((cells) => record(columns, cells, limit, style)).join("\n")
  }
  const line = (cells: ReadonlyArray<string>, paint: (column: Column) => Paint) =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? ""
        const isLast = index === columns.length - 1 && column.align !== "right"
        return paint(column)(isLast ? cell : pad(cell, widths[index]!, column.align))
      })
      .join(" ".repeat(gap))
      .trimEnd()
  const row = (cells: ReadonlyArray<string>) => {
    const broken = cells.map((cell, index) =>
      index === flexible && width(cell) > widths[index]! ? wrap(cell, widths[index]!) : [cell]
    )
    const height = Math.max(1, ...broken.map((lines) => lines.length))
    return Array.from({ length: height }, (_, at) => broken.map((lines) => lines[at] ?? ""))
  }
  return [
    line(columns.map(({ title }) => title), () => style.dim),
    ...rows.flatMap(row).map((cells) => line(cells, ({ paint }) => paint ?? same))
  ].join("\n")
}

/** A row that does not fit into a table. */
const record = (
  columns: ReadonlyArray<Column>,
  [first = "", ...others]: ReadonlyArray<string>,
  limit: number,
  style: Style
): string => {
  const paint = columns[0]?.paint ?? same
  const facts = others.flatMap((cell, index) =>
    cell === "" ? [] : [`${columns[index + 1]?.title ?? ""} ${cell}`.trim()]
  )
  return [paint(first), ...(facts.length === 0 ? [] : [style.dim(paragraph(facts.join(" · "), limit, "  "))])].join(
    "\n"
  )
}

const same: Paint = (text) => text

// -----------------------------------------------------------------------------
// bars
// -----------------------------------------------------------------------------

/**
 * A bar filled up to a fraction, in eighths of a cell.
 *
 * @category conversions
 * @since 0.1.0
 */
export const bar = (fraction: number, cells: number): string => {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * cells * 8)
  const full = "█".repeat(Math.floor(eighths / 8))
  const part = eighths % 8 === 0 ? "" : "▏▎▍▌▋▊▉"[(eighths % 8) - 1]!
  return full + part + "░".repeat(cells - full.length - part.length)
}
