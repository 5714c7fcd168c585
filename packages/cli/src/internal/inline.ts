/**
 * Markup inside a line: code, bold, italic, struck out, links.
 *
 * A marker counts only when its partner follows within a few hundred
 * characters; one that never closes is shown as it is. As long as that is open,
 * nothing behind the marker is handed out.
 *
 * @since 0.1.0
 */
import type { Paint, Style } from "../Style.ts"

export interface Piece {
  readonly text: string
  readonly paint: Paint
}

export interface Context {
  /** The character before the text, or none at the start of a line. */
  readonly previous: string
  /** Whether the line ends where the text ends. */
  readonly whole: boolean
  readonly style: Style
}

/** How far a marker may be from its partner. */
const reach = 400

const same: Paint = (text) => text

/** Reads as much as can be told, and returns what cannot. */
export const parse = (text: string, context: Context): readonly [pieces: ReadonlyArray<Piece>, rest: string] => {
  const pieces: Array<Piece> = []
  let at = 0
  let plainFrom = 0
  const plain = (to: number) => {
    if (to > plainFrom) pieces.push({ text: text.slice(plainFrom, to), paint: same })
    plainFrom = to
  }
  while (at < text.length) {
    const found = marker(text, at, at === 0 ? context.previous : text[at - 1]!, context)
    if (found === "wait") {
      plain(at)
      return [pieces, text.slice(at)]
    }
    if (found === undefined) {
      at++
      continue
    }
    plain(at)
    pieces.push(...found.pieces)
    at = plainFrom = at + found.length
  }
  plain(at)
  return [pieces, ""]
}

interface Found {
  readonly length: number
  readonly pieces: ReadonlyArray<Piece>
}

const marker = (text: string, at: number, previous: string, context: Context): Found | "wait" | undefined => {
  switch (text[at]) {
    case "\\":
      return escaped(text, at, context.whole)
    case "`":
      return code(text, at, context)
    case "*":
    case "_":
    case "~":
      return emphasis(text, at, previous, context)
    case "[":
      return link(text, at, context)
    default:
      return undefined
  }
}

const escaped = (text: string, at: number, whole: boolean): Found | "wait" | undefined => {
  const next = text[at + 1]
  if (next === undefined) return whole ? undefined : "wait"
  return /[!-/:-@[-`{-~]/.test(next) ? { length: 2, pieces: [{ text: next, paint: same }] } : undefined
}

/** A run of the same character that has come to its end. */
const runAt = (text: string, at: number, whole: boolean): string | "wait" => {
  const run = /^(.)\1*/s.exec(text.slice(at))![0]
  return at + run.length === text.length && !whole ? "wait" : run
}

const code = (text: string, at: number, { style, whole }: Context): Found | "wait" | undefined => {
  const ticks = runAt(text, at, whole)
  if (ticks === "wait") return "wait"
  const from = at + ticks.length
  const window = text.slice(from, from + reach)
  const close = closing(window, new RegExp(`(?<!\`)${ticks}(?!\`)`), ticks.length, window.length < reach && !whole)
  if (close === "wait" || close === undefined) return close === "wait" ? "wait" : literal(ticks)
  const inside = window.slice(0, close)
  return {
    length: 2 * ticks.length + close,
    pieces: [{ text: inside.replace(/^ (.+) $/, "$1"), paint: style.cyan }]
  }
}

const emphasis = (text: string, at: number, previous: string, context: Context): Found | "wait" | undefined => {
  const { style, whole } = context
  const run = runAt(text, at, whole)
  if (run === "wait") return "wait"
  const kind = run[0]!
  const from = at + run.length
  const next = text[from]
  const opens = run.length <= 3 && next !== undefined && !/\s/.test(next) && !(kind === "~" && run.length !== 2) &&
    !(kind === "_" && /[\p{L}\p{N}]/u.test(previous))
  if (!opens) return literal(run)
  const window = text.slice(from, from + reach)
  const mark = run.replaceAll("*", "\\*")
  const after = kind === "_" ? "(?![\\p{L}\\p{N}_])" : `(?!${mark[0] === "\\" ? "\\*" : kind})`
  const pattern = new RegExp(`(?<=[^\\s${kind === "*" ? "*" : kind}])${mark}${after}`, "u")
  const close = closing(window, pattern, run.length, window.length < reach && !whole)
  if (close === "wait") return "wait"
  if (close === undefined) return literal(run)
  const paint = kind === "~" ? style.strike : run.length === 1 ? style.italic : run.length === 2 ? style.bold : (
    (each: string) => style.bold(style.italic(each))
  )
  const [inner] = parse(window.slice(0, close), { previous: kind, whole: true, style })
  return {
    length: 2 * run.length + close,
    pieces: inner.map((piece) => ({ text: piece.text, paint: (each) => paint(piece.paint(each)) }))
  }
}

const link = (text: string, at: number, { style, whole }: Context): Found | "wait" | undefined => {
  const window = text.slice(at, at + reach)
  const complete = /^\[([^[\]]+)\]\(([^()\s]+)(?: "[^"]*")?\)/.exec(window)
  if (complete !== null) {
    const [all, label, url] = complete
    const shown: ReadonlyArray<Piece> = [{ text: label!, paint: style.underline }]
    return {
      length: all.length,
      pieces: label === url ? shown : [...shown, { text: ` (${url})`, paint: style.dim }]
    }
  }
  const mayComplete = !whole && window.length < reach && /^\[(?:[^[\]]*|[^[\]]+\](?:\([^()]*)?)$/.test(window)
  return mayComplete ? "wait" : undefined
}

const literal = (run: string): Found => ({ length: run.length, pieces: [{ text: run, paint: same }] })

/** Where a partner is. One at the very end of unfinished text may still go on, and be none. */
const closing = (window: string, pattern: RegExp, length: number, mayGoOn: boolean): number | "wait" | undefined => {
  const found = pattern.exec(window)
  if (found === null) return mayGoOn ? "wait" : undefined
  return found.index + length === window.length && mayGoOn ? "wait" : found.index
}
