import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as EventStream from "@effect-claude/http/EventStream"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema, Stream } from "effect"

const stop = "data: {\"type\":\"message_stop\"}"
const ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n"

const decode = (chunks: ReadonlyArray<string | Uint8Array>) =>
  Effect.suspend(() => {
    const types: Array<string> = []
    return Stream.fromIterable(chunks).pipe(
      Stream.map((chunk) => typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk),
      EventStream.decode(),
      Stream.runForEach((event) => Effect.sync(() => types.push(event.type))),
      Effect.result,
      Effect.map((result) => ({ types, error: Result.isFailure(result) ? result.failure : undefined }))
    )
  })

describe("EventStream", () => {
  describe("decode", () => {
    it.effect("ends normally once message_stop was seen, and looks at nothing after it", () =>
      Effect.gen(function*() {
        const { error, types } = yield* decode([ping, `${stop}\n\n`, "data: not json\n\n"])

        assert.deepStrictEqual(types, ["ping", "message_stop"])
        assert.isUndefined(error)
      }))

    it.effect.each(["", "\n", "\r\n", " ", "  \n"])(
      "takes a last event whose blank line was trimmed: %j",
      (end) =>
        Effect.gen(function*() {
          const { error, types } = yield* decode([ping, `${stop}${end}`])

          assert.deepStrictEqual(types, ["ping", "message_stop"])
          assert.isUndefined(error)
        })
    )

    it.effect("hands out a last event that is whole, and still fails when it is not the last of the message", () =>
      Effect.gen(function*() {
        const { error, types } = yield* decode([ping.trimEnd()])

        assert.deepStrictEqual(types, ["ping"])
        assert.instanceOf(error, ClaudeError.StreamTruncatedError)
      }))

    it.effect("fails with the error of a last event that is an error", () =>
      Effect.gen(function*() {
        const event = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }
        const { error } = yield* decode([`data: ${JSON.stringify(event)}`])

        assert.instanceOf(error, ClaudeError.OverloadedError)
      }))

    it.effect.prop(
      "fails as truncated wherever the bytes end before the last brace of message_stop",
      [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: ping.length + stop.length - 1 }))],
      ([length]) =>
        Effect.gen(function*() {
          const { error, types } = yield* decode([`${ping}${stop}\n\n`.slice(0, length)])

          assert.notInclude(types, "message_stop")
          assert.instanceOf(error, ClaudeError.StreamTruncatedError)
        })
    )

    it.effect("reads events without an event line, as gateways send them", () =>
      Effect.gen(function*() {
        const { types } = yield* decode(["data: {\"type\":\"ping\"}\n\ndata: {\"type\":\"message_stop\"}\n\n"])

        assert.deepStrictEqual(types, ["ping", "message_stop"])
      }))

    it.effect("survives a character that is cut in two", () =>
      Effect.gen(function*() {
        const bytes = new TextEncoder().encode(`data: {"type":"é"}\n\n${stop}\n\n`)
        const { types } = yield* decode(Array.from(bytes, (byte) => new Uint8Array([byte])))

        assert.deepStrictEqual(types, ["é", "message_stop"])
      }))
  })
})
