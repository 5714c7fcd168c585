/**
 * Every fault that transports meet, as one line of a script: in process and on a
 * socket it comes to the same. `Faults.test.ts` has the same faults from a server
 * that knows no scripts.
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { key, question } from "../support.ts"
import { client } from "./support.ts"

const calls: ReadonlyArray<Effect.Effect<Message.Message, ClaudeError, Claude.Claude>> = [
  Messages.create(question, { wire: "json" }),
  MessageStream.final(Messages.stream(question))
]

const limits = { event: 4_000, body: 8_000 }

/** Only silence is waited for: other answers may take as long as a busy machine wants. */
const optionsOf = (name: string): ClaudeConfig.Options =>
  name.startsWith("silence")
    ? { limits, timeouts: { headers: "300 millis", jsonHeaders: "300 millis", idle: "300 millis" } }
    : { limits }

const hello = Script.reply("Hello! How are you today?")
const start = `data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m",` +
  `"content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n`
const text = `data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hi"}}\n\n` +
  `data: {"type":"content_block_stop","index":0}\n\n`
const stop = `data: {"type":"message_stop"}\n\n`
const noStream = "ResponseDecodeError, unknown"

/** A fault, and what it comes to: for JSON, for a stream. */
const faults: ReadonlyArray<readonly [name: string, script: Script.Script, json: string, stream: string]> = [
  [
    "reset before headers",
    Script.resetConnection(),
    "ConnectionError headers, unknown",
    "ConnectionError headers, unknown"
  ],
  ["closed before headers", Script.raw(""), "ConnectionError headers, unknown", "ConnectionError headers, unknown"],
  [
    "reset after headers",
    Script.resetConnection({ when: "afterHeaders" }),
    "ConnectionError body, unknown",
    "StreamTruncatedError reset, unknown"
  ],
  [
    "reset mid-body",
    Script.resetConnection({ when: 300 }),
    "ConnectionError body, unknown",
    "StreamTruncatedError reset, unknown"
  ],
  [
    "reset mid-event, after content",
    Script.cutAfter(hello, { bytes: 900 }, { by: "reset" }),
    "ok",
    "StreamTruncatedError reset, partial"
  ],
  [
    "closed mid-body",
    Script.cutAfter(hello, { bytes: 300 }, { by: "close" }),
    "ConnectionError body, unknown",
    "StreamTruncatedError reset, unknown"
  ],
  ["ended mid-body", Script.cutAfter(hello, { bytes: 300 }), noStream, "StreamTruncatedError eof, unknown"],
  [
    "silence before headers",
    Script.silence,
    "ClaudeTimeoutError headers, unknown",
    "ClaudeTimeoutError headers, unknown"
  ],
  [
    "silence mid-body",
    Script.stall(hello, { after: { bytes: 300 } }),
    "ClaudeTimeoutError body, unknown",
    "StreamIdleError, unknown"
  ],
  ["a slow drip", Script.slow(hello, "5 millis"), "ok", "ok"],
  ["byte by byte", Script.chunked(hello, "perByte"), "ok", "ok"],
  [
    "an event larger than allowed",
    Script.sse(`data: {"type":"${"x".repeat(5_000)}"}\n\n`),
    noStream,
    "ResponseDecodeError, unknown"
  ],
  ["a body larger than allowed", Script.garbage({ body: " ".repeat(9_000) }), noStream, noStream],
  [
    "invalid UTF-8",
    Script.sse(Buffer.from(`${start}${text.replace("Hi", "\xff\xc3")}${stop}`, "latin1")),
    noStream,
    "ok"
  ],
  [
    "invalid JSON in an event",
    Script.sse(`${start}${text}data: {"type":\n\n`),
    noStream,
    "ResponseDecodeError, partial"
  ],
  [
    "an event of the wrong shape",
    Script.sse(`${start}${text}data: {"type":"content_block_stop"}\n\n`),
    noStream,
    "ResponseDecodeError, partial"
  ],
  ["an unknown event", Script.sse(`${start}data: {"type":"tomorrow"}\n\n${text}${stop}`), noStream, "ok"],
  [
    "CRLF, comments, retry and id lines",
    Script.sse(`: hi\r\nretry: 5\r\nid: 1\r\n${(start + text + stop).replaceAll("\n", "\r\n")}`),
    noStream,
    "ok"
  ],
  ["rubbish after message_stop", Script.sse(`${start}${text}${stop}data: [DONE]\n\nrubbish`), noStream, "ok"],
  ["an empty event stream", Script.sse(""), noStream, "StreamTruncatedError eof, unknown"],
  ["an empty body", Script.garbage({ body: "" }), noStream, noStream],
  ["a body that is not JSON", Script.garbage(), noStream, noStream],
  ["JSON of another shape", Script.garbage({ body: `{"object":"chat.completion"}` }), noStream, noStream],
  ["200 with a page of HTML", Script.garbage({ contentType: "text/html", body: "<h1>Hi</h1>" }), noStream, noStream],
  [
    "502 with a page of HTML",
    Script.garbage({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" }),
    "ApiError, unknown",
    "ApiError, unknown"
  ],
  [
    "200 with an error in the body",
    Script.garbage({ body: `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}` }),
    "OverloadedError, rejected",
    "OverloadedError, rejected"
  ],
  ["an error as the only event", Script.overloadedInStream(), "OverloadedError, rejected", "OverloadedError, rejected"],
  [
    "a status line that is none",
    Script.malformed(hello, "head"),
    "ResponseDecodeError, unknown",
    "ResponseDecodeError, unknown"
  ],
  [
    "a chunk whose size is no number",
    Script.malformed(Script.sse(start + text), "chunk"),
    "any",
    "StreamTruncatedError reset, partial"
  ],
  [
    "content-length that promises too much",
    Script.malformed(hello, "longLength"),
    "ConnectionError body, unknown",
    "ok"
  ],
  ["1xx before the answer", Script.informational(hello, [103, 102]), "ok", "ok"],
  ["gzip though identity was asked for", Script.gzip(hello), "ok", "ok"],
  ["the connection closed after the answer", Script.withHeaders(hello, { connection: "close" }), "ok", "ok"],
  [
    "a redirect",
    Script.status(307, { headers: { location: "/" } }),
    "UnexpectedStatusError, rejected",
    "UnexpectedStatusError, rejected"
  ]
]

const describeOutcome = (error: ClaudeError): string => {
  const detail = "phase" in error ? ` ${error.phase}` : "reason" in error ? ` ${error.reason}` : ""
  return `${error._tag}${detail}, ${error.outcome}`
}

const outcomes = <E>(layer: Layer.Layer<Claude.Claude, E>) =>
  Effect.forEach(
    calls,
    (call) =>
      Effect.match(Claude.withRetry(call, RetryPolicy.never), { onFailure: describeOutcome, onSuccess: () => "ok" })
  ).pipe(
    Effect.provide(layer)
  )

const inProcess = (script: Script.Script, options?: ClaudeConfig.Options) =>
  outcomes(Layer.provide(Claude.layer({ apiKey: Redacted.make(key), ...options }), ClaudeTest.layer(script)))

const onSocket = (script: Script.Script, options?: ClaudeConfig.Options) =>
  Effect.flatMap(ClaudeServer.make(script), ({ url }) => outcomes(client("undici", url, options)))

describe("Faults in a line of a script", () => {
  for (const [name, script, json, stream] of faults) {
    it.live(name, () =>
      Effect.gen(function*() {
        const always = Script.forever(script)
        const expected = [json, stream].map((each, kind) => ({ each, kind })).filter(({ each }) => each !== "any")
        for (const seen of [yield* inProcess(always, optionsOf(name)), yield* onSocket(always, optionsOf(name))]) {
          assert.deepStrictEqual(expected.map(({ kind }) => seen[kind]), expected.map(({ each }) => each))
        }
      }).pipe(Effect.scoped))
  }

  it.effect("a connection that is refused, and others that never come about", () =>
    Effect.gen(function*() {
      for (const code of ["ECONNREFUSED", "ENOTFOUND", "SELF_SIGNED_CERT_IN_CHAIN"]) {
        const script = Script.unreachable(code === "ECONNREFUSED" ? undefined : { code })
        const error = yield* Messages.create(question).pipe(
          Claude.withRetry(RetryPolicy.never),
          Effect.flip,
          Effect.provide(
            Layer.provide(Claude.layer({ apiKey: Redacted.make(key) }), ClaudeTest.layer(Script.forever(script)))
          )
        )

        assert.strictEqual(describeOutcome(error), "ConnectionError connect, notSent")
        assert.include(error.message, code)
      }
    }))
})
