import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as Recording from "effect-claude/Recording"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { files, layerFiles, run } from "../support/cli.ts"

const recordings = Path.resolve(import.meta.dirname, "../../../../../shared/recordings")

const names = Fs.existsSync(recordings) ? Fs.readdirSync(recordings).filter((name) => name.endsWith(".json")) : []

if (names.length === 0) process.stderr.write("effect-claude: no recordings beside the project, so none is replayed\n")

const replayOf = (content: string, flags: ReadonlyArray<string> = []) =>
  Effect.gen(function*() {
    const { paths } = yield* files({ recording: content })
    return yield* run(["replay", paths["recording"]!, ...flags], { columns: 300 })
  }).pipe(Effect.scoped, Effect.provide(layerFiles))

const sse = (...events: ReadonlyArray<{ readonly type: string }>) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("")

const start = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1000, output_tokens: 1 }
  }
}

const text = [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello **you**" } },
  { type: "content_block_stop", index: 0 }
]

const end = [
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 1000 } },
  { type: "message_stop" }
]

const stream = sse(start, ...text, ...end)

const error = JSON.stringify({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })

describe("replay", () => {
  it.effect("shows the answer of a stream, and what it used", () =>
    Effect.gen(function*() {
      const { code, out } = yield* replayOf(stream)

      assert.strictEqual(code, 0)
      assert.include(out, "← 200 text/event-stream")
      assert.include(out, "Hello you\n")
      assert.include(out, "claude-haiku-4-5 · end_turn · 1,000 tokens in, 1,000 out · $0.0060")
    }))

  it.effect("shows each event where asked", () =>
    Effect.gen(function*() {
      const { out } = yield* replayOf(stream, ["--events"])

      assert.deepStrictEqual(out.split("\n").slice(2, -2).map((line) => line.split(" ", 1)[0]), [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop"
      ])
    }))

  it.effect("shows what came of a stream that was cut, and the error a program would have seen", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* replayOf(sse(start, ...text))

      assert.include(out, "Hello you")
      assert.include(err, "StreamTruncatedError")
      assert.strictEqual(code, 6)
    }))

  it.effect("tells an error inside a stream by its own name", () =>
    Effect.gen(function*() {
      const { code, err } = yield* replayOf(sse(start, JSON.parse(error)))

      assert.include(err, "OverloadedError")
      assert.strictEqual(code, 5)
    }))

  it.effect("shows the request of an exchange in short", () =>
    Effect.gen(function*() {
      const { out } = yield* replayOf(JSON.stringify({
        request: {
          method: "POST",
          url: "https://api.anthropic.com/v1/messages",
          body: {
            model: "claude-haiku-4-5",
            max_tokens: 10,
            stream: true,
            tools: [{ name: "a", input_schema: { type: "object" } }],
            messages: [{ role: "user", content: "Hi there" }]
          }
        },
        response: { status: 200, headers: { "Content-Type": "text/event-stream", "Request-Id": "req_7" }, text: stream }
      }))

      assert.include(out, "POST /v1/messages\n")
      assert.include(out, "claude-haiku-4-5 · max_tokens 10 · 1 turn · 1 tool · stream")
      assert.include(out, "› Hi there")
      assert.include(out, "req_7")
    }))

  it.effect("replays a whole cassette, and exits as the first exchange that failed", () =>
    Effect.gen(function*() {
      const interaction = (status: number, body: unknown) => ({
        request: { method: "POST", url: "/v1/messages", headers: {} },
        response: { status, headers: { "content-type": "application/json" }, body }
      })
      const { code, err, out } = yield* replayOf(JSON.stringify({
        version: 1,
        interactions: [
          interaction(200, { ...start.message, content: [{ type: "text", text: "ok" }], stop_reason: "end_turn" }),
          interaction(529, JSON.parse(error)),
          interaction(400, { type: "error", error: { type: "invalid_request_error", message: "bad" } })
        ]
      }))

      assert.include(out, "1/3  POST /v1/messages")
      assert.include(out, "3/3  POST /v1/messages")
      assert.include(err, "OverloadedError (HTTP 529)")
      assert.include(err, "InvalidRequestError (HTTP 400)")
      assert.strictEqual(code, 5)
    }))

  it.effect("reads the body of a response alone", () =>
    Effect.gen(function*() {
      const message = yield* replayOf(
        JSON.stringify({ ...start.message, content: [{ type: "text", text: "Hello" }], stop_reason: "max_tokens" })
      )
      const failure = yield* replayOf(error)

      assert.include(message.out, "Hello\n")
      assert.include(message.out, "The answer is cut")
      assert.strictEqual(message.code, 7)
      assert.include(failure.err, "OverloadedError (HTTP 529)")
      assert.strictEqual(failure.code, 5)
    }))

  it.effect("refuses what holds no traffic", () =>
    Effect.gen(function*() {
      for (const content of ["", "hello", "{}", "[1]", "{\"version\":1}", "{\"response\":1}"]) {
        const { code, err } = yield* replayOf(content)

        assert.strictEqual(code, 2, content)
        assert.include(err, "no traffic")
      }
    }))

  it.effect("sends nothing", () =>
    Effect.gen(function*() {
      const { paths } = yield* files({ recording: stream })
      const { requests, targets } = yield* run(["replay", paths["recording"]!], { script: Script.empty })

      assert.lengthOf(requests, 0)
      assert.lengthOf(targets, 0)
    }).pipe(Effect.provide(layerFiles)))

  describe.skipIf(names.length === 0)("recorded traffic", () => {
    it.effect(
      "is all read, and each file ends with a code that means something",
      () =>
        Effect.forEach(names, (name) =>
          Effect.gen(function*() {
            const content = Fs.readFileSync(Path.join(recordings, name), "utf8")
            const { response } = JSON.parse(content)
            const { code, err } = yield* run(["replay", Path.join(recordings, name)])

            assert.notStrictEqual(code, 2, name)
            assert.notInclude(err, "bug in effect-claude", name)
            if (response.status >= 400) assert.notStrictEqual(code, 0, name)
            else assert.include([0, 5, 6, 7], code, name)
          })),
      { timeout: 60_000 }
    )
  })
})

describe("Recording", () => {
  describe("read", () => {
    it("takes a response without a status for one that was answered", () => {
      const [exchange] = Result.getOrThrow(Recording.read(JSON.stringify({ response: { text: stream } })))

      assert.strictEqual(exchange!.status, 200)
      assert.strictEqual(exchange!.headers["content-type"], "text/event-stream")
    })

    it("takes the status of an error that was kept alone from its type", () => {
      const statuses = ["rate_limit_error", "not_found_error", "something_new"].map((type) =>
        Result.getOrThrow(Recording.read(JSON.stringify({ type: "error", error: { type, message: "" } })))[0]!.status
      )

      assert.deepStrictEqual(statuses, [429, 404, 400])
    })
  })
})
