import { assert, describe, it } from "@effect/vitest"
import * as Style from "effect-claude/Style"
import * as TerminalText from "effect-claude/TerminalText"
import * as Schema from "effect/Schema"

/** What a terminal would obey: everything but printable text, tabs, line breaks and our own styles. */
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

const withoutStyles = (text: string): string =>
  Array.from(Style.codes).reduce((rest, code) => rest.replaceAll(`\u001b[${code}m`, ""), text)

const attacks: ReadonlyArray<readonly [what: string, sequence: string]> = [
  ["writes to the clipboard", "\u001b]52;c;ZXZpbA==\u0007"],
  ["sets the title", "\u001b]0;title\u001b\\"],
  ["makes a hyperlink", "\u001b]8;;https://example.com\u001b\\link\u001b]8;;\u001b\\"],
  ["asks for the position of the cursor", "\u001b[6n"],
  ["moves the cursor up", "\u001b[3A"],
  ["erases the screen", "\u001b[2J"],
  ["conceals text", "\u001b[8m"],
  ["switches the screen", "\u001b[?1049h"],
  ["erases with a C1 control", "\u009b2J"],
  ["starts a device control string", "\u001bP+q544e\u001b\\"],
  ["starts an application command", "\u001b_G\u001b\\"],
  ["returns to the start of the line", "safe\rEVIL"],
  ["rings", "\u0007"],
  ["erases a character", "a\b"],
  ["reverses the text", "\u202egpj.exe"],
  ["isolates a direction", "\u2067abc\u2069"],
  ["hides codes in a style", "\u001b[1;8m"]
]

/** Text made of what attacks are made of. */
const Hostile = Schema.Array(
  Schema.Literals([
    "\u001b",
    "[",
    "]",
    "8",
    "1",
    "m",
    ";",
    "\u0007",
    "\u009b",
    "\n",
    "\t",
    "a",
    "\r",
    "\u202e",
    "\u001b[1m",
    "é",
    "😀"
  ])
)

describe("TerminalText", () => {
  describe("sanitize", () => {
    it.each(attacks)("removes what %s", (_, sequence) => {
      assert.notMatch(TerminalText.sanitize(sequence), obeyed)
    })

    it("keeps every language, tabs and line breaks", () => {
      const text = "naïve\t日本語\nעברית العربية 👩‍👩‍👧"

      assert.strictEqual(TerminalText.sanitize(text), text)
    })
  })

  describe("door", () => {
    it.each(attacks)("lets nothing through that %s", (_, sequence) => {
      assert.notMatch(withoutStyles(TerminalText.door()(`a${sequence}b`)), obeyed)
    })

    it("keeps the styles of this program", () => {
      const { bold, cyan, dim } = Style.colored
      const styled = `${bold("a")}${dim(cyan("b"))}\n`

      assert.strictEqual(TerminalText.door()(styled), styled)
    })

    it.prop("passes only text and styles, in any pieces", [Schema.Array(Hostile)], ([pieces]) => {
      const pass = TerminalText.door()
      const shown = pieces.map((characters) => pass(characters.join("")))

      for (const piece of shown) assert.notMatch(withoutStyles(piece), obeyed)
    })

    it.prop("changes nothing of text that a terminal only shows", [Schema.Array(Schema.String)], ([pieces]) => {
      const pass = TerminalText.door()
      const plain = pieces.map(TerminalText.sanitize)

      assert.deepStrictEqual(plain.map(pass), plain)
    })

    it("cuts an endless line and counts what is missing", () => {
      const pass = TerminalText.door()
      const shown = pass("x".repeat(TerminalText.lineLimit - 1)) + pass("yz") + pass("w".repeat(1_000_000)) +
        pass("!\nnext\n")

      assert.strictEqual(
        shown,
        `${"x".repeat(TerminalText.lineLimit - 1)}y${Style.reset} … 1000002 more characters in this line\nnext\n`
      )
    })

    it("shows a line of exactly the limit whole", () => {
      const line = `${"x".repeat(TerminalText.lineLimit)}\n`

      assert.strictEqual(TerminalText.door()(line), line)
    })
  })
})
