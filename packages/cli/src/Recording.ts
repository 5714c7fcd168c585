/**
 * Traffic somebody wrote down: read from the forms it is kept in.
 *
 * - a cassette, as `Cassette` writes it
 * - one exchange: an object with `request` and `response`
 * - the body of a response alone: events of a stream, a message, an error
 *
 * @since 0.1.0
 */
import * as JsonText from "@effect-claude/core/JsonText"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Failure, usage } from "./Failure.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A request and its response, as far as they were written down.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange {
  /** The method and the path, such as `POST /v1/messages`. */
  readonly endpoint: string | undefined
  readonly request: unknown
  readonly status: number
  /** Headers of the response, with names in lower case. */
  readonly headers: { readonly [name: string]: string }
  /** The body of the response as text. */
  readonly body: string
}

const Strings = Schema.Record(Schema.String, Schema.Unknown)

const Recorded = Schema.Struct({
  endpoint: Schema.optional(Schema.String),
  request: Schema.optional(Schema.Struct({
    method: Schema.optional(Schema.String),
    url: Schema.optional(Schema.String),
    body: Schema.optional(Schema.Unknown)
  })),
  response: Schema.Struct({
    status: Schema.optional(Schema.Finite),
    headers: Schema.optional(Strings),
    body: Schema.optional(Schema.Unknown),
    text: Schema.optional(Schema.String),
    lines: Schema.optional(Schema.Array(Schema.String))
  })
})

const Cassette = Schema.Struct({ interactions: Schema.Array(Recorded) })

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * Reads the exchanges of a file.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (text: string): Result.Result<ReadonlyArray<Exchange>, Failure> => {
  if (isEvents(text)) return Result.succeed([{ ...nothing, headers: events, body: text }])
  const value = Result.getOrUndefined(JsonText.parse(text))
  if (value === undefined) return Result.fail(unknown)
  const cassette = decodeCassette(value)
  if (Option.isSome(cassette)) return Result.succeed(cassette.value.interactions.map(exchangeOf))
  const recorded = decodeRecorded(value)
  if (Option.isSome(recorded)) return Result.succeed([exchangeOf(recorded.value)])
  if (Predicate.hasProperty(value, "type") && (value.type === "message" || value.type === "error")) {
    const status = value.type === "error" ? statusOf(value) : 200
    return Result.succeed([{ ...nothing, status, headers: json, body: text }])
  }
  return Result.fail(unknown)
}

const decodeCassette = Schema.decodeUnknownOption(Cassette)

const decodeRecorded = Schema.decodeUnknownOption(Recorded)

const nothing = { endpoint: undefined, request: undefined, status: 200 }

const isEvents = (text: string): boolean => /^\ufeff?\s*(?:event|data|id|retry)?:/.test(text)

const events = { "content-type": "text/event-stream" }

const json = { "content-type": "application/json" }

const unknown = usage(
  "The file holds no traffic that can be read.",
  "It reads cassettes, objects with `request` and `response`, and the body of a response: events, a message, an error."
)

const exchangeOf = ({ endpoint, request, response }: typeof Recorded.Type): Exchange => {
  const path = request?.url?.replace(/^https?:\/\/[^/]+/, "")
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers ?? {})) {
    if (Predicate.isString(value)) headers[name.toLowerCase()] = value
  }
  const body = response.text ?? response.lines?.join("\n") ??
    (response.body === undefined
      ? ""
      : Predicate.isString(response.body)
      ? response.body
      : JSON.stringify(response.body))
  return {
    endpoint: endpoint ?? (path === undefined ? undefined : `${request?.method ?? "POST"} ${path}`),
    request: request?.body,
    status: response.status ?? 200,
    headers: { ...(isEvents(body) ? events : json), ...headers },
    body
  }
}

/** An error that was kept without its status. */
const statusOf = (value: object): number => {
  const error = Predicate.hasProperty(value, "error") ? value.error : undefined
  const type = Predicate.hasProperty(error, "type") ? error.type : undefined
  return Predicate.isString(type) ? statuses[type] ?? 400 : 400
}

const statuses: { readonly [type: string]: number } = {
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529
}
