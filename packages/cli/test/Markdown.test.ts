import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Layout from "effect-claude/Layout"
import * as Markdown from "effect-claude/Markdown"
import * as Style from "effect-claude/Style"

const show = (text: string, width = 40) => Markdown.render(text, { width, style: Style.plain })

const colors = (text: string, width = 40) => Markdown.render(text, { width, style: Style.colored })

/** Pieces of Markdown that meet in every way when they are put in a row. */
const Source = Schema.Array(Schema.Literals([
  "word",
  "longerword",
  " ",
  " ",
  "\n",
  "*",
  "**",
  "_",
  "`",
  "```\n",
  "~~",
  "# ",
  "- ",
  "1. ",
  "> ",
  "| a | b |\n",
  "|---|--:|\n",
  "[link](http://x.y)",
  "[",
  "](",
  "\\",
  "---\n",
  "日本",
  "\u001b[31m"
]))

describe("Markdown", () => {
  describe("render", () => {
    it("shows plain text as it is, and ends its line", () => {
      assert.strictEqual(show("Hello, world."), "Hello, world.\n")
      assert.strictEqual(show("Hello, world.\n"), "Hello, world.\n")
      assert.strictEqual(show(""), "")
    })

    it("wraps at the width, between words", () => {
      assert.strictEqual(show("one two three four", 9), "one two\nthree\nfour\n")
    })

    it("keeps a word that is longer than the width whole", () => {
      assert.strictEqual(show("a supercalifragilistic word", 10), "a\nsupercalifragilistic\nword\n")
      assert.strictEqual(show("supercalifragilistic", 10), "supercalifragilistic\n")
      assert.strictEqual(show("- supercalifragilistic", 10), "• supercalifragilistic\n")
    })

    it("takes the marks off bold, italic, struck out text, code and links", () => {
      assert.strictEqual(show("**a** *b* _c_ ~~d~~ `e` [f](http://g.h)"), "a b c d e f (http://g.h)\n")
    })

    it("paints what the marks said", () => {
      assert.strictEqual(colors("**a** `b`"), `${Style.colored.bold("a")} ${Style.colored.cyan("b")}\n`)
      assert.strictEqual(colors("***a***"), `${Style.colored.bold(Style.colored.italic("a"))}\n`)
      assert.strictEqual(colors("## Title"), `${Style.colored.bold("Title")}\n`)
    })

    it("leaves marks that mark nothing", () => {
      assert.strictEqual(show("2 * 3 * 4"), "2 * 3 * 4\n")
      assert.strictEqual(show("snake_case_name"), "snake_case_name\n")
      assert.strictEqual(show("an *open end"), "an *open end\n")
      assert.strictEqual(show("a [note] here"), "a [note] here\n")
      assert.strictEqual(show("\\*not italic\\*"), "*not italic*\n")
    })

    it("hangs items under their bullet", () => {
      assert.strictEqual(show("- one two three", 10), "• one two\n  three\n")
      assert.strictEqual(show("12. one two three", 12), "12. one two\n    three\n")
      assert.strictEqual(show("- [ ] open\n- [x] done"), "☐ open\n☑ done\n")
    })

    it("puts a bar before every line of a quote", () => {
      assert.strictEqual(show("> one two three", 9), "│ one two\n│ three\n")
    })

    it("never wraps code, and reads no marks in it", () => {
      assert.strictEqual(
        show("```ts\nconst a = **b** // long\n```\nafter", 10),
        "┌── ts\nconst a = **b** // long\n└──\nafter\n"
      )
    })

    it("aligns the columns of a table", () => {
      assert.strictEqual(
        show("| a | count |\n|---|---:|\n| x | 1 |\n| longer | 22 |"),
        "a       count\nx           1\nlonger     22\n"
      )
    })

    it("shows a row that belongs to no table as it came", () => {
      assert.strictEqual(show("| not a table"), "| not a table\n")
    })

    it("takes out what a terminal would obey", () => {
      assert.strictEqual(show("a\u001b]0;title\u0007b\u001b[2Jc\rd"), "a]0;titleb[2Jcd\n")
    })

    it("breaks scripts without spaces where they reach the edge", () => {
      assert.strictEqual(show("日本語の文章", 8), "日本語の\n文章\n")
    })
  })

  describe("push", () => {
    it("shows words as soon as they are complete", () => {
      const markdown = Markdown.make({ width: 40, style: Style.plain })

      assert.strictEqual(markdown.push("Hel"), "")
      assert.strictEqual(markdown.push("lo wor"), "Hello")
      assert.strictEqual(markdown.push("ld\n"), " world\n")
      assert.strictEqual(markdown.end(), "")
    })

    it("holds a mark back until its partner comes", () => {
      const markdown = Markdown.make({ width: 40, style: Style.plain })

      assert.strictEqual(markdown.push("so **bo"), "so")
      assert.strictEqual(markdown.push("ld** it"), " bold")
    })

    it("gives up on a partner that does not come within reach", () => {
      const markdown = Markdown.make({ width: 40, style: Style.plain })
      const far = "word ".repeat(120)

      assert.include(markdown.push(`an *open ${far}`), "*open")
    })

    it("shows code line by line as it comes", () => {
      const markdown = Markdown.make({ width: 40, style: Style.plain })

      assert.strictEqual(markdown.push("```ts\nconst x"), "┌── ts\nconst x")
      assert.strictEqual(markdown.push(" = 1\n"), " = 1\n")
      assert.strictEqual(markdown.push("``"), "")
      assert.strictEqual(markdown.push("`\n"), "└──\n")
    })

    it.effect.prop(
      "shows the same however the text is cut",
      [Source, Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 })))],
      ([pieces, cuts]) =>
        Effect.sync(() => {
          const text = pieces.join("")
          const markdown = Markdown.make({ width: 20, style: Style.plain })
          let out = ""
          let at = 0
          for (let i = 0; at < text.length; i++) {
            const size = cuts.length === 0 ? 1 : cuts[i % cuts.length]!
            out += markdown.push(text.slice(at, at + size))
            at += size
          }
          out += markdown.end()

          assert.strictEqual(out, show(text, 20))
        }),
      { arbitrary: { runs: 400 } }
    )

    it.effect.prop("loses no word", [Source], ([pieces]) =>
      Effect.sync(() => {
        const text = pieces.join("")
        const words = (each: string) => (each.match(/word|日|本/g) ?? []).length

        assert.strictEqual(words(show(text, 20)), words(text))
      }))

    it.effect.prop("closes every style it opens", [Source], ([pieces]) =>
      Effect.sync(() => {
        // oxlint-disable-next-line no-control-regex -- escape sequences are what this looks for
        const codes = Array.from(colors(pieces.join(""), 20).matchAll(/\u001b\[(\d+)m/g), ([, code]) => Number(code))
        const open = codes.filter((code) => code < 20 || (code >= 30 && code < 38)).length

        assert.strictEqual(codes.length, 2 * open)
      }))
  })
})

describe("Layout", () => {
  describe("width", () => {
    it("counts cells, not characters or styles", () => {
      assert.strictEqual(Layout.width("日本"), 4)
      assert.strictEqual(Layout.width(Style.colored.red("ab")), 2)
    })
  })

  describe("truncate", () => {
    it("keeps what fits and says that there was more", () => {
      assert.strictEqual(Layout.truncate("abcdef", 6), "abcdef")
      assert.strictEqual(Layout.truncate("abcdefg", 6), "abcde…")
      assert.strictEqual(Layout.truncate("日本語", 5), "日本…")
    })
  })

  describe("table", () => {
    const columns = [{ title: "name" }, { title: "n", align: "right" as const }, { title: "what" }]

    it("aligns columns and leaves no space at the end", () => {
      assert.strictEqual(
        Layout.table(columns, [["a", "1", "x"], ["long", "22", "y"]], 80, Style.plain),
        "name   n  what\na      1  x\nlong  22  y"
      )
    })

    it("breaks the last column where the table is too wide", () => {
      assert.strictEqual(
        Layout.table([{ title: "a" }, { title: "b" }], [["x", "one two three four"]], 19, Style.plain),
        "a  b\nx  one two three\n   four"
      )
    })
  })

  describe("bar", () => {
    it("is as long as asked, whatever the fraction", () => {
      for (const fraction of [-1, 0, 0.03, 0.5, 0.99, 1, 2]) {
        assert.strictEqual(Layout.bar(fraction, 10).length, 10)
      }
      assert.strictEqual(Layout.bar(0.5, 4), "██░░")
      assert.strictEqual(Layout.bar(1, 4), "████")
      assert.strictEqual(Layout.bar(0, 4), "░░░░")
    })
  })
})
