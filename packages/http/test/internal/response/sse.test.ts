import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SseParser } from "../../../src/internal/response/sse.ts"

type Frame = readonly [event: string, data: string]

const parse = (pieces: ReadonlyArray<string>, maxEventSize = Infinity): ReadonlyArray<Frame> => {
  const frames: Array<Frame> = []
  const parser = new SseParser(maxEventSize, (event, data) => frames.push([event, data]))
  for (const piece of pieces) parser.feed(piece)
  return frames
}

/** The WHATWG rules for event streams, as far as a stream that is never resumed needs them. */
const table: ReadonlyArray<readonly [rule: string, text: string, frames: ReadonlyArray<Frame>]> = [
  ["ends lines with LF", "data: a\n\n", [["", "a"]]],
  ["ends lines with CR", "data: a\r\r", [["", "a"]]],
  ["ends lines with CRLF", "data: a\r\n\r\n", [["", "a"]]],
  ["ends lines in any mixture", "data: a\rdata: b\ndata: c\r\n\n", [["", "a\nb\nc"]]],
  ["takes CR LF CR for two ends of lines", "data: a\r\n\rdata: b\n\n", [["", "a"], ["", "b"]]],
  ["names the event", "event: ping\ndata: {}\n\n", [["ping", "{}"]]],
  ["takes the last of several names", "event: a\nevent: b\ndata: x\n\n", [["b", "x"]]],
  ["empties the name with a bare field", "event: a\nevent\ndata: x\n\n", [["", "x"]]],
  ["forgets the name after the event", "event: a\ndata: 1\n\ndata: 2\n\n", [["a", "1"], ["", "2"]]],
  ["forgets the name of an event without data", "event: a\n\ndata: 2\n\n", [["", "2"]]],
  ["joins several data lines with LF", "data: a\ndata:b\ndata:  c\n\n", [["", "a\nb\n c"]]],
  ["keeps empty data lines", "data\ndata: \ndata:\n\n", [["", "\n\n"]]],
  ["dispatches a single empty data line", "data\n\n", [["", ""]]],
  ["removes one space after the colon only", "data:  a\n\ndata:b\n\n", [["", " a"], ["", "b"]]],
  ["keeps colons in the value", "data: a: b:c\n\n", [["", "a: b:c"]]],
  ["ignores comments", ": hello\ndata: a\n:\n:: x\n\n", [["", "a"]]],
  ["ignores id, also with NUL in it", "id: 1\0\nid: 2\ndata: a\n\n", [["", "a"]]],
  ["ignores retry", "retry: 1000\ndata: a\n\n", [["", "a"]]],
  ["ignores unknown fields and prefixes of known ones", "dat: x\ndatas: y\ndata : z\n data: w\ndata: a\n\n", [[
    "",
    "a"
  ]]],
  ["is case sensitive", "Data: x\nDATA: y\ndata: a\n\n", [["", "a"]]],
  ["dispatches nothing on blank lines alone", "\n\n\r\n\r\r", []],
  ["dispatches nothing without a blank line at the end", "data: a\n\ndata: b\n", [["", "a"]]],
  ["dispatches nothing for an unfinished line", "data: a\n\ndata: b", [["", "a"]]]
]

describe("SseParser", () => {
  for (const [rule, text, frames] of table) {
    it(rule, () => {
      assert.deepStrictEqual(parse([text]), frames)
    })

    it(`${rule}, character by character`, () => {
      assert.deepStrictEqual(parse([...text]), frames)
    })
  }

  it.effect.prop(
    "reads the same events however the text is cut",
    {
      lines: Schema.Array(Schema.Literals([
        "data: a",
        "data:b",
        "data",
        "data: ",
        "event: x",
        "event",
        ": c",
        "id: 7",
        "retry: 1",
        "",
        "",
        "nonsense",
        "data: 💥\u2028é"
      ])),
      ends: Schema.Array(Schema.Literals(["\n", "\r", "\r\n"])).check(Schema.isMinLength(1)),
      cuts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 })))
    },
    ({ cuts, ends, lines }) =>
      Effect.sync(() => {
        const text = lines.map((line, i) => line + ends[i % ends.length]!).join("")
        const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length]
        const pieces = at.slice(1).map((to, i) => text.slice(at[i], to))

        assert.deepStrictEqual(parse(pieces), parse([text]))
        assert.deepStrictEqual(parse([...text]), parse([text]))
      }),
    { arbitrary: { runs: 500 } }
  )

  it("refuses an event larger than allowed, in one line or in many", () => {
    const fits = (size: number, text: string) => new SseParser(size, () => {}).feed(text)

    assert.isTrue(fits(20, "data: 123456789\n\ndata: 123456789\n\ndata: 123456789\n\n"))
    assert.isFalse(fits(20, `data: ${"x".repeat(20)}\n\n`))
    assert.isFalse(fits(20, "data: 12345678\ndata: 12345678\ndata: 12345678\n\n"))
    assert.isFalse(fits(20, `data: ${"x".repeat(30)}`))
    assert.isFalse(fits(20, "data\n".repeat(30)))
    assert.isFalse(fits(20, `: ${"x".repeat(30)}`))
  })

  it("counts only what the unfinished event holds", () => {
    const frames: Array<Frame> = []
    const parser = new SseParser(40, (event, data) => frames.push([event, data]))
    for (let i = 0; i < 100; i++) assert.isTrue(parser.feed("event: x\nda") && parser.feed("ta: 0123456789\n: c\n\n"))

    assert.strictEqual(frames.length, 100)
  })

  it("takes time in proportion to the length of one huge event in small pieces", () => {
    const steps = (length: number) => {
      const piece = "x".repeat(100)
      const parser = new SseParser(Infinity, () => {})
      parser.feed("data: ")
      const startedAt = process.cpuUsage()
      for (let i = 0; i < length / 100; i++) parser.feed(piece)
      parser.feed("\n\n")
      const { system, user } = process.cpuUsage(startedAt)
      return user + system
    }
    steps(1_000_000)
    const small = Math.min(...[1, 2, 3].map(() => steps(1_000_000)))
    const large = Math.min(...[1, 2, 3].map(() => steps(8_000_000)))

    // Quadratic would be 64 times as long; the allowance is for a busy machine.
    assert.isBelow(large, Math.max(small, 500) * 30)
  })
})
