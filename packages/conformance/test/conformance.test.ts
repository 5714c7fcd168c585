import * as Check from "@effect-claude/conformance/Check"
import * as Difference from "@effect-claude/conformance/Difference"
import type * as Recording from "@effect-claude/conformance/Recording"
import * as Report from "@effect-claude/conformance/Report"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, writeSync } from "node:fs"
import { resolve } from "node:path"

const beside = resolve(import.meta.dirname, "../../../../shared/recordings")
const folder = process.env["RECORDINGS"] ?? beside
const present = existsSync(folder)

if (!present) {
  process.stderr.write(
    "\nNo recordings of real traffic beside the repository: conformance to them is NOT tested here.\n" +
      "Set RECORDINGS to a folder of recordings to test it.\n\n"
  )
}

const recording = (fields: object): Recording.Recording => ({
  endpoint: "POST /v1/messages",
  kind: "json",
  response: { status: 200 },
  ...fields
})

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "a" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 }
}

const problems = (self: Recording.Recording) =>
  Effect.map(Check.check(self), (outcomes) => outcomes.flatMap(({ problem }) => problem === undefined ? [] : [problem]))

describe("conformance", () => {
  layer(NodeServices.layer)((it) => {
    it.effect.skipIf(!present)("holds for every recording", () =>
      Effect.gen(function*() {
        const report = yield* Report.make(folder)
        // Past the reporter, which keeps the output of passing tests to itself.
        yield* Effect.sync(() => writeSync(1, `\n${Report.table(report)}\n`))

        assert.deepStrictEqual(report.failures, [])
        assert.isAbove(report.files, 0)
      }), { timeout: 240_000 })
  })

  describe("Check", () => {
    it.effect("finds a response that does not decode, and says where", () =>
      Effect.gen(function*() {
        const broken = { ...message, content: [{ type: "text" }] }
        const found = yield* problems(recording({ response: { status: 200, body: broken } }))

        assert.deepStrictEqual(found, ["Missing key at [\"content\"][0][\"text\"]"])
      }))

    it.effect("finds a request that is refused though the API accepted it", () =>
      Effect.gen(function*() {
        const found = yield* problems(
          recording({
            request: { body: { model: 1, max_tokens: 1, messages: [] } },
            response: { status: 200, body: message }
          })
        )

        assert.match(found.join(), /at \["model"\]/)
      }))

    it.effect("finds a stream that ends too early", () =>
      Effect.gen(function*() {
        const text = `event: message_start\ndata: ${JSON.stringify({ type: "message_start", message })}\n\n`
        const found = yield* problems(recording({ kind: "sse", response: { status: 200, text } }))

        assert.match(found.join(), /cut whole/)
      }))

    it.effect("finds an endpoint without a schema, and a kind without a check", () =>
      Effect.gen(function*() {
        const unknown = yield* problems(
          recording({ endpoint: "GET /v1/tomorrow", response: { status: 200, body: {} } })
        )
        const kind = yield* problems(recording({ kind: "video" }))

        assert.deepStrictEqual(unknown, ["no schema for GET /v1/tomorrow"])
        assert.deepStrictEqual(kind, ["no check for the kind video"])
      }))

    it("cuts bytes without losing one", () => {
      const bytes = new TextEncoder().encode("event: a\ndata: 1\n\ndata: 2\r\n\r\nrest")

      for (const cut of Object.values(Check.cuts)) {
        assert.deepStrictEqual(new Uint8Array(cut(bytes).flatMap((chunk) => [...chunk])), bytes)
      }
      assert.strictEqual(Check.cuts["per byte"]!(bytes).length, bytes.length)
    })
  })

  describe("Difference", () => {
    it("names the first path where two values differ, whatever the order of keys", () => {
      assert.isUndefined(Difference.first({ a: 1, b: [1] }, { b: [1], a: 1 }))
      assert.strictEqual(Difference.first({ a: [{ b: 1 }] }, { a: [{ b: 2 }] })?.path, "$.a[0].b")
      assert.strictEqual(Difference.first({ a: 1 }, {})?.actual, "nothing")
      assert.strictEqual(Difference.first([1], [1, 2])?.path, "$[1]")
      assert.strictEqual(Difference.first(null, {})?.path, "$")
    })
  })
})
