/**
 * What the scripted API answers, as data: one language for the in-process client
 * and the loopback server.
 *
 * A script is a queue of answers. Each request takes the next one that can
 * answer it; a message can only answer `POST /v1/messages`, a failure any
 * request. What no script speaks of (token counts, models, batches, files) is
 * answered by the built-in resources, and a request for a message when nothing
 * is left is refused with a 400 that says so. Combinators change how an answer
 * travels: cut, slowed, split at any byte, delayed. The same script and the same
 * requests give the same bytes.
 *
 * **Example** (An overload, then an answer that arrives byte by byte)
 *
 * ```ts
 * import * as Script from "@effect-claude/testing/Script"
 *
 * const script = Script.sequence(
 *   Script.status(529),
 *   Script.reply("Hello!").pipe(Script.chunked("perByte"))
 * )
 *
 * Script.isScript(script) // => true
 * ```
 *
 * @since 0.1.0
 */
import type { ContentBlock } from "@effect-claude/core/ContentBlock"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import type { Pipeable } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import * as Errors from "./internal/errors.ts"
import type { Json } from "./internal/json.ts"
import * as Internal from "./internal/script.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"
import type * as ScriptedModel from "./ScriptedModel.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The brand of scripts.
 *
 * @category type IDs
 * @since 0.1.0
 */
export const TypeId: TypeId = Internal.TypeId

/**
 * The type of the brand.
 *
 * @category type IDs
 * @since 0.1.0
 */
export type TypeId = "~@effect-claude/testing/Script"

/**
 * Answers in the order they are given.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script extends Pipeable {
  readonly [TypeId]: Internal.Node
}

/**
 * A block or an event that the wire schemas do not declare.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tagged {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * A place in a response: right after its headers, after some bytes of its body,
 * or after some of its events. A body that is not a stream counts as one event.
 *
 * @category models
 * @since 0.1.0
 */
export type Place = "headers" | { readonly bytes: number } | { readonly events: number }

/**
 * How a response is cut short: `end` finishes the HTTP response as if that had
 * been all, `close` closes the connection early, `reset` resets it.
 *
 * @category models
 * @since 0.1.0
 */
export type Cut = "end" | "close" | "reset"

/**
 * How bytes are grouped into deliveries: an event at a time, a byte at a time,
 * all at once, at the given offsets, or at offsets drawn from a seed.
 *
 * @category models
 * @since 0.1.0
 */
export type Chunking = "perEvent" | "perByte" | "whole" | ReadonlyArray<number> | { readonly seed: number }

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * What every scripted message may say besides its content.
 *
 * @category options
 * @since 0.1.0
 */
export interface MessageOptions {
  /**
   * @default drawn from the seed
   */
  readonly id?: string | undefined
  /**
   * @default the model the request asks for
   */
  readonly model?: string | undefined
  /**
   * @default "tool_use" where a tool is called, "end_turn" otherwise
   */
  readonly stop_reason?: string | undefined
  /**
   * @default null
   */
  readonly stop_sequence?: string | null | undefined
  /**
   * Token counts that replace the estimated ones.
   *
   * @default estimated at four characters a token
   */
  readonly usage?: { readonly [field: string]: unknown } | undefined
}

/**
 * Options for `reply`.
 *
 * @category options
 * @since 0.1.0
 */
export interface ReplyOptions extends MessageOptions {
  /** What the message says. */
  readonly text: string
  /**
   * What the model thought first.
   *
   * @default no thinking block
   */
  readonly thinking?: string | undefined
}

/**
 * Options for `status`.
 *
 * @category options
 * @since 0.1.0
 */
export interface StatusOptions {
  /**
   * The API's `error.type`.
   *
   * @default the type the API uses with this status
   */
  readonly type?: string | undefined
  /**
   * @default the API's words for this status
   */
  readonly message?: string | undefined
  /**
   * The API's stable `error.details.error_code`.
   *
   * @default no details
   */
  readonly code?: string | undefined
  /**
   * Further headers, such as `retry-after`.
   *
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string } | undefined
}

// -----------------------------------------------------------------------------
// messages
// -----------------------------------------------------------------------------

/**
 * Answers with text, as JSON or as a stream, whichever the request asks for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const reply = (reply: string | ReplyOptions): Script => {
  const { text, thinking, ...options } = typeof reply === "string" ? { text: reply } : reply
  return message({
    ...options,
    content: [
      ...(thinking === undefined ? [] : [{ type: "thinking", thinking, signature: signatureOf(thinking) }]),
      ...(text === "" ? [] : [{ type: "text", text }])
    ]
  })
}

/**
 * Answers with the call of one tool, after some text where it is given.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toolCall = (
  name: string,
  input: { readonly [field: string]: unknown } = {},
  options?: MessageOptions & { readonly text?: string | undefined; readonly toolUseId?: string | undefined }
): Script => toolCalls([{ name, input, id: options?.toolUseId }], options)

/**
 * Answers with calls of several tools at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toolCalls = (
  calls: ReadonlyArray<{
    readonly name: string
    readonly input?: { readonly [field: string]: unknown } | undefined
    readonly id?: string | undefined
  }>,
  options?: MessageOptions & { readonly text?: string | undefined }
): Script => {
  const { text, ...rest } = options ?? {}
  return message({
    stop_reason: "tool_use",
    ...rest,
    content: [
      ...(text === undefined || text === "" ? [] : [{ type: "text", text }]),
      ...calls.map(({ id, input, name }) => ({
        type: "tool_use",
        ...(id === undefined ? undefined : { id }),
        name,
        input: input ?? {},
        caller: { type: "direct" }
      }))
    ]
  })
}

/**
 * Answers with thoughts and then text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const thinking = (thinking: string, text: string): Script => reply({ thinking, text })

/**
 * Answers with a refusal: a message that stops for the reason `refusal`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const refusal = (explanation?: string): Script =>
  Internal.once({
    _tag: "Message",
    message: {
      content: [],
      stop_reason: "refusal",
      stop_details: { type: "refusal", category: null, explanation: explanation ?? null }
    }
  })

/**
 * Answers with a message of any content. What is left out is filled in: ids,
 * the model of the request, estimated usage.
 *
 * @category constructors
 * @since 0.1.0
 */
export const message = (
  message: MessageOptions & { readonly content: ReadonlyArray<ContentBlock | Tagged> }
): Script => Internal.once({ _tag: "Message", message: definedFields(message) })

/**
 * Answers with exactly these events, whether or not a stream was asked for.
 * What they say, and whether they end with `message_stop`, is up to the script.
 *
 * @category constructors
 * @since 0.1.0
 */
export const events = (events: ReadonlyArray<StreamEvent | Tagged>): Script => Internal.once({ _tag: "Events", events })

/**
 * Answers every request with the small built-in model.
 *
 * @category constructors
 * @since 0.1.0
 */
export const model = (options?: ScriptedModel.Options): Script =>
  forever(Internal.once({ _tag: "Model", options: options ?? {} }))

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

/**
 * Answers with a status. From 400 on the body is the API's error envelope;
 * redirects and other statuses have no body.
 *
 * @category constructors
 * @since 0.1.0
 */
export const status = (status: number, options?: StatusOptions): Script => {
  if (status < 400) {
    return Internal.once({ _tag: "Raw", status, contentType: "", text: "", headers: options?.headers ?? {} })
  }
  return Internal.once({ _tag: "Failure", failure: Errors.failure(status, options) })
}

/**
 * Answers that the rate limit is reached, with the server's hint: seconds, or a
 * `retry-after` value as it is to be sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rateLimited = (options?: {
  readonly retryAfter?: Duration.Input | { readonly header: string } | undefined
}): Script => {
  const hint = options?.retryAfter
  const headers = hint === undefined
    ? undefined
    : { "retry-after": isHeader(hint) ? hint.header : String(Duration.toSeconds(hint)) }
  return status(429, { headers })
}

/**
 * Answers a stream with `overloaded_error` after some of its events; other
 * requests with a 529.
 *
 * @category constructors
 * @since 0.1.0
 */
export const overloadedInStream = (options?: {
  /**
   * How many events come first.
   *
   * @default 0
   */
  readonly after?: number | undefined
}): Script => errorInStream(reply(filler), { after: options?.after ?? 0 })

/**
 * Answers with a body that is not what it says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const garbage = (options?: {
  /**
   * @default 200
   */
  readonly status?: number | undefined
  /**
   * @default "application/json"
   */
  readonly contentType?: string | undefined
  /**
   * @default text that is not JSON
   */
  readonly body?: string | undefined
  /**
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string } | undefined
}): Script =>
  Internal.once({
    _tag: "Raw",
    status: options?.status ?? 200,
    contentType: options?.contentType ?? "application/json",
    text: options?.body ?? "\u0000\u0001 this is not { JSON",
    headers: options?.headers ?? {}
  })

/**
 * Resets the connection: before the headers, right after them, or after some
 * bytes of the body.
 *
 * @category constructors
 * @since 0.1.0
 */
export const resetConnection = (options?: {
  /**
   * @default "beforeHeaders"
   */
  readonly when?: "beforeHeaders" | "afterHeaders" | number | undefined
}): Script => {
  const when = options?.when ?? "beforeHeaders"
  return when === "beforeHeaders"
    ? Internal.once({ _tag: "NoHeaders", end: "reset" })
    : cutAfter(reply(filler), when === "afterHeaders" ? "headers" : { bytes: when }, { by: "reset" })
}

/**
 * Accepts the request and never says anything.
 *
 * @category constructors
 * @since 0.1.0
 */
export const silence: Script = Internal.once({ _tag: "Silence" })

// -----------------------------------------------------------------------------
// order
// -----------------------------------------------------------------------------

/**
 * One script after the other.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sequence = (...scripts: ReadonlyArray<Script>): Script => Internal.sequence(scripts)

/**
 * No answers at all.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: Script = Internal.empty

/**
 * The same script over and over.
 *
 * @category combinators
 * @since 0.1.0
 */
export const forever = (self: Script): Script => Internal.make({ _tag: "Forever", script: self })

/**
 * The first answer of a script, for so many requests.
 *
 * @category combinators
 * @since 0.1.0
 */
export const times: {
  (times: number): (self: Script) => Script
  (self: Script, times: number): Script
} = dual(2, (self: Script, times: number): Script => Internal.make({ _tag: "Times", script: self, times }))

/**
 * Answers each request as a function of it says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const respondWith = (respond: (request: RecordedRequest) => Script): Script =>
  Internal.make({ _tag: "Respond", respond })

/**
 * Lets a script answer only some requests. Others are left to the built-in
 * resources.
 *
 * @category combinators
 * @since 0.1.0
 */
export const when: {
  (accepts: (request: RecordedRequest) => boolean): (self: Script) => Script
  (self: Script, accepts: (request: RecordedRequest) => boolean): Script
} = dual(2, (self: Script, accepts: (request: RecordedRequest) => boolean): Script =>
  Internal.make({ _tag: "When", script: self, accepts }))

// -----------------------------------------------------------------------------
// travel
// -----------------------------------------------------------------------------

/**
 * Cuts the response at a place.
 *
 * @category combinators
 * @since 0.1.0
 */
export const cutAfter: {
  (place: Place, options?: { readonly by?: Cut | undefined }): (self: Script) => Script
  (self: Script, place: Place, options?: { readonly by?: Cut | undefined }): Script
} = dual((args) => isScript(args[0]), (self: Script, place: Place, options?: { readonly by?: Cut | undefined }): Script =>
  change(self, { _tag: "Cut", place, end: ends[options?.by ?? "end"] }))

/**
 * Says nothing more after a place, and keeps the connection open.
 *
 * @category combinators
 * @since 0.1.0
 */
export const stall: {
  (options: { readonly after: Place }): (self: Script) => Script
  (self: Script, options: { readonly after: Place }): Script
} = dual(2, (self: Script, options: { readonly after: Place }): Script =>
  change(self, { _tag: "Cut", place: options.after, end: "hang" }))

/**
 * Breaks a stream off with an error event after some of its events. A request
 * that is not for a stream is answered with the error's status.
 *
 * @category combinators
 * @since 0.1.0
 */
export const errorInStream: {
  (options: { readonly after: number; readonly status?: number } & StatusOptions): (self: Script) => Script
  (self: Script, options: { readonly after: number; readonly status?: number } & StatusOptions): Script
} = dual(2, (self: Script, options: { readonly after: number; readonly status?: number } & StatusOptions): Script =>
  change(self, {
    _tag: "ErrorEvent",
    place: { events: options.after },
    failure: Errors.failure(options.status ?? 529, options)
  }))

/**
 * Waits before each delivery.
 *
 * @category combinators
 * @since 0.1.0
 */
export const slow: {
  (perChunk: Duration.Input): (self: Script) => Script
  (self: Script, perChunk: Duration.Input): Script
} = dual(2, (self: Script, perChunk: Duration.Input): Script =>
  change(self, { _tag: "Slow", millis: Duration.toMillis(perChunk) }))

/**
 * Delivers the same bytes in other pieces.
 *
 * @category combinators
 * @since 0.1.0
 */
export const chunked: {
  (chunking: Chunking): (self: Script) => Script
  (self: Script, chunking: Chunking): Script
} = dual(2, (self: Script, chunking: Chunking): Script =>
  change(self, { _tag: "Chunked", chunking: isOffsets(chunking) ? { at: chunking } : chunking }))

/**
 * Waits before the headers.
 *
 * @category combinators
 * @since 0.1.0
 */
export const delay: {
  (duration: Duration.Input): (self: Script) => Script
  (self: Script, duration: Duration.Input): Script
} = dual(2, (self: Script, duration: Duration.Input): Script =>
  change(self, { _tag: "Delay", millis: Duration.toMillis(duration) }))

/**
 * Waits once at a place in the body, then goes on.
 *
 * @category combinators
 * @since 0.1.0
 */
export const pause: {
  (place: Place, duration: Duration.Input): (self: Script) => Script
  (self: Script, place: Place, duration: Duration.Input): Script
} = dual(3, (self: Script, place: Place, duration: Duration.Input): Script =>
  change(self, { _tag: "Pause", place, millis: Duration.toMillis(duration) }))

/**
 * Adds response headers, or removes those whose value is undefined.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withHeaders: {
  (headers: { readonly [name: string]: string | undefined }): (self: Script) => Script
  (self: Script, headers: { readonly [name: string]: string | undefined }): Script
} = dual(2, (self: Script, headers: { readonly [name: string]: string | undefined }): Script =>
  change(self, { _tag: "Headers", headers }))

/**
 * Breaks HTTP itself, on a real socket: a status line that is none (`head`), a
 * chunk whose size is not a number (`chunk`), or a `content-length` that
 * announces more than is sent (`longLength`). In process it is the failure a
 * client makes of it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const malformed: {
  (what: "head" | "chunk" | "longLength"): (self: Script) => Script
  (self: Script, what: "head" | "chunk" | "longLength"): Script
} = dual(2, (self: Script, what: "head" | "chunk" | "longLength"): Script =>
  change(self, { _tag: "Malformed", malformed: what }))

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Whether a value is a script.
 *
 * @category guards
 * @since 0.1.0
 */
export const isScript = (u: unknown): u is Script => Predicate.hasProperty(u, TypeId)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const ends = { end: "complete", close: "close", reset: "reset" } as const

const filler = "This answer was written to be interrupted, which is why it goes on for a little while."

const change = (script: Script, effect: Internal.Effect): Script => Internal.make({ _tag: "Changed", script, effect })

const isOffsets = (chunking: Chunking): chunking is ReadonlyArray<number> => Array.isArray(chunking)

const isHeader = (hint: Duration.Input | { readonly header: string }): hint is { readonly header: string } =>
  Predicate.hasProperty(hint, "header")

const definedFields = (
  message: MessageOptions & { readonly content: ReadonlyArray<{ readonly type: string }> }
): Internal.MessageSpec => {
  const fields: { [field: string]: unknown } = {}
  for (const [field, value] of Object.entries(message)) {
    if (value !== undefined) fields[field] = value
  }
  const rest: Json = fields
  return { ...rest, content: message.content }
}

/** An opaque signature, as a thinking block carries. */
const signatureOf = (thinking: string): string => `EqQBCkYIScripted${thinking.length}`
