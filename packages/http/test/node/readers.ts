/** Every way to read a body, and the bodies that a server sends for each. */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import * as Batches from "@effect-claude/http/Batches"
import type * as Claude from "@effect-claude/http/Claude"
import * as Files from "@effect-claude/http/Files"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Raw from "@effect-claude/http/Raw"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { question } from "../support.ts"
import { delta, start } from "./support.ts"

const text = (bytes: Stream.Stream<Uint8Array, ClaudeError, Claude.Claude>) => Stream.mkString(Stream.decodeText(bytes))

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [{ type: "text", text: "Hello!" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
}

const line = (id: string) => `${JSON.stringify({ custom_id: id, result: { type: "succeeded", message } })}\n`

const counts = { processing: 0, succeeded: 2, errored: 0, canceled: 0, expired: 0 }

/** A batch that has ended with two results. */
export const batch = {
  id: "msgbatch_1",
  type: "message_batch",
  processing_status: "ended",
  request_counts: counts,
  ended_at: "2026-01-01T00:00:00Z",
  created_at: "2026-01-01T00:00:00Z",
  expires_at: "2026-01-02T00:00:00Z",
  archived_at: null,
  cancel_initiated_at: null,
  results_url: "https://example.com/results"
} as const

/** A way to read a body. */
export interface Reader {
  readonly name: string
  readonly read: Effect.Effect<string, ClaudeError, Claude.Claude>
  /** The whole body, and what is read of it. */
  readonly body: string
  readonly result: string
}

export const readers: ReadonlyArray<Reader> = [
  {
    name: "Messages.create",
    read: Effect.map(Messages.create(question), Message.text),
    body: JSON.stringify(message),
    result: "Hello!"
  },
  {
    name: "Messages.stream",
    read: Stream.mkString(MessageStream.text(Messages.stream(question))),
    body: `${start}${delta("Hello!")}event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":` +
      `"end_turn"},"usage":{"output_tokens":2}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n`,
    result: "Hello!"
  },
  { name: "Files.download", read: text(Files.download("file_1")), body: "the whole file", result: "the whole file" },
  {
    name: "Batches.results",
    read: Effect.map(
      Stream.runCollect(Batches.results(batch)),
      (all) => all.map(({ custom_id }) => custom_id).join()
    ),
    body: line("a") + line("b"),
    result: "a,b"
  },
  {
    name: "Raw.bytes",
    read: text(Raw.bytes({ method: "GET", path: "/v1/raw" })),
    body: "the whole body",
    result: "the whole body"
  },
  {
    name: "Raw.text",
    read: Raw.text({ method: "GET", path: "/v1/raw" }),
    body: "the whole body",
    result: "the whole body"
  },
  {
    name: "Raw.json",
    read: Effect.map(Raw.json({ method: "GET", path: "/v1/raw" }, Schema.Struct({ a: Schema.String })), ({ a }) => a),
    body: "{\"a\":\"whole\"}",
    result: "whole"
  }
]
