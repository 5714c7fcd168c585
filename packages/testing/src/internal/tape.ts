/**
 * The content of a cassette: interactions, as they are written to a file.
 *
 * @since 0.1.0
 */
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as Secret from "@effect-claude/core/Secret"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Base64 from "effect/encoding/Base64"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Answer from "./answer.ts"
import * as Diff from "./diff.ts"
import { type Json, parse, record } from "./json.ts"
import * as Message from "./message.ts"
import * as Random from "./random.ts"
import * as Sse from "./sse.ts"

const Strings = Schema.Record(Schema.String, Schema.String)

export const Interaction = Schema.Struct({
  request: Schema.Struct({
    method: Schema.String,
    url: Schema.String,
    headers: Strings,
    body: Schema.optionalKey(Schema.Json)
  }),
  response: Schema.Struct({
    status: Schema.Int,
    headers: Strings,
    body: Schema.optionalKey(Schema.Json),
    lines: Schema.optionalKey(Schema.Array(Schema.String)),
    base64: Schema.optionalKey(Schema.String)
  })
})

export interface Interaction extends Schema.Schema.Type<typeof Interaction> {}

export const Tape = Schema.Struct({ version: Schema.Literal(1), interactions: Schema.Array(Interaction) })

export type Request = Interaction["request"]

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/** Writes a tape: one field a line, so that a change shows as a small difference. */
export const write = (interactions: ReadonlyArray<Interaction>): string =>
  `${JSON.stringify({ version: 1, interactions }, null, 2)}\n`

const requestHeaders: ReadonlySet<string> = new Set(["anthropic-beta", "anthropic-version", "content-type"])

const responseHeaders =
  /^(?:content-type|content-disposition|date|request-id|retry-after(?:-ms)?|x-should-retry|anthropic-(?:ratelimit|priority|fast)-.*)$/

/** Describes a request, without secrets. */
export const requestOf = (
  request: {
    readonly method: string
    readonly url: string
    readonly headers: { readonly [name: string]: string }
    readonly body: Uint8Array
  },
  clean: Clean
): Request => {
  const text = clean(decoder.decode(request.body))
  const contentType = request.headers["content-type"] ?? ""
  return {
    method: request.method,
    url: clean(request.url),
    headers: {
      ...pick(request.headers, (name) => requestHeaders.has(name), clean),
      // A boundary is different each time.
      ...(contentType.startsWith("multipart/") ? { "content-type": "multipart/form-data" } : undefined)
    },
    ...(text === "" ? undefined : { body: contentType.startsWith("multipart/") ? "(a form)" : json(text) })
  }
}

/** Describes a request and its response, without secrets. */
export const interactionOf = (
  request: Request,
  response: {
    readonly status: number
    readonly headers: { readonly [name: string]: string }
    readonly body: Uint8Array
  },
  clean: Clean
): Interaction => ({
  request,
  response: {
    status: response.status,
    headers: pick(response.headers, (name) => responseHeaders.test(name), clean),
    ...contentOf(response.headers["content-type"] ?? "", response.body, clean)
  }
})

const contentOf = (type: string, bytes: Uint8Array, clean: Clean) => {
  if (bytes.length === 0) return {}
  // Whatever its type: bytes that are text are written as text, without secrets.
  const isText = /^(?:text\/|application\/(?:json|x-jsonl))/.test(type)
  const read = Result.try(() => (isText ? decoder : strict).decode(bytes))
  if (Result.isFailure(read)) return { base64: Base64.encode(bytes) }
  const text = clean(read.success)
  const parsed = type.startsWith("application/json") ? parse(text) : Option.none()
  return Option.isSome(parsed) && isJson(parsed.value) ? { body: parsed.value } : { lines: text.split("\n") }
}

const isJson = Schema.is(Schema.Json)

const json = (text: string): Schema.Json => {
  const parsed = Option.getOrUndefined(parse(text))
  return isJson(parsed) ? parsed : text
}

const pick = (
  headers: { readonly [name: string]: string },
  keep: (name: string) => boolean,
  clean: Clean
): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => keep(name)).map(([name, value]) => [name, clean(value)])
  )

/** Removes the secrets of one exchange from text. */
export type Clean = (text: string) => string

/**
 * Creates what removes the secrets of one exchange: credentials in its headers,
 * values of JSON fields that are credentials by name, ids of organisations, and
 * whatever looks like a secret. A value that is known is removed in all its
 * encodings, wherever it is.
 */
export const cleaner = (
  request: { readonly headers: Headers; readonly body: Uint8Array },
  response: { readonly headers: Headers; readonly body: Uint8Array }
): Clean => {
  const ids = ["anthropic-organization-id", "anthropic-workspace-id"].flatMap((name) => response.headers[name] ?? [])
  const known = Secret.of([
    ...credentials(request.headers),
    ...credentials(response.headers),
    ...ids,
    ...secretFields(decoder.decode(request.body)),
    ...secretFields(decoder.decode(response.body))
  ])
  return (text) => Secret.clean(known.clean(text)).replace(organization, `$1${Secret.mark}`)
}

interface Headers {
  readonly [name: string]: string
}

const organization = /(\b(?:org|organization|workspace)(?:_id|-id)?\b[\\"':= ]{1,6})[\da-f]{8}-[\da-f-]{27}/gi

/** Limits of requests have names like those of credentials, and are not secret. */
const credentials = (headers: Headers): ReadonlyArray<string> =>
  Object.entries(headers)
    .filter(([name]) => Secret.isHeaderName(name) && !name.startsWith("anthropic-"))
    .map(([, value]) => value)

/** The texts in JSON, a body or the data of events, whose field is a credential by its name. */
const secretFields = (text: string): ReadonlyArray<string> => {
  if (!/token|secret|password|credential|api_?key|authorization/i.test(text)) return []
  const whole = parse(text)
  const values = Option.isSome(whole)
    ? [whole.value]
    : text.split("\n").filter((line) => line.startsWith("data:")).map((line) =>
      Option.getOrUndefined(parse(line.slice(5)))
    )
  return values.flatMap((value) => secretTexts(value, false))
}

/** A signature is opaque, and needed to send a thinking block back. */
const secretTexts = (value: unknown, isSecret: boolean): ReadonlyArray<string> => {
  if (typeof value === "string") return isSecret ? [value] : []
  if (Array.isArray(value)) return value.flatMap((item) => secretTexts(item, isSecret))
  return Object.entries(record(value)).flatMap(([name, field]) =>
    secretTexts(field, name !== "signature" && name !== "mode" && (isSecret || Secret.isFieldName(name)))
  )
}

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/** Lists how a request differs from a recorded one, streamed or not. */
export const differences = (recorded: Request, sent: Request): ReadonlyArray<string> =>
  Diff.differences(
    { ...recorded, body: logical(recorded.body) },
    { ...sent, body: logical(sent.body) },
    "request",
    false
  )
    .map(({ actual, expected, path }) => `${path}: recorded ${Diff.show(expected)}, sent ${Diff.show(actual)}`)

const logical = (body: unknown): unknown => {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body
  return { ...body, stream: undefined }
}

/** The response to play to a request: as recorded, or in the other of its two forms. */
export const play = (
  { response }: Interaction,
  sent: Request
): { readonly headers: { readonly [name: string]: string }; readonly pieces: ReadonlyArray<Uint8Array> } => {
  const wantsStream = record(sent.body)["stream"] === true
  const isMessages = sent.url.split("?")[0]!.endsWith("/v1/messages")
  const isStream = response.headers["content-type"]?.startsWith("text/event-stream") === true
  if (isMessages && response.status === 200 && isStream !== wantsStream) {
    const other = isStream ? folded(response.lines ?? []) : streamed(record(response.body))
    if (other !== undefined) {
      return { headers: { ...response.headers, "content-type": typesOf[isStream ? "json" : "stream"] }, pieces: other }
    }
  }
  if (response.base64 !== undefined) {
    const bytes = Result.getOrElse(Base64.decode(response.base64), () => new Uint8Array(0))
    return { headers: response.headers, pieces: [bytes] }
  }
  if (response.lines !== undefined) {
    const text = response.lines.join("\n")
    // Events arrive one by one.
    return { headers: response.headers, pieces: text.split(/(?<=\n\n)/).map((piece) => encoder.encode(piece)) }
  }
  const pieces = response.body === undefined ? [] : [encoder.encode(JSON.stringify(response.body))]
  return { headers: response.headers, pieces }
}

const typesOf = { json: "application/json", stream: "text/event-stream; charset=utf-8" } as const

const folded = (lines: ReadonlyArray<string>): ReadonlyArray<Uint8Array> | undefined => {
  const events = lines.flatMap((line) => {
    const data = line.startsWith("data:") ? Option.getOrUndefined(parse(line.slice(5))) : undefined
    return StreamEvent.is(data) ? [data] : []
  })
  const state = MessageAccumulator.stepAll(MessageAccumulator.initial, events)
  const message = Option.getOrUndefined(MessageAccumulator.snapshot(state))
  return state.done && message !== undefined ? [encoder.encode(JSON.stringify(message))] : undefined
}

const streamed = (message: Json): ReadonlyArray<Uint8Array> | undefined => {
  if (message["type"] !== "message") return undefined
  const draw = Random.make(String(message["id"]), "replay")
  return Answer.rechunk(Message.events(message, draw).map((event) => Sse.encode(event, draw)), "perEvent")
    .flatMap((frame) => frame._tag === "Bytes" ? [frame.bytes] : [])
}

const encoder = new TextEncoder()

const decoder = new TextDecoder()

/** Fails for bytes that are not text, and keeps every byte of text. */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
