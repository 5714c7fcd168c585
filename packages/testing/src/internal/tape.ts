/**
 * What a cassette holds: interactions, as they are written to a file.
 *
 * @since 0.1.0
 */
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
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

/** Describes a request, without what is secret. */
export const requestOf = (
  request: {
    readonly method: string
    readonly url: string
    readonly headers: { readonly [name: string]: string }
    readonly body: Uint8Array
  },
  clean: (text: string) => string
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

/** Describes an exchange, without what is secret. */
export const interactionOf = (
  request: Request,
  response: {
    readonly status: number
    readonly headers: { readonly [name: string]: string }
    readonly body: Uint8Array
  },
  clean: (text: string) => string
): Interaction => ({
  request,
  response: {
    status: response.status,
    headers: pick(response.headers, (name) => responseHeaders.test(name), clean),
    ...contentOf(response.headers["content-type"] ?? "", response.body, clean)
  }
})

const contentOf = (type: string, bytes: Uint8Array, clean: (text: string) => string) => {
  if (bytes.length === 0) return {}
  // Whatever it is called: what can be read as text is written as text, and has its secrets removed.
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
  clean: (text: string) => string
): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => keep(name)).map(([name, value]) => [name, clean(value)])
  )

/** Creates the function that removes what is secret in one exchange, wherever it stands. */
export const cleaner = (
  request: { readonly [name: string]: string },
  response: { readonly [name: string]: string }
): (text: string) => string => {
  const secrets = [
    request["x-api-key"],
    request["api-key"],
    request["authorization"]?.replace(/^\S+\s+/, ""),
    request["proxy-authorization"]?.replace(/^\S+\s+/, ""),
    request["cookie"],
    response["set-cookie"],
    response["anthropic-organization-id"],
    response["anthropic-workspace-id"]
  ].filter((secret): secret is string => secret !== undefined && secret.length > 3)
  return (text) =>
    secrets.reduce((text, secret) => text.replaceAll(secret, "***"), text)
      .replace(/sk-ant-[\w-]{3,}/g, "sk-ant-***")
      .replace(/(\b(?:org|organization|workspace)(?:_id|-id)?\b[\\"':= ]{1,6})[\da-f]{8}-[\da-f-]{27}/gi, "$1***")
}

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/** Says how a request differs from a recorded one. Whether it is for a stream makes no difference. */
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
    // Events arrive one by one, as they did.
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

/** Fails for what is no text, and keeps every byte of what is. */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
