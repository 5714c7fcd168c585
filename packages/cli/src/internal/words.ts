/**
 * Puts words on lines of a width, as they come.
 *
 * A word is held back until it is complete, for only then is it known whether it
 * still fits. Scripts without spaces may break at every wide character.
 *
 * @since 0.1.0
 */
import * as Layout from "../Layout.ts"
import type { Paint } from "../Style.ts"

export interface Words {
  /** Begins a line with something that is not wrapped. */
  readonly begin: (lead: string, hang: string) => string
  /** Adds text. */
  readonly add: (text: string, paint: Paint) => string
  /** Ends the line. */
  readonly newline: () => string
  /** Whether something is on the line or waits for it. */
  readonly isOpen: () => boolean
}

export const make = (limit: number): Words => {
  let hang = ""
  let column = 0
  let word = ""
  let space = ""
  let open = false

  const flush = (): string => {
    if (word === "") return ""
    const cells = Layout.width(word)
    const indent = Layout.width(hang)
    const breaks = column + space.length + cells > limit && column > indent
    const out = breaks ? `\n${hang}${word}` : space + word
    column = breaks ? indent + cells : column + space.length + cells
    word = space = ""
    return out
  }

  const grow = (part: string, paint: Paint): string => {
    let out = ""
    for (const piece of part.split(wide)) {
      if (piece === "") continue
      if (wide.test(piece)) out += flush()
      word += paint(piece)
      if (wide.test(piece)) out += flush()
    }
    return out
  }

  return {
    begin: (lead, then) => {
      hang = then
      column = Layout.width(lead)
      open = true
      return lead
    },
    add: (text, paint) => {
      let out = ""
      for (const part of text.split(/([ \t]+)/)) {
        if (part === "") continue
        if (/^[ \t]/.test(part)) {
          out += flush()
          space = column === 0 ? "" : space + part.replaceAll("\t", "  ")
        } else out += grow(part, paint)
      }
      return out
    },
    newline: () => {
      const out = `${flush()}\n`
      column = 0
      space = ""
      hang = ""
      open = false
      return out
    },
    isOpen: () => open
  }
}

/** Characters between which a line may break: those of Chinese, Japanese and Korean. */
const wide = /([\u2E80-\u9FFF\uAC00-\uD7A3\uF900-\uFAFF\uFF00-\uFF60])/
