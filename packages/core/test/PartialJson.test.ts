import * as PartialJson from "@effect-claude/core/PartialJson"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const readAll = (pieces: Iterable<string>) => {
  const reader = PartialJson.make()
  for (const piece of pieces) reader.push(piece)
  return { state: reader.state(), value: reader.value() }
}

/** Cuts a text at the given places. */
const cut = (text: string, at: ReadonlyArray<number>): ReadonlyArray<string> => {
  const places = [0, ...at.map((n) => n % (text.length + 1)).toSorted((a, b) => a - b), text.length]
  return places.slice(1).map((end, i) => text.slice(places[i], end))
}

/**
 * A JSON value as its text says it: without the minus of a negative zero. Not made by `JSON.parse`, since the one of
 * V8 13.6 misreads some objects whose keys are written with escapes.
 */
const asWritten = (json: Schema.Json): unknown =>
  typeof json === "number"
    ? json + 0
    : Array.isArray(json)
    ? json.map(asWritten)
    : typeof json === "object" && json !== null
    ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, asWritten(value)]))
    : json

const Cuts = Schema.Array(Schema.Natural)

describe("PartialJson", () => {
  describe("parse", () => {
    it.prop("reads what JSON.parse reads, whatever the white space", [Schema.Json, Schema.Literals(["", " ", "\t"])], ([
      json,
      indent
    ]) => {
      const text = JSON.stringify(json, null, indent)

      assert.deepStrictEqual(PartialJson.parse(text), { state: "complete", value: asWritten(json) })
    })

    it.each([
      ["{\"a\": \"Par", { a: "Par" }],
      ["{\"a\": 1, \"b\": [1, 2", { a: 1, b: [1] }],
      ["{\"a\": 1, \"b\": [1, 2,", { a: 1, b: [1, 2] }],
      ["{\"a\": tr", {}],
      ["{\"a\": true", {}],
      ["{\"a\": true,", { a: true }],
      ["{\"ke", {}],
      ["{\"key\"", {}],
      ["{\"key\":", {}],
      ["[[\"a\", {\"b\": nul", [["a", {}]]],
      ["\"caf\\u00e", "caf"],
      ["\"a\\", "a"],
      ["{", {}],
      ["[", []]
    ])("shows no more of %j than has arrived", (text, value) => {
      assert.deepStrictEqual(PartialJson.parse(text), { state: "partial", value })
    })

    it.each([["", "empty"], ["  \n", "empty"], ["1", "complete"], ["-", "partial"], ["1e", "partial"]] as const)(
      "says of %j that it is %s",
      (text, state) => {
        assert.strictEqual(PartialJson.parse(text).state, state)
      }
    )

    it.each([
      "{a: 1}",
      "[1 2]",
      "[1}",
      "{\"a\" 1}",
      "{\"a\": 1]",
      "tru e",
      "nulll",
      "01",
      "1.e3",
      "\"\n\"",
      "\"\\x\"",
      "\"\\u00g0\"",
      "{} {}",
      "]",
      "[,1]",
      "[1,]",
      "{\"a\":1,}",
      "// no"
    ])("says that nothing can make JSON of %j", (text) => {
      const { state } = PartialJson.parse(`${text} `)

      assert.strictEqual(state, "malformed")
    })

    it("keeps what had arrived before the text went wrong", () => {
      assert.deepStrictEqual(PartialJson.parse("{\"a\": [1, 2}"), { state: "malformed", value: { a: [1, 2] } })
    })

    it("takes __proto__ for a key like any other", () => {
      const { value } = PartialJson.parse("{\"__proto__\": 1}")

      assert.deepStrictEqual(value, JSON.parse("{\"__proto__\": 1}"))
    })
  })

  describe("snapshot", () => {
    it.prop("stays what it was, whatever is read after it", [Schema.Json, Cuts], ([json, at]) => {
      const pieces = cut(JSON.stringify(json), at)
      const reader = PartialJson.make()
      const taken = pieces.map((piece, i) => {
        reader.push(piece)
        return { snapshot: reader.snapshot(), expected: PartialJson.parse(pieces.slice(0, i + 1).join("")).value }
      })

      for (const { expected, snapshot } of taken) assert.deepStrictEqual(snapshot, expected)
    })

    it("shares what is complete", () => {
      const reader = PartialJson.make()
      reader.push("{\"a\":[1],\"b\":[2")
      const first = reader.snapshot()
      reader.push(",3]}")
      const second = reader.snapshot()

      assert.deepStrictEqual([first, second], [{ a: [1], b: [] }, { a: [1], b: [2, 3] }])
      assert.strictEqual(Reflect.get(Object(first), "a"), Reflect.get(Object(second), "a"))
      assert.strictEqual(second, reader.snapshot())
    })
  })

  describe("push", () => {
    it.prop("reads the same however the text is cut", [Schema.Json, Cuts], ([json, at]) => {
      const text = JSON.stringify(json)

      assert.deepStrictEqual(readAll(cut(text, at)), PartialJson.parse(text))
    })

    it.prop("shows the same of every prefix, however it is cut", [Schema.Json, Schema.Natural, Cuts], ([
      json,
      end,
      at
    ]) => {
      const text = JSON.stringify(json)
      const prefix = text.slice(0, end % (text.length + 1))

      assert.deepStrictEqual(readAll(cut(prefix, at)), PartialJson.parse(prefix))
    })

    it.prop("agrees with JSON.parse on what is JSON, for any text", [Schema.String], ([text]) => {
      const isJson = (() => {
        try {
          JSON.parse(text)
          return true
        } catch {
          return false
        }
      })()

      assert.strictEqual(PartialJson.parse(text).state === "complete", isJson)
    })

    it.prop(
      "never goes back: a complete array item stays",
      [Schema.Array(Schema.Json), Schema.Natural],
      ([items, end]) => {
        const text = JSON.stringify(items)
        const { value } = PartialJson.parse(text.slice(0, end % (text.length + 1)))
        if (!Array.isArray(value)) return
        const finished = value.slice(0, -1)

        assert.deepStrictEqual(finished, items.map(asWritten).slice(0, finished.length))
      }
    )
  })
})
