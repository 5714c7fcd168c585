/**
 * What must hold of one recorded exchange.
 *
 * - a request that was answered with 2xx is accepted, and encodes to equal JSON
 * - a JSON response decodes, and encodes to equal JSON: no field is lost
 * - a stream decodes to the same events however its bytes are cut, and folds
 * - JSON lines decode one by one, each to equal JSON
 * - an error becomes the tagged error its signs stand for, with its request id
 *
 * @since 0.1.0
 */
import * as Batch from "@effect-claude/core/Batch"
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as File from "@effect-claude/core/File"
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Model from "@effect-claude/core/Model"
import * as Page from "@effect-claude/core/Page"
import * as Skill from "@effect-claude/core/Skill"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as TokenCount from "@effect-claude/core/TokenCount"
import * as EventStream from "@effect-claude/http/EventStream"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Difference from "./Difference.ts"
import * as Recording from "./Recording.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a check looks at.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = "request" | "response" | "stream" | "lines" | "error" | "bytes" | "file"

/**
 * One check that was made: it passed, or says what is wrong.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  readonly kind: Kind
  readonly problem: string | undefined
}

type Wire = Schema.Codec<unknown, unknown>

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

/**
 * Makes every check that applies to a recording.
 *
 * @category checking
 * @since 0.1.0
 */
export const check = Effect.fnUntraced(function*(self: Recording.Recording) {
  const outcomes: Array<Outcome> = []
  const say = (kind: Kind, problem: string | undefined) => outcomes.push({ kind, problem })
  const succeeded = Recording.status(self) >= 200 && Recording.status(self) < 300
  const body = self.request?.body
  const requestSchema = requestSchemas[self.endpoint]
  if (succeeded && self.kind !== "error" && requestSchema !== undefined && Predicate.isReadonlyObject(body)) {
    say("request", roundTrip(requestSchema, body))
  }
  switch (self.kind) {
    case "json": {
      const schema = responseSchema(self)
      say("response", schema === undefined ? `no schema for ${self.endpoint}` : roundTrip(schema, self.response.body))
      break
    }
    case "sse":
      say("stream", yield* checkStream(Recording.responseText(self)))
      break
    case "jsonl":
      say("lines", checkLines(Recording.responseText(self)))
      break
    case "error":
      say("error", checkError(self))
      break
    case "text":
      say("bytes", self.response.text === undefined ? "no text was recorded" : undefined)
      break
    default:
      say("file", `no check for the kind ${self.kind}`)
  }
  return outcomes
})

// -----------------------------------------------------------------------------
// streams
// -----------------------------------------------------------------------------

/**
 * Ways to cut bytes into chunks.
 *
 * @category streams
 * @since 0.1.0
 */
export const cuts: { readonly [name: string]: (bytes: Uint8Array) => ReadonlyArray<Uint8Array> } = {
  whole: (bytes) => [bytes],
  "per event": (bytes) => {
    const out: Array<Uint8Array> = []
    let start = 0
    for (let i = 1; i < bytes.length; i++) {
      if (bytes[i] === 10 && (bytes[i - 1] === 10 || bytes[i - 1] === 13)) {
        out.push(bytes.subarray(start, i + 1))
        start = i + 1
      }
    }
    return [...out, bytes.subarray(start)]
  },
  "per byte": (bytes) => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
}

/** The events of a stream, and how it ended. */
const readStream = (chunks: ReadonlyArray<Uint8Array>) => {
  const events: Array<StreamEvent.StreamEvent> = []
  return EventStream.decode(Stream.fromIterable(chunks)).pipe(
    Stream.runForEachArray((some) => Effect.sync(() => events.push(...some))),
    Effect.result,
    Effect.map((result) => ({
      events,
      error: Result.isFailure(result) ? result.failure : undefined
    }))
  )
}

const checkStream = Effect.fnUntraced(function*(text: string) {
  const bytes = new TextEncoder().encode(text)
  const recorded = eventsIn(text)
  const endsInError = recorded.at(-1)?.["type"] === "error"
  const expected = endsInError ? recorded.slice(0, -1) : recorded
  for (const [name, cut] of Object.entries(cuts)) {
    const { error, events } = yield* readStream(cut(bytes))
    if (endsInError ? error === undefined : error !== undefined) {
      return `cut ${name}: ${error === undefined ? "an error event was passed over" : error.message}`
    }
    const difference = Difference.first(expected, events)
    if (difference !== undefined) return `cut ${name}: ${show(difference)}`
    if (endsInError) continue
    const folded = Option.getOrUndefined(
      MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events))
    )
    if (folded === undefined) return `cut ${name}: the events fold to no message`
    if (folded.stop_reason === null || folded.stop_reason === undefined) return `cut ${name}: no stop reason`
    const problem = roundTrip(wire(Message.Message), folded)
    if (problem !== undefined) return `cut ${name}, folded: ${problem}`
  }
  return undefined
})

/** The data of every event, read independently of the decoder under test. */
const eventsIn = (text: string): ReadonlyArray<{ readonly [key: string]: unknown }> =>
  text.split(/\r?\n\r?\n/).flatMap((frame) => {
    const data = frame.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n")
    if (data.trim() === "") return []
    const value: unknown = JSON.parse(data)
    return Predicate.isReadonlyObject(value) ? [value as { readonly [key: string]: unknown }] : []
  })

// -----------------------------------------------------------------------------
// errors and lines
// -----------------------------------------------------------------------------

const checkError = (self: Recording.Recording): string | undefined => {
  const headers = Recording.responseHeaders(self)
  // A fixture that kept no status stands for a bad request.
  const status = self.response.status ?? 400
  const error = ErrorResponse.toError({ status, headers, text: Recording.responseText(self), now: 0 })
  const body = self.response.body
  const said = Predicate.isReadonlyObject(body)
    ? Schema.decodeUnknownOption(ErrorResponse.ErrorResponse)(body)
    : Option.none()
  const requestId = headers["request-id"] ?? Option.getOrUndefined(said)?.request_id ?? undefined
  if (!ClaudeError.is(error)) return "no error came of it"
  if (error.status !== status) return `status ${error.status}, recorded ${status}`
  if (error.requestId !== requestId) return `request id ${error.requestId}, recorded ${requestId}`
  if (Option.isSome(said) && error.errorType !== said.value.error.type) {
    return `type ${error.errorType}, recorded ${said.value.error.type}`
  }
  if (error._tag === "UnexpectedStatusError") return `no tag for status ${status}`
  const lost = Option.isSome(said) ? Difference.first(body, error.body) : undefined
  return lost === undefined ? undefined : `body: ${show(lost)}`
}

const checkLines = (text: string): string | undefined => {
  for (const [i, line] of text.split("\n").filter((line) => line.trim() !== "").entries()) {
    const problem = roundTrip(wire(Batch.BatchResult), JSON.parse(line) as unknown)
    if (problem !== undefined) return `line ${i + 1}: ${problem}`
  }
  return undefined
}

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const wire = (schema: Schema.Constraint): Wire => Schema.make(schema.ast)

const requestSchemas: { readonly [endpoint: string]: Wire | undefined } = {
  "POST /v1/messages": wire(MessageRequest.MessageRequest),
  "POST /v1/messages/count_tokens": wire(TokenCount.TokenCountRequest),
  "POST /v1/messages/batches": wire(Batch.BatchCreateRequest)
}

const responseSchemas: { readonly [endpoint: string]: Wire | undefined } = {
  "POST /v1/messages": wire(Message.Message),
  "POST /v1/messages/count_tokens": wire(TokenCount.TokenCount),
  "GET /v1/messages/batches": wire(Page.page(Batch.MessageBatch)),
  "POST /v1/messages/batches": wire(Batch.MessageBatch),
  "GET /v1/messages/batches/{batch_id}": wire(Batch.MessageBatch),
  "POST /v1/messages/batches/{batch_id}/cancel": wire(Batch.MessageBatch),
  "DELETE /v1/messages/batches/{batch_id}": wire(Batch.DeletedBatch),
  "GET /v1/models": wire(Page.page(Model.ModelInfo)),
  "GET /v1/models/{model_id}": wire(Model.ModelInfo),
  "GET /v1/files": wire(Page.pageCursor(File.FileMetadata)),
  "POST /v1/files": wire(File.FileMetadata),
  "GET /v1/files/{file_id}": wire(File.FileMetadata),
  "DELETE /v1/files/{file_id}": wire(File.DeletedFile),
  "GET /v1/skills": wire(Page.pageCursor(Skill.Skill)),
  "POST /v1/skills": wire(Skill.Skill),
  "GET /v1/skills/{skill_id}": wire(Skill.Skill),
  "DELETE /v1/skills/{skill_id}": wire(Skill.DeletedSkill),
  "GET /v1/skills/{skill_id}/versions": wire(Page.pageCursor(Skill.SkillVersion)),
  "POST /v1/skills/{skill_id}/versions": wire(Skill.SkillVersion),
  "GET /v1/skills/{skill_id}/versions/{version}": wire(Skill.SkillVersion),
  "DELETE /v1/skills/{skill_id}/versions/{version}": wire(Skill.DeletedSkillVersion)
}

const responseSchema = (self: Recording.Recording): Wire | undefined =>
  responseSchemas[self.endpoint] ?? responseSchemas[self.endpoint.replace(/\?.*$/, "")]

/** Decodes, encodes, and says where the result differs, or why it could not be decoded. */
const roundTrip = (schema: Wire, value: unknown): string | undefined => {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  if (Result.isFailure(decoded)) return decoded.failure.message.replace(/\s+/g, " ")
  const encoded = Schema.encodeUnknownResult(schema)(decoded.success)
  if (Result.isFailure(encoded)) return encoded.failure.message.replace(/\s+/g, " ")
  const difference = Difference.first(value, encoded.success)
  return difference === undefined ? undefined : show(difference)
}

const show = ({ actual, expected, path }: Difference.Difference): string =>
  `${path}: recorded ${expected}, got ${actual}`
