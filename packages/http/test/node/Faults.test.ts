import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as Message from "@effect-claude/core/Message"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import * as Zlib from "node:zlib"
import { key, question } from "../support.ts"
import { client, closedPort, delta, rawServer, start, type Transport } from "./support.ts"

const kinds = ["json", "folded", "stream"] as const

type Kind = (typeof kinds)[number]

const transports: ReadonlyArray<Transport> = ["undici", "fetch"]

const calls: { readonly [K in Kind]: Effect.Effect<Message.Message, ClaudeError, Claude.Claude> } = {
  json: Messages.create(question, { wire: "json" }),
  folded: Messages.create(question, { wire: "stream" }),
  stream: MessageStream.final(Messages.stream(question))
}

/** What a call came to, in a few words. */
const describeOutcome = (error: ClaudeError): string => {
  const detail = "phase" in error ? ` ${error.phase}` : "reason" in error ? ` ${error.reason}` : ""
  return `${error._tag}${detail}, ${error.outcome}`
}

/** A fault: how the server behaves, and what each kind of call must come to. */
interface Fault {
  readonly name: string
  readonly server: Script.Script | string | Uint8Array | "closed"
  readonly end?: boolean
  readonly options?: ClaudeConfig.Options
  readonly expected: string | { readonly [K in Kind]: string }
}

const hello = Script.reply("Hello! How are you today?")
const perEvent = Script.chunked(hello, "perEvent")
const truncated = (reason: string) => ({
  folded: `StreamTruncatedError ${reason}`,
  stream: `StreamTruncatedError ${reason}`
})
const soon = "300 millis"

const stop = `event: message_stop\ndata: {"type":"message_stop"}\n\n`

const bytes = (...parts: ReadonlyArray<string | Uint8Array>): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(part)))
const http = (head: string, body: string | Uint8Array): Uint8Array =>
  bytes(`${head}\r\ncontent-length: ${Buffer.from(body).length}\r\n\r\n`, body)
const events = (body: string | Uint8Array, head = "") =>
  http(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream${head}`, body)

const onStreams = (outcome: string) => ({ json: "ResponseDecodeError, unknown", folded: outcome, stream: outcome })

const faults: ReadonlyArray<Fault> = [
  { name: "connection refused", server: "closed", expected: "ConnectionError connect, notSent" },
  { name: "reset before headers", server: Script.resetConnection(), expected: "ConnectionError headers, unknown" },
  {
    name: "closed before headers",
    server: new Uint8Array(),
    end: true,
    expected: "ConnectionError headers, unknown"
  },
  {
    name: "reset after headers",
    server: Script.resetConnection({ when: "afterHeaders" }),
    expected: { json: "ConnectionError body, unknown", ...truncated("reset, unknown") }
  },
  {
    name: "reset mid-body",
    server: Script.cutAfter(hello, { bytes: 300 }, { by: "reset" }),
    expected: { json: "ConnectionError body, unknown", ...truncated("reset, unknown") }
  },
  {
    name: "reset mid-event, after content",
    server: Script.cutAfter(perEvent, { bytes: 900 }, { by: "reset" }),
    expected: { json: "ok", ...truncated("reset, partial") }
  },
  {
    name: "closed mid-body",
    server: Script.cutAfter(hello, { bytes: 300 }, { by: "close" }),
    expected: { json: "ConnectionError body, unknown", ...truncated("reset, unknown") }
  },
  {
    name: "ended mid-body",
    server: Script.cutAfter(hello, { bytes: 300 }),
    expected: { json: "ResponseDecodeError, unknown", ...truncated("eof, unknown") }
  },
  {
    name: "silence before headers",
    server: Script.silence,
    options: { timeouts: { headers: soon, jsonHeaders: soon } },
    expected: "ClaudeTimeoutError headers, unknown"
  },
  {
    name: "silence mid-body",
    server: Script.stall(hello, { after: { bytes: 300 } }),
    options: { timeouts: { idle: soon } },
    expected: {
      json: "ClaudeTimeoutError body, unknown",
      folded: "StreamIdleError, unknown",
      stream: "StreamIdleError, unknown"
    }
  },
  {
    name: "slow drip",
    server: Script.slow(Script.chunked(Script.reply("Hi"), { seed: 1 }), "5 millis"),
    // Longer than any gap, and shorter than all of them together, also on a busy machine.
    options: { timeouts: { idle: "900 millis" } },
    expected: "ok"
  },
  { name: "byte by byte", server: Script.chunked(Script.reply("Hi"), "perByte"), expected: "ok" },
  {
    name: "an event larger than allowed",
    server: Script.reply("x".repeat(5_000)),
    options: { limits: { event: 60 } },
    expected: { json: "ok", folded: "ResponseDecodeError, unknown", stream: "ResponseDecodeError, unknown" }
  },
  {
    name: "a body larger than allowed",
    server: Script.reply("x".repeat(5_000)),
    options: { limits: { body: 1_000 } },
    expected: { json: "ResponseDecodeError, unknown", folded: "ok", stream: "ok" }
  },
  {
    name: "invalid UTF-8",
    server: events(bytes(start, delta("a").slice(0, -70), new Uint8Array([0xff, 0xc3]), delta("a").slice(-70), stop)),
    expected: onStreams("ok")
  },
  {
    name: "invalid JSON in an event",
    server: events(`${start}data: {"type":\n\n`),
    expected: onStreams("ResponseDecodeError, partial")
  },
  {
    name: "an event of the wrong shape",
    server: events(`${start}data: {"type":"content_block_stop"}\n\n`),
    expected: onStreams("ResponseDecodeError, partial")
  },
  {
    name: "an unknown event",
    server: events(`${start}data: {"type":"tomorrow"}\n\n${delta("a")}${stop}`),
    expected: onStreams("ok")
  },
  {
    name: "CRLF, comments, retry and id lines",
    server: events(`: hi\r\nretry: 5\r\nid: 1\r\n${(start + delta("a") + stop).replaceAll("\n", "\r\n")}`),
    expected: onStreams("ok")
  },
  {
    name: "rubbish after message_stop",
    server: events(`${start}${delta("a")}${stop}data: [DONE]\n\nrubbish`),
    expected: onStreams("ok")
  },
  {
    name: "an empty event stream",
    server: events(""),
    expected: { json: "ResponseDecodeError, unknown", ...truncated("eof, unknown") }
  },
  { name: "an empty body", server: Script.garbage({ body: "" }), expected: "ResponseDecodeError, unknown" },
  { name: "a body that is not JSON", server: Script.garbage(), expected: "ResponseDecodeError, unknown" },
  {
    name: "JSON of another shape",
    server: Script.garbage({ body: `{"object":"chat.completion"}` }),
    expected: "ResponseDecodeError, unknown"
  },
  {
    name: "200 with a page of HTML",
    server: Script.garbage({ contentType: "text/html", body: "<!doctype html><h1>Welcome</h1>" }),
    expected: "ResponseDecodeError, unknown"
  },
  {
    name: "502 with a page of HTML",
    server: Script.garbage({ status: 502, contentType: "text/html", body: "<html><h1>Bad gateway</h1></html>" }),
    expected: "ApiError, unknown"
  },
  {
    name: "200 with an error in the body",
    server: Script.garbage({ body: `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}` }),
    expected: "OverloadedError, rejected"
  },
  {
    name: "an error as the only event",
    server: Script.overloadedInStream(),
    expected: "OverloadedError, rejected"
  },
  {
    name: "a status line that is none",
    server: Script.malformed(hello, "head"),
    expected: "ResponseDecodeError, unknown"
  },
  {
    name: "a chunk whose size is no number",
    server: bytes(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
      `${start.length.toString(16)}\r\n${start}\r\nnonsense\r\n`
    ),
    expected: { json: "ConnectionError body, unknown", ...truncated("reset, partial") }
  },
  {
    name: "content-length that promises too much",
    server: Script.malformed(hello, "longLength"),
    expected: { json: "ConnectionError body, unknown", folded: "ok", stream: "ok" }
  },
  {
    name: "1xx before the answer",
    server: bytes(
      "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
      events(start + delta("a") + stop)
    ),
    expected: onStreams("ok")
  },
  {
    name: "gzip though identity was asked for",
    server: events(Zlib.gzipSync(start + delta("a") + stop), "\r\ncontent-encoding: gzip"),
    expected: onStreams("ok")
  },
  {
    name: "the connection closed after each answer",
    server: events(start + delta("a") + stop, "\r\nconnection: close"),
    end: true,
    expected: onStreams("ok")
  }
]

/** What was seen, for the table at the end. */
const seen: Array<
  { readonly fault: string; readonly transport: Transport; readonly kind: Kind; readonly outcome: string }
> = []
const rejections: Array<unknown> = []
const onRejection = (reason: unknown) => rejections.push(reason)

beforeAll(() => {
  process.on("unhandledRejection", onRejection)
})

afterAll(() => {
  process.off("unhandledRejection", onRejection)
  const rows = faults.flatMap(({ name }) =>
    transports.map((transport) => {
      const of = (kind: Kind) =>
        seen.find((row) => row.fault === name && row.transport === transport && row.kind === kind)?.outcome ?? "not run"
      return { fault: name, transport, json: of("json"), folded: of("folded"), stream: of("stream") }
    })
  )
  const line = (cells: ReadonlyArray<string>) => cells.map((cell, i) => cell.padEnd([42, 7, 38, 38, 38][i]!)).join(" ")
  writeSync(1, `\n${line(["Fault", "client", "create, JSON", "create, folded", "stream"])}\n`)
  for (const row of rows) {
    writeSync(1, `${line([row.fault, row.transport, row.json, row.folded, row.stream])}\n`)
  }
  assert.deepStrictEqual(rejections, [])
})

/** Runs a call against a fault, without retries, and says what it came to. */
const survive = (fault: Fault, transport: Transport, kind: Kind) =>
  Effect.gen(function*() {
    const server = typeof fault.server === "string" && fault.server === "closed"
      ? { url: yield* closedPort, open: Effect.succeed(0) }
      : Script.isScript(fault.server)
      ? yield* ClaudeServer.make(fault.server)
      : { ...(yield* rawServer(fault.server, { end: fault.end === true })), open: Effect.succeed(0) }
    const outcome = yield* calls[kind].pipe(
      Claude.withRetry(RetryPolicy.never),
      Effect.match({ onFailure: (error) => error, onSuccess: () => undefined }),
      Effect.provide(client(transport, server.url, fault.options)),
      Effect.timeout("5 seconds")
    )
    if (outcome !== undefined) {
      assert.notInclude(JSON.stringify(outcome), key)
      assert.notInclude(String(outcome.stack), key)
      assert.strictEqual(outcome.attempts?.count ?? 1, 1)
    }
    // The server notices a closed connection a moment later.
    yield* Effect.sleep("5 millis").pipe(
      Effect.repeat({ until: () => Effect.map(server.open, (open) => open === 0), times: 100 })
    )
    assert.strictEqual(yield* server.open, 0)
    return outcome === undefined ? "ok" : describeOutcome(outcome)
  })

describe("Faults survived", () => {
  for (const fault of faults) {
    for (const transport of transports) {
      for (const kind of kinds) {
        it.live(`${fault.name}: ${kind} over ${transport}`, () =>
          Effect.gen(function*() {
            const outcome = yield* survive(fault, transport, kind)
            seen.push({ fault: fault.name, transport, kind, outcome })

            assert.strictEqual(outcome, typeof fault.expected === "string" ? fault.expected : fault.expected[kind])
          }))
      }
    }
  }

  for (const transport of transports) {
    for (const status of [301, 302, 303, 307, 308]) {
      it.live(`does not follow a ${status} over ${transport}`, () =>
        Effect.gen(function*() {
          const target = yield* rawServer(events(start + stop))
          const server = yield* rawServer(http(`HTTP/1.1 ${status} Moved\r\nlocation: ${target.url}/v1/messages`, ""))
          const errors = yield* Effect.forEach(kinds, (kind) => Effect.flip(calls[kind])).pipe(
            Effect.provide(client(transport, server.url))
          )

          assert.deepStrictEqual(errors.map(({ _tag }) => _tag), kinds.map(() => "UnexpectedStatusError"))
          assert.strictEqual(server.hits(), 3)
          assert.strictEqual(target.hits(), 0)
        }))
    }

    it.live(`gives every status from 400 to 599 its tag over ${transport}`, () =>
      Effect.gen(function*() {
        for (let status = 400; status <= 599; status++) {
          // The fetch standard turns a demand for proxy credentials into a failure of the network.
          if (status === 407 && transport === "fetch") continue
          const server = yield* rawServer(
            http(`HTTP/1.1 ${status} X\r\ncontent-type: text/plain`, "no healthy upstream")
          )
          const error = yield* Effect.flip(calls.stream).pipe(
            Claude.withRetry(RetryPolicy.never),
            Effect.provide(client(transport, server.url)),
            Effect.scoped
          )
          assert.strictEqual(error._tag, ErrorTable.tagOf({ status, message: "no healthy upstream" }))
          assert.strictEqual(error.status, status)
        }
      }).pipe(Effect.scoped), 30_000)

    it.live(`uses a connection again after each kind of call over ${transport}`, () =>
      Effect.gen(function*() {
        const server = yield* ClaudeServer.make(Script.forever(hello))
        yield* Effect.forEach([...kinds, ...kinds, ...kinds, ...kinds], (kind) => calls[kind]).pipe(
          Effect.provide(client(transport, server.url))
        )

        assert.strictEqual(yield* server.acceptedSockets, 1)
      }))

    it.live(`survives connections the server closes between requests over ${transport}`, () =>
      Effect.gen(function*() {
        const server = yield* ClaudeServer.make(Script.forever(hello), { keepAlive: 5 })
        const texts = yield* Effect.forEach(Array.from({ length: 30 }, (_, i) => i), (i) =>
          Effect.andThen(Effect.sleep(i % 3 === 0 ? "6 millis" : "1 millis"), calls[kinds[i % 3]!])).pipe(
            Effect.provide(client(transport, server.url))
          )

        assert.deepStrictEqual(new Set(texts.map(Message.text)), new Set(["Hello! How are you today?"]))
      }))
  }

  it.live("survives connections over undici that are reset as soon as an answer was sent, without a retry", () =>
    Effect.gen(function*() {
      const server = yield* ClaudeServer.make(
        Script.forever(Script.cutAfter(hello, { bytes: 100_000 }, { by: "reset" }))
      )
      const texts = yield* Effect.forEach(Array.from({ length: 10 }), () => calls.json).pipe(
        Claude.withRetry(RetryPolicy.never),
        Effect.provide(client("undici", server.url))
      )

      assert.deepStrictEqual(new Set(texts.map(Message.text)), new Set(["Hello! How are you today?"]))
    }))
})
