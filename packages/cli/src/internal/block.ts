/**
 * What a line of Markdown begins: a heading, an item, a quote, code, a table,
 * or plain text.
 *
 * A line is judged as soon as enough of it is there, and what comes later never
 * changes the judgement.
 *
 * @since 0.1.0
 */
import * as Layout from "../Layout.ts"
import type { Paint, Style } from "../Style.ts"

export type Block =
  | { readonly _tag: "Rule" }
  | { readonly _tag: "Fence"; readonly fence: string; readonly language: string }
  | { readonly _tag: "Row" }
  | {
    readonly _tag: "Text"
    /** How much of the line is markup. */
    readonly length: number
    /** What is shown for it. */
    readonly lead: string
    /** What comes before the lines that follow when the text is wrapped. */
    readonly hang: string
    readonly paint: Paint
  }

const same: Paint = (text) => text

/** Judges a line; undefined when what is there does not tell yet. */
export const judge = (line: string, whole: boolean, style: Style): Block | undefined => {
  const indent = /^ */.exec(line)![0]
  const text = line.slice(indent.length)
  if (text === "") return whole ? { _tag: "Text", length: line.length, lead: "", hang: "", paint: same } : undefined
  if (!"#>*-+`~|_0123456789".includes(text[0]!)) return plain(indent)
  if (text[0] === "|") return whole ? { _tag: "Row" } : undefined
  if (/^(?:```|~~~)/.test(text)) return whole ? fence(text) : undefined
  if (/^([-*_])(?: *\1)* *$/.test(text)) {
    if (!whole) return undefined
    return /^([-*_])(?: *\1){2,} *$/.test(text) ? { _tag: "Rule" } : plain(indent)
  }
  const heading = /^#{1,6} +(?=\S)/.exec(text)
  if (heading !== null) {
    const level = heading[0].trim().length
    return {
      _tag: "Text",
      length: indent.length + heading[0].length,
      lead: "",
      hang: "",
      paint: level === 1 ? (each) => style.bold(style.underline(each)) : style.bold
    }
  }
  const quote = /^(?:> ?)+(?=[^> ])/.exec(text)
  if (quote !== null) {
    const bars = style.dim("│ ".repeat(quote[0].replaceAll(" ", "").length))
    return { _tag: "Text", length: indent.length + quote[0].length, lead: bars, hang: bars, paint: style.italic }
  }
  const task = /^[-*+] +\[([ xX])\] +(?=\S)/.exec(text)
  if (task !== null) return item(indent, task[0].length, task[1] === " " ? "☐ " : "☑ ", style)
  if (!whole && /^[-*+] +\[[ xX]?\]? *$/.test(text)) return undefined
  const bullet = /^[-*+] +(?=\S)/.exec(text)
  if (bullet !== null) return item(indent, bullet[0].length, "• ", style)
  const number = /^(\d{1,9}[.)]) +(?=\S)/.exec(text)
  if (number !== null) return item(indent, number[0].length, `${number[1]} `, style)
  if (!whole && /^(?:#{1,6} *|(?:> ?)+|[-*+] *|\d{1,9}(?:[.)] *)?|`{1,2}|~{1,2})$/.test(text)) return undefined
  return plain(indent)
}

/** Whether a line ends code that a fence began; undefined when it may yet. */
export const closes = (line: string, fence: string, whole: boolean): boolean | undefined => {
  const text = line.trimStart()
  const isFence = text.trimEnd().length >= fence.length && text.trimEnd() === fence[0]!.repeat(text.trimEnd().length)
  if (whole) return isFence
  return isFence || fence.startsWith(text) ? undefined : false
}

/** Shows the rows of a table in columns. */
export const table = (rows: ReadonlyArray<string>, width: number, style: Style): string => {
  const cells = rows.map((row) =>
    row.trim().replace(/^\|/, "").replace(/\|$/, "").split(/(?<!\\)\|/).map((cell) =>
      cell.trim().replaceAll("\\|", "|")
    )
  )
  const rule = cells.findIndex((row) => row.every((cell) => /^:?-+:?$/.test(cell)))
  if (rule !== 1) return rows.join("\n")
  const columns = cells[0]!.map((title, index) => ({
    title: unmarked(title),
    align: /^-+:$/.test(cells[1]![index] ?? "") ? "right" as const : "left" as const
  }))
  return Layout.table(columns, cells.slice(2).map((row) => row.map(unmarked)), width, { ...style, dim: style.bold })
}

const plain = (indent: string): Block => ({
  _tag: "Text",
  length: indent.length,
  lead: indent,
  hang: indent,
  paint: same
})

const fence = (text: string): Block => {
  const marks = /^(?:`{3,}|~{3,})/.exec(text)![0]
  return { _tag: "Fence", fence: marks, language: text.slice(marks.length).trim() }
}

const item = (indent: string, length: number, mark: string, style: Style): Block => ({
  _tag: "Text",
  length: indent.length + length,
  lead: indent + style.cyan(mark.trimEnd()) + " ",
  hang: indent + " ".repeat(Layout.width(mark)),
  paint: same
})

const unmarked = (text: string): string => text.replace(/(\*\*|__|`)(.+?)\1/g, "$2")
