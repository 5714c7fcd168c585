import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as EventStream from "@effect-claude/http/EventStream"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { errorOf } from "./fixtures.ts"

const encoder = new TextEncoder()

const line = (event: { readonly type: string }) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  usage: { input_tokens: 1, output_tokens: 1 }
} as const

const answer = (text: string): ReadonlyArray<StreamEvent> => [
  { type: "message_start", message },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } },
  { type: "message_stop" }
]

const textOf = (events: ReadonlyArray<StreamEvent>) => events.map(line).join("")

/** Decodes text that arrives in the given pieces of its bytes. */
const decode = (
  text: string,
  options?: { readonly size?: number; readonly event?: number; readonly toolInput?: number }
) =>
  Effect.gen(function*() {
    const bytes = encoder.encode(text)
    const size = options?.size ?? bytes.length
    const pieces: Array<Uint8Array> = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
    const events: Array<StreamEvent> = []
    const exit = yield* Stream.fromArray(pieces).pipe(
      Stream.rechunk(1),
      EventStream.decode({ event: options?.event, toolInput: options?.toolInput }),
      Stream.runForEach((event) => Effect.sync(() => events.push(event))),
      Effect.exit
    )
    return { events, exit }
  })

const failure = (text: string, options?: Parameters<typeof decode>[1]): Effect.Effect<ClaudeError> =>
  Effect.map(decode(text, options), ({ exit }) => errorOf(exit))

describe("EventStream", () => {
  describe("decode", () => {
    it.effect("decodes events and ends at message_stop", () =>
      Effect.gen(function*() {
        const { events, exit } = yield* decode(textOf(answer("Hi")))

        assert.deepStrictEqual(events, answer("Hi"))
        assert.isTrue(Exit.isSuccess(exit))
      }))

    it.effect.prop(
      "decodes the same events at any chunking, down to single bytes of a character",
      [Schema.String, Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 }))],
      ([text, size]) =>
        Effect.gen(function*() {
          const sent = answer(`${text}💥é\u2028`)

          assert.deepStrictEqual((yield* decode(textOf(sent), { size })).events, sent)
          assert.deepStrictEqual((yield* decode(textOf(sent), { size: 1 })).events, sent)
        }),
      { arbitrary: { runs: 100 }, timeout: 60_000 }
    )

    it.effect("passes over a byte order mark at the start, and there alone", () =>
      Effect.gen(function*() {
        const { events } = yield* decode(`\uFEFF${textOf(answer("Hi"))}`, { size: 1 })
        const later = yield* decode(`${textOf([{ type: "ping" }])}\uFEFF${textOf(answer("Hi"))}`)

        assert.deepStrictEqual(events, answer("Hi"))
        assert.deepStrictEqual(later.events, [{ type: "ping" }, ...answer("Hi")])
      }))

    it.effect("takes the type from the data where there is no event line, and from the event line where there is no type", () =>
      Effect.gen(function*() {
        const { events } = yield* decode(`data: {"type":"ping"}\n\nevent: ping\ndata: {}\n\n${textOf(answer("Hi"))}`)

        assert.deepStrictEqual(events.slice(0, 2), [{ type: "ping" }, { type: "ping" }])
      }))

    it.effect("keeps unknown events and unknown fields", () =>
      Effect.gen(function*() {
        const { events } = yield* decode(
          `data: {"type":"tomorrow","a":[1]}\n\ndata: {"type":"ping","at":7}\n\n${textOf(answer("Hi"))}`
        )

        assert.deepStrictEqual<unknown>(events.slice(0, 2), [{ type: "tomorrow", a: [1] }, { type: "ping", at: 7 }])
      }))

    it.effect("passes over empty data", () =>
      Effect.gen(function*() {
        const { events } = yield* decode(`data\n\n${textOf(answer("Hi"))}`)

        assert.deepStrictEqual(events, answer("Hi"))
      }))

    it.effect("ignores whatever follows message_stop", () =>
      Effect.gen(function*() {
        const { events, exit } = yield* decode(`${textOf(answer("Hi"))}data: [DONE]\n\ndata: {"type":"ping"}\n\n`)

        assert.deepStrictEqual(events, answer("Hi"))
        assert.isTrue(Exit.isSuccess(exit))
      }))

    it.effect.prop(
      "fails wherever the bytes end short of the last brace of message_stop, with every event and the message up to there",
      [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: textOf(answer("Hello there")).trimEnd().length - 1 }))],
      ([length]) =>
        Effect.gen(function*() {
          const { events, exit } = yield* decode(textOf(answer("Hello there")).slice(0, length))
          const error = errorOf(exit)

          assert.strictEqual(error._tag === "StreamTruncatedError" && error.reason, "eof")
          assert.deepStrictEqual(events, answer("Hello there").slice(0, events.length))
          assert.strictEqual(error.outcome, events.length === 0 ? "unknown" : "partial")
          assert.strictEqual(
            error.partial && Message.text(error.partial),
            events.length === 0 ? undefined : events.length < 3 ? "" : "Hello there"
          )
        }),
      { arbitrary: { runs: 300 }, timeout: 60_000 }
    )

    for (const end of ["", "\n", "\r\n", " ", "  \n"]) {
      it.effect(`takes a last event whose blank line was trimmed: ${JSON.stringify(end)}`, () =>
        Effect.gen(function*() {
          const { events, exit } = yield* decode(textOf(answer("Hi")).trimEnd() + end)

          assert.deepStrictEqual(events, answer("Hi"))
          assert.isTrue(Exit.isSuccess(exit))
        }))
    }

    it.effect("hands out a last event that is whole, and still fails when it is not the last of the message", () =>
      Effect.gen(function*() {
        const { events, exit } = yield* decode(textOf([{ type: "ping" }]).trimEnd())

        assert.deepStrictEqual(events, [{ type: "ping" }])
        assert.strictEqual(errorOf(exit)._tag, "StreamTruncatedError")
      }))

    it.effect("fails with the error of a last event that is an error", () =>
      Effect.gen(function*() {
        const event = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }

        assert.strictEqual((yield* failure(`data: ${JSON.stringify(event)}`))._tag, "OverloadedError")
      }))

    it.effect("fails with the tag of an error event, and the partial message", () =>
      Effect.gen(function*() {
        const error = yield* failure(
          `${
            textOf(answer("Hi").slice(0, 3))
          }event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`
        )

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual(error.partial && Message.text(error.partial), "Hi")
      }))

    it.effect("fails on JSON that is none", () =>
      Effect.gen(function*() {
        const error = yield* failure(`${textOf(answer("Hi").slice(0, 3))}data: {"type":"pi\n\n`)

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.include(error.message, "is not JSON")
        assert.strictEqual(error.partial && Message.text(error.partial), "Hi")
      }))

    it.effect("fails on a known event of the wrong shape, naming the place", () =>
      Effect.gen(function*() {
        const error = yield* failure(
          `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}\n\n`
        )

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.include(error.message, "at delta.text")
      }))

    it.effect("fails on an event larger than allowed", () =>
      Effect.gen(function*() {
        const error = yield* failure(textOf(answer("x".repeat(1_000))), { event: 500, size: 100 })
        const { exit } = yield* decode(textOf(answer("x".repeat(200))), { event: 500 })

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.include(error.message, "larger than 500 characters")
        assert.isTrue(Exit.isSuccess(exit))
      }))

    it.effect("fails on the input of a tool that grows larger than allowed, over all its pieces", () =>
      Effect.gen(function*() {
        const start: StreamEvent = { type: "message_start", message }
        const call = (index: number, pieces: number): ReadonlyArray<StreamEvent> => [
          { type: "content_block_start", index, content_block: { type: "tool_use", id: "a", name: "f", input: {} } },
          ...Array.from(
            { length: pieces },
            () =>
              ({
                type: "content_block_delta",
                index,
                delta: { type: "input_json_delta", partial_json: "1234567890" }
              }) as const
          ),
          { type: "content_block_stop", index }
        ]
        const stop: StreamEvent = { type: "message_stop" }
        const error = yield* failure(textOf([start, ...call(0, 5), ...call(1, 6), stop]), { toolInput: 50 })
        const { exit } = yield* decode(textOf([start, ...call(0, 5), ...call(1, 5), stop]), { toolInput: 50 })

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.include(error.message, "larger than 50 characters")
        assert.isTrue(Exit.isSuccess(exit))
      }))

    it.effect("skips what is not JSON under a name that holds no part of a message", () =>
      Effect.gen(function*() {
        const [start, ...rest] = answer("Hi")
        const noise = "event: ping\ndata: pong\n\nevent: heartbeat\ndata: ok\n\nevent: ping\ndata:\n\n"
        const { events, exit } = yield* decode(`${line(start!)}${noise}${textOf(rest)}`)

        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(events, answer("Hi"))
      }))

    it.effect("fails where a part of a message is not JSON, named or not", () =>
      Effect.gen(function*() {
        for (const name of ["", "event: message\n", "event: message_stop\n", "event: content_block_delta\n"]) {
          const error = yield* failure(
            `${textOf(answer("Hi").slice(0, 3))}${name}data: [DONE]\n\n${textOf(answer("Hi").slice(3))}`
          )

          assert.strictEqual(error._tag, "ResponseDecodeError", name)
        }
      }))

    it.effect("takes an event named error for an error, whatever its data is", () =>
      Effect.gen(function*() {
        for (const data of ["", "Overloaded", "{}", "[]", "null", "\"x\""]) {
          const error = yield* failure(`${textOf(answer("Hi").slice(0, 3))}event: error\ndata: ${data}\n\n`)

          assert.strictEqual(error._tag, "ApiError", data)
          assert.notInclude(error.message, ": \"\"")
        }
      }))

    it.effect("keeps a body in JSON to the limit of an event", () =>
      Effect.gen(function*() {
        const error = yield* failure(JSON.stringify({ ...message, padding: "x".repeat(500) }), { event: 400, size: 50 })

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.include(error.message, "larger than 400 characters")
      }))

    it.effect("takes a body in JSON that breaks off for a cut stream", () =>
      Effect.gen(function*() {
        const error = yield* failure(JSON.stringify(message).slice(0, -5))

        assert.strictEqual(error._tag, "StreamTruncatedError")
      }))

    it.effect("passes a failure of the bytes on", () =>
      Effect.gen(function*() {
        const error = yield* Stream.fail("broken" as const).pipe(EventStream.decode(), Stream.runDrain, Effect.flip)

        assert.strictEqual(error, "broken")
      }))
  })
})
