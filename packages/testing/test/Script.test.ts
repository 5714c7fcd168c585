import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Ref, Schema, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

const prompt = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] }

const post = (body: unknown) =>
  HttpClientRequest.post("https://api.anthropic.com/v1/messages").pipe(
    HttpClientRequest.setHeaders(ClaudeTest.headers),
    HttpClientRequest.bodyJsonUnsafe(body),
    HttpClient.execute
  )

const get = (path: string) => HttpClient.get(`https://api.anthropic.com${path}`, { headers: ClaudeTest.headers })

const stream = post({ ...prompt, stream: true })

/** Sends requests one after the other and returns their statuses. */
const statuses = (script: Script.Script, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.map(post(prompt), ({ status }) => status)).pipe(
    Effect.provide(ClaudeTest.layer(script))
  )

/** Reads a stream in the pieces it arrives in, and how it ended. */
const read = (script: Script.Script, seed = 0) =>
  Effect.gen(function*() {
    const response = yield* stream
    const pieces: Array<Uint8Array> = []
    const exit = yield* Stream.runForEach(response.stream, (piece) => Effect.sync(() => pieces.push(piece))).pipe(
      Effect.exit
    )
    return { pieces, text: Buffer.concat(pieces).toString("utf8"), ended: Exit.isSuccess(exit) }
  }).pipe(Effect.provide(ClaudeTest.layer(script, { seed })))

const types = (text: string) => [...text.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type)

const text = "It’s 18 °C in Zürich 🌤️, and the forecast says it will stay so."

const json = (script: Script.Script, body: unknown = prompt) =>
  Effect.flatMap(post(body), (response) => response.json).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Schema.Record(Schema.String, Schema.Json))),
    Effect.provide(ClaudeTest.layer(script))
  )

const At = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 }))

describe("Script", () => {
  describe("sequence", () => {
    it.effect("answers in order", () =>
      Effect.gen(function*() {
        const script = Script.sequence(Script.status(529), Script.status(500), Script.reply("Hi"))

        assert.deepStrictEqual(yield* statuses(script, 4), [529, 500, 200, 400])
      }))
  })

  describe("gateway", () => {
    const gateways: ReadonlyArray<readonly [Script.Gateway, number, RegExp, RegExp]> = [
      ["cloudflare520", 520, /^text\/html/, /<title>.*520: Web server is returning an unknown error/],
      ["cloudflare524", 524, /^text\/html/, /<title>.*524: A timeout occurred/],
      ["cloudflare524Json", 524, /^application\/json/, /"retry_after":120/],
      ["envoy503", 503, /^text\/plain/, /^upstream connect error or disconnect\/reset before headers/],
      ["litellm429", 429, /^application\/json/, /^\{"error":\{"message":"litellm.RateLimitError: .*"code":"429"\}\}$/],
      ["litellm500", 500, /^application\/json/, /litellm.InternalServerError/],
      ["nginx413", 413, /^text\/html/, /<h1>413 Request Entity Too Large<\/h1>/],
      ["nginx502", 502, /^text\/html/, /<center>nginx<\/center>/]
    ]

    for (const [name, status, contentType, text] of gateways) {
      it.effect(`${name} responds in its own form, without headers of the API`, () =>
        Effect.gen(function*() {
          const response = yield* post(prompt)

          assert.strictEqual(response.status, status)
          assert.match(response.headers["content-type"] ?? "", contentType)
          assert.match(yield* response.text, text)
          assert.deepStrictEqual(
            Object.keys(response.headers).filter((name) => /request-id|anthropic/.test(name)),
            []
          )
        }).pipe(Effect.provide(ClaudeTest.layer(Script.gateway(name)))))
    }
  })

  describe("interleave", () => {
    it.effect("opens all blocks first, and mixes their deltas", () =>
      Effect.gen(function*() {
        const script = Script.reply({ thinking: "one two three four five six seven", text: "a b c d e f g h i j" })
        const plain = yield* read(script)
        const mixed = yield* read(Script.interleave(script))
        const indexes = [...mixed.text.matchAll(/"content_block_delta","index":(\d)/g)].map(([, index]) => index)

        assert.sameMembers(mixed.text.split("\n\n"), plain.text.split("\n\n"))
        assert.deepStrictEqual(types(mixed.text).slice(0, 3).filter((type) => type === "content_block_start").length, 1)
        assert.deepStrictEqual(types(mixed.text).slice(-4), [
          "content_block_stop",
          "content_block_stop",
          "message_delta",
          "message_stop"
        ])
        assert.deepStrictEqual(indexes.slice(0, 4), ["0", "1", "0", "1"])
      }))

    it.effect("leaves a response that is not a stream", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* json(Script.interleave(Script.reply("Hi"))), yield* json(Script.reply("Hi")))
      }))
  })

  describe("forever", () => {
    it.effect("starts over when its script is spent", () =>
      Effect.gen(function*() {
        const script = Script.forever(Script.sequence(Script.status(529), Script.reply("Hi")))

        assert.deepStrictEqual(yield* statuses(script, 5), [529, 200, 529, 200, 529])
      }))

    it.effect("of nothing is nothing", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* statuses(Script.forever(Script.empty), 1), [400])
      }))
  })

  describe("times", () => {
    it.effect("takes so many answers of an endless script", () =>
      Effect.gen(function*() {
        const script = Script.sequence(Script.times(Script.model(), 2), Script.status(529))

        assert.deepStrictEqual(yield* statuses(script, 3), [200, 200, 529])
      }))

    it.effect("starts over when its script is spent", () =>
      Effect.gen(function*() {
        const script = Script.sequence(
          Script.times(Script.sequence(Script.status(500), Script.status(502)), 3),
          Script.status(529)
        )

        assert.deepStrictEqual(yield* statuses(script, 5), [500, 502, 500, 529, 400])
      }))
  })

  describe("respondWith", () => {
    it.effect("answers as a function of the request", () =>
      Effect.gen(function*() {
        const script = Script.respondWith(({ index }) => index === 0 ? Script.status(529) : Script.reply(`${index}`))

        assert.deepStrictEqual(yield* statuses(script, 3), [529, 200, 200])
      }))
  })

  describe("when", () => {
    it.effect("leaves other requests to the resources", () =>
      Effect.gen(function*() {
        const models = yield* get("/v1/models")
        const message = yield* post(prompt)

        assert.deepStrictEqual([models.status, message.status], [200, 529])
      }).pipe(Effect.provide(ClaudeTest.layer(
        Script.status(529).pipe(Script.when(({ path }) => path === "/v1/messages"))
      ))))
  })

  describe("message", () => {
    it.effect.each([
      { name: "a reply", script: Script.reply("Hi") },
      { name: "events", script: Script.events([{ type: "ping" }]) },
      { name: "the model", script: Script.model() }
    ])("answers no other endpoint, and is not spent by one: $name", ({ script }) =>
      Effect.gen(function*() {
        const { script: left } = yield* ClaudeTest.ClaudeTest
        const models = yield* Effect.flatMap(get("/v1/models"), (response) => response.text)

        assert.include(models, "claude-opus-5")
        assert.strictEqual(yield* Ref.get(left), script)
      }).pipe(Effect.provide(ClaudeTest.layer(script))))

    it.effect("fills in what is left out", () =>
      Effect.gen(function*() {
        const message = yield* json(Script.toolCall("get_weather", { city: "Paris" }, { text: "One moment." }))

        assert.match(String(message["id"]), /^msg_01/)
        assert.strictEqual(message["stop_reason"], "tool_use")
        assert.containSubset(message["content"], [
          { type: "text", text: "One moment." },
          { type: "tool_use", name: "get_weather", input: { city: "Paris" } }
        ])
        assert.match(JSON.stringify(message["content"]), /"id":"toolu_01\w{22}"/)
      }))

    it.effect("keeps what is given", () =>
      Effect.gen(function*() {
        const message = yield* json(Script.reply({
          text: "Hi",
          thinking: "Short.",
          id: "msg_1",
          model: "claude-opus-5",
          stop_reason: "max_tokens",
          usage: { output_tokens: 7, service_tier: "priority" }
        }))

        assert.containSubset(message, {
          id: "msg_1",
          model: "claude-opus-5",
          stop_reason: "max_tokens",
          usage: { output_tokens: 7, service_tier: "priority" },
          content: [{ type: "thinking", thinking: "Short." }, { type: "text", text: "Hi" }]
        })
      }))

    it.effect("refuses as a message that stops for it", () =>
      Effect.gen(function*() {
        const message = yield* json(Script.refusal("Not that."))

        assert.containSubset(message, {
          stop_reason: "refusal",
          content: [],
          stop_details: { type: "refusal", explanation: "Not that." }
        })
      }))
  })

  describe("events", () => {
    it.effect("sends exactly these", () =>
      Effect.gen(function*() {
        const { ended, text } = yield* read(Script.events([{ type: "ping" }, { type: "vault_opened", at: 1 }]))

        assert.deepStrictEqual(types(text), ["ping", "vault_opened"])
        assert.isTrue(ended)
      }))

    it.effect("are the message they finish, for a request that is no stream", () =>
      Effect.gen(function*() {
        const message = {
          id: "msg_1",
          type: "message",
          role: "assistant",
          model: "claude-opus-5",
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 1, output_tokens: 1 }
        }
        const events = [
          { type: "message_start", message },
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
          { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
          { type: "content_block_stop", index: 0 },
          {
            type: "message_delta",
            delta: { stop_reason: "end_turn", stop_sequence: null },
            usage: { output_tokens: 2 }
          },
          { type: "message_stop" }
        ]

        assert.containSubset(yield* json(Script.events(events)), {
          id: "msg_1",
          content: [{ type: "text", text: "Hi" }],
          usage: { output_tokens: 2 }
        })
      }))
  })

  describe("status", () => {
    it.effect.each([
      [400, "invalid_request_error"],
      [401, "authentication_error"],
      [403, "permission_error"],
      [404, "not_found_error"],
      [413, "request_too_large"],
      [429, "rate_limit_error"],
      [500, "api_error"],
      [504, "timeout_error"],
      [529, "overloaded_error"]
    ])("%i has the type the API uses with it", ([status, type]) =>
      Effect.gen(function*() {
        const response = yield* post(prompt)
        const body = yield* response.json

        assert.strictEqual(response.status, status)
        assert.containSubset(body, { type: "error", error: { type }, request_id: response.headers["request-id"] })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.status(Number(status))))))

    it.effect("says what it is told to", () =>
      Effect.gen(function*() {
        const response = yield* post(prompt)

        assert.containSubset(yield* response.json, {
          error: { type: "custom_error", message: "Later.", details: { error_code: "ramp_limit_exceeded" } }
        })
        assert.strictEqual(response.headers["x-tra"], "1")
      }).pipe(Effect.provide(ClaudeTest.layer(
        Script.status(429, {
          type: "custom_error",
          message: "Later.",
          code: "ramp_limit_exceeded",
          headers: { "x-tra": "1" }
        })
      ))))

    it.effect("redirects without a body", () =>
      Effect.gen(function*() {
        const response = yield* post(prompt)

        assert.deepStrictEqual([response.status, yield* response.text], [307, ""])
        assert.strictEqual(response.headers["location"], "https://example.com")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.status(307, { headers: { location: "https://example.com" } })))))
  })

  describe("rateLimited", () => {
    it.effect.each(
      [
        { hint: "90 seconds", header: "90" },
        { hint: { header: "Fri, 01 Jan 2027 00:00:00 GMT" }, header: "Fri, 01 Jan 2027 00:00:00 GMT" },
        { hint: undefined, header: undefined }
      ] as const
    )("hints $header", ({ header, hint }) =>
      Effect.gen(function*() {
        const response = yield* post(prompt)

        assert.strictEqual(response.status, 429)
        assert.strictEqual(response.headers["retry-after"], header)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.rateLimited({ retryAfter: hint })))))
  })

  describe("overloadedInStream", () => {
    it.effect("breaks a stream off with an error event", () =>
      Effect.gen(function*() {
        const first = yield* read(Script.overloadedInStream())
        const later = yield* read(Script.overloadedInStream({ after: 3 }))

        assert.deepStrictEqual(types(first.text), ["error"])
        assert.deepStrictEqual(types(later.text), ["message_start", "content_block_start", "ping", "error"])
        assert.include(first.text, `"type":"overloaded_error"`)
      }))

    it.effect("is a 529 for a request that is no stream", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* statuses(Script.overloadedInStream({ after: 3 }), 1), [529])
      }))
  })

  describe("garbage", () => {
    it.effect("is not what it says", () =>
      Effect.gen(function*() {
        const response = yield* post(prompt)

        assert.strictEqual(response.headers["content-type"], "application/json")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(response.json)))
      }).pipe(Effect.provide(ClaudeTest.layer(Script.garbage()))))
  })

  describe("sse", () => {
    it.effect("sends exactly these bytes, in pieces that end where events do", () =>
      Effect.gen(function*() {
        const body = ": hello\r\n\r\nevent: ping\ndata: {}\n\ndata: half"
        const { pieces, text } = yield* read(Script.sse(body))
        const cut = yield* read(Script.sse(body).pipe(Script.cutAfter({ events: 2 })))

        assert.strictEqual(text, body)
        assert.deepStrictEqual(pieces.map((piece) => piece.length), [11, 22, 10])
        assert.strictEqual(cut.text, body.slice(0, 33))
      }))

    it.effect("keeps bytes that are no text", () =>
      Effect.gen(function*() {
        const { pieces } = yield* read(Script.sse(new Uint8Array([0xff, 10, 10, 0xc3])))

        assert.deepStrictEqual(pieces.map((piece) => [...piece]), [[0xff, 10, 10], [0xc3]])
      }))
  })

  describe("raw", () => {
    const response = (script: Script.Script) =>
      Effect.gen(function*() {
        const response = yield* post(prompt)
        return [response.status, response.headers["x-tra"], yield* Effect.exit(response.text)] as const
      }).pipe(Effect.provide(ClaudeTest.layer(script)))

    it.effect("is read as a client reads it", () =>
      Effect.gen(function*() {
        const early = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
        const sized = "HTTP/1.1 418 I'm a teapot\r\nX-Tra: 1\r\nContent-Length: 2\r\n\r\nHi and more"
        const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nHi\r\n1\r\n!\r\n0\r\n\r\n"
        const open = "HTTP/1.0 200 OK\r\nx-tra:1\r\n\r\nHi"

        assert.deepStrictEqual(yield* response(Script.raw(early + sized)), [418, "1", Exit.succeed("Hi")])
        assert.deepStrictEqual(yield* response(Script.raw(chunked)), [200, undefined, Exit.succeed("Hi!")])
        assert.deepStrictEqual(yield* response(Script.raw(open)), [200, "1", Exit.succeed("Hi")])
      }))

    it.effect("fails where a client fails", () =>
      Effect.gen(function*() {
        const short = yield* response(Script.raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nHi"))
        const broken = yield* response(Script.raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nHi"))
        const none = yield* Effect.exit(response(Script.raw("SSH-2.0-OpenSSH_9.9\r\n")))

        assert.isTrue(Exit.isFailure(short[2]))
        assert.isTrue(Exit.isFailure(broken[2]))
        assert.isTrue(Exit.isFailure(none))
      }))
  })

  describe("cutAfter", () => {
    it.effect.prop(
      "leaves a prefix of so many bytes, and ends as told",
      { at: At, by: Schema.Literals(["end", "close", "reset"]) },
      ({ at, by }) =>
        Effect.gen(function*() {
          const whole = yield* read(Script.reply(text))
          const cut = yield* read(Script.reply(text).pipe(Script.cutAfter({ bytes: at }, { by })))

          assert.deepStrictEqual(
            Buffer.concat(cut.pieces),
            Buffer.concat(whole.pieces).subarray(0, at)
          )
          assert.strictEqual(cut.ended, by === "end")
        })
    )

    it.effect("counts events", () =>
      Effect.gen(function*() {
        const { text: cut } = yield* read(
          Script.reply(text).pipe(Script.chunked("perByte"), Script.cutAfter({ events: 2 }))
        )

        assert.deepStrictEqual(types(cut), ["message_start", "content_block_start"])
        assert.isTrue(cut.endsWith("\n\n"))
      }))

    it.effect("counts events in pieces that were cut anywhere before", () =>
      Effect.gen(function*() {
        const whole = yield* read(Script.reply(text))
        for (const events of [1, 2, 3, 5]) {
          const { text: cut } = yield* read(
            Script.reply(text).pipe(
              Script.chunked([5, 30, 333, 334]),
              Script.pause({ bytes: 200 }, 0),
              Script.chunked({ seed: events }),
              Script.cutAfter({ events })
            )
          )

          assert.strictEqual(types(cut).length, events)
          assert.isTrue(whole.text.startsWith(cut) && cut.endsWith("\n\n"))
        }
      }))

    it.effect("shortens the announced length when it ends the response", () =>
      Effect.gen(function*() {
        const response = yield* post(prompt)

        assert.strictEqual(yield* response.text, `{"model"`)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hi").pipe(Script.cutAfter({ bytes: 8 }))))))
  })

  describe("chunked", () => {
    it.effect.prop(
      "changes the pieces and never the bytes",
      { chunking: Schema.Union([Schema.Array(At), Schema.Struct({ seed: Schema.Int })]) },
      ({ chunking }) =>
        Effect.gen(function*() {
          const whole = yield* read(Script.reply(text))
          const chunked = yield* read(Script.reply(text).pipe(Script.chunked(chunking)))

          assert.strictEqual(chunked.text, whole.text)
        })
    )

    it.effect("cuts at each byte, at each event, nowhere, or where it is told", () =>
      Effect.gen(function*() {
        const pieces = (chunking: Script.Chunking) =>
          Effect.map(read(Script.reply(text).pipe(Script.chunked(chunking))), ({ pieces }) =>
            pieces.map((piece) => piece.length))
        const size = (yield* pieces("whole"))[0]!

        assert.deepStrictEqual(yield* pieces("whole"), [size])
        assert.deepStrictEqual(
          yield* pieces("perByte"),
          Array.from({ length: size }, () =>
            1)
        )
        assert.deepStrictEqual(yield* pieces([10, 3, 10_000]), [3, 7, size - 10])
        assert.strictEqual((yield* pieces("perEvent")).length, types((yield* read(Script.reply(text))).text).length)
        assert.isAbove((yield* pieces({ seed: 1 })).length, size / 40)
      }))
  })

  describe("travel in time", () => {
    /** The virtual times at which the pieces of a response arrive. */
    const arrivals = (script: Script.Script) =>
      Effect.gen(function*() {
        const times: Array<number> = []
        const start = yield* Clock.currentTimeMillis
        const now = Effect.map(Clock.currentTimeMillis, (time) => {
          times.push(time - start)
        })
        const fiber = yield* Effect.forkChild(Effect.gen(function*() {
          const response = yield* stream
          yield* now
          yield* Stream.runForEach(response.stream, () => now)
        }))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.interrupt(fiber)
        return times
      }).pipe(Effect.provide(ClaudeTest.layer(script)))

    const three = Script.events([{ type: "ping" }, { type: "ping" }, { type: "ping" }])

    it.effect("delay waits before the headers", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* arrivals(Script.delay(three, "2 seconds")), [2000, 2000, 2000, 2000])
      }))

    it.effect("slow waits before each piece", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* arrivals(Script.slow(three, "2 seconds")), [0, 2000, 4000, 6000])
      }))

    it.effect("pause loses nothing", () =>
      Effect.gen(function*() {
        const whole = yield* read(Script.reply(text))
        const paused = yield* read(Script.reply(text).pipe(Script.pause({ bytes: 100 }, 0)))

        assert.strictEqual(paused.text, whole.text)
      }))

    it.effect("pause waits once", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* arrivals(Script.pause(three, { events: 2 }, "5 seconds")), [0, 0, 0, 5000])
      }))

    it.effect("stall says nothing more", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* arrivals(Script.stall(three, { after: { events: 2 } })), [0, 0, 0])
        assert.deepStrictEqual(yield* arrivals(Script.stall(three, { after: "headers" })), [0])
        assert.deepStrictEqual(yield* arrivals(Script.silence), [])
      }))

    it.effect("each change applies to what the changes before it made", () =>
      Effect.gen(function*() {
        const script = three.pipe(Script.chunked([5]), Script.cutAfter({ events: 1 }), Script.slow("1 second"))

        assert.deepStrictEqual(yield* arrivals(script), [0, 1000, 2000])
      }))
  })

  describe("withHeaders", () => {
    it.effect("adds and removes headers", () =>
      Effect.gen(function*() {
        const response = yield* post(prompt)

        assert.strictEqual(response.headers["x-tra"], "1")
        assert.isUndefined(response.headers["x-should-retry"])
      }).pipe(Effect.provide(ClaudeTest.layer(
        Script.status(529).pipe(Script.withHeaders({ "x-tra": "1", "x-should-retry": undefined }))
      ))))
  })
})
