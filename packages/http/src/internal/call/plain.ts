/**
 * Calls whose response is read to its end before anything is returned: the text of
 * the body, and the JSON it holds.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as JsonText from "@effect-claude/core/JsonText"
import type { Message } from "@effect-claude/core/Message"
import * as Shape from "@effect-claude/core/Shape"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import * as Secrets from "../request/secrets.ts"
import * as MissingFields from "../response/missingFields.ts"
import * as Body from "../transport/body.ts"
import * as Failures from "../transport/failures.ts"
import * as Call from "./call.ts"

/** Interprets the text of a response. */
export type Parse<A> = (text: string, response: Exchange.Response) => Result.Result<A, ClaudeError.ClaudeError>

/**
 * Parses JSON and checks its shape. `complete` fills the fields that a value of another shape lacks. An error of the API
 * in place of the value fails with that error. JSON that breaks off was cut, unless the framing of the body proves its end.
 */
export const parser = <A>(
  shape: Shape.Shape<A>,
  complete?: (value: unknown) => unknown
): Parse<A> =>
(text, response) => {
  const parsed = JsonText.parse(text)
  const value = Result.getOrUndefined(parsed)
  if (shape.is(value)) return Result.succeed(value)
  if (ErrorResponse.isError(value)) {
    return Result.fail(ErrorResponse.fromEvent(Secrets.cleanJson(value, response.meta), response.meta))
  }
  const completed = complete?.(value)
  if (shape.is(completed)) return Result.succeed(completed)
  const isCut = Result.isFailure(parsed) && parsed.failure.problem === "syntax"
  if (isCut && isUnframed(response) && /^\s*(?:\{|$)/.test(text)) {
    return Result.fail(Failures.cutShort(response))
  }
  const problem = text === ""
    ? "is empty"
    : Result.isFailure(parsed)
    ? `${parsed.failure.problem === "depth" ? "is nested too deeply" : "is not JSON"} (${describe(response)})`
    : `does not match: ${brief(Shape.format(shape.issues(value, "first")))}`
  return Result.fail(Failures.unreadable(problem, response, {}, text))
}

/** Reads the text of a body, and calls `onText` once with it or with the failure. Returns a function that stops early. */
const readText = (
  reader: Exchange.Reader,
  response: Exchange.Response,
  settings: Settings,
  onText: (text: Effect.Effect<string, ClaudeError.ClaudeError>) => void
): () => void => {
  const { baseUrl, limits, timeouts } = settings
  const text = new BodyText()
  return Body.drain(reader, (chunks) => {
    text.add(chunks)
    return text.isLongerThan(limits.body) ? "enough" : chunks.some(holdsContent) ? "content" : "filler"
  }, (end) => {
    if (Exit.isSuccess(end)) {
      return onText(Effect.fail(Failures.unreadable(`is larger than ${limits.body} characters`, response)))
    }
    const failure = Cause.findError(end.cause)
    onText(
      Result.isFailure(failure)
        ? Effect.failCause(failure.failure)
        : Cause.isDone(failure.success)
        // Decoded by the fiber, so that a defect ends the call.
        ? Effect.sync(() => text.end())
        : Effect.fail(Failures.fromTransport(failure.success, {
          ...response.meta,
          status: response.status,
          phase: "body",
          host: new URL(baseUrl).host
        }, timeouts))
    )
  })
}

/** Makes attempts at a response, and parses the text of its body. */
export const attempts = <A>(
  call: Call.Call,
  parse: (text: string, response: Exchange.Response, attempts: number) => Result.Result<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError> => {
  const { attempt, exchange, follower, onProgress, settings } = call
  const { read } = attempt
  // Without anything around the exchange, an attempt is one effect.
  const isBare = read !== undefined && follower.exchange === undefined && onProgress === undefined
  return Call.retried(call, (number) => {
    const parsed = (text: string, response: Exchange.Response) => Effect.fromResult(parse(text, response, number))
    return isBare
      ? read<A>(exchange, settings, (response, resume) => {
        call.reading.latest = response
        readText(
          response.body.reader,
          response,
          settings,
          (text) => resume(Effect.flatMap(text, (text) => parsed(text, response)))
        )
      })
      : Effect.scoped(Effect.flatMap(Effect.scope, (scope) =>
        Effect.flatMap(Call.send(call, number), (response) => {
          call.reading.latest = response
          return Effect.flatMap(text(call, response, scope), (text) => parsed(text, response))
        })))
  })
}

/** A message with the details of its response. */
export interface Received {
  readonly message: Message
  readonly meta: Exchange.Meta
  readonly attempts: number
  /** How the response travelled: a gateway may send JSON although a stream was requested. */
  readonly wire: "json" | "stream"
}

/** The meta of a message that came from a cache. */
export const cached = { cached: true, attempts: 0 } as const

/** Makes attempts at a message in JSON. */
export const message = (call: Call.Call): Effect.Effect<Received, ClaudeError.ClaudeError> =>
  attempts(call, (text, response, attempts) =>
    Result.map(parseMessage(text, response), (message): Received => ({
      message,
      meta: response.meta,
      attempts,
      wire: "json"
    })))

/** Parses a message. */
export const parseMessage: Parse<Message> = parser(Shape.message, MissingFields.inMessage)

/** Reads the text of a response. */
export const text = (
  { exchange: { endBy }, settings }: Call.Call,
  response: Exchange.Response,
  scope: Scope.Scope
): Effect.Effect<string, ClaudeError.ClaudeError> =>
  Body.withReader(
    response.body,
    scope,
    settings.timeouts,
    endBy,
    (reader) => Effect.callback((resume) => Effect.sync(readText(reader, response, settings, resume)))
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Whether nothing but the end of the connection delimits a body, so that a cut body looks like a whole one. */
const isUnframed = ({ headers }: Exchange.Response): boolean =>
  headers["content-length"] === undefined && headers["transfer-encoding"] === undefined

/** The headers that tell what a body is. */
const describe = ({ headers, meta }: Exchange.Response): string => {
  const encoding = headers["content-encoding"]
  return Secrets.clean(
    `content-type ${headers["content-type"] ?? "absent"}${
      encoding === undefined ? "" : `, content-encoding ${encoding}`
    }`,
    meta
  )
}

/** Whether a chunk holds anything but the white space of JSON. */
const holdsContent = (chunk: Uint8Array): boolean => {
  for (let at = 0; at < chunk.length; at++) if (!whiteSpace.has(chunk[at])) return true
  return false
}

const whiteSpace: ReadonlySet<unknown> = new Set([0x20, 0x0a, 0x0d, 0x09])

/** The text of a body. Bytes are kept as they arrive and decoded at the end. */
class BodyText {
  #pieces: Array<Uint8Array> = []
  #bytes = 0
  /** The text that was decoded early, to count its characters. */
  #text = ""
  readonly #decoder = new TextDecoder()

  add(chunks: ReadonlyArray<Uint8Array>): void {
    for (const chunk of chunks) {
      this.#pieces.push(chunk)
      this.#bytes += chunk.byteLength
    }
  }

  /** Returns whether the text is longer than `characters`. A text has at most as many characters as bytes. */
  isLongerThan(characters: number): boolean {
    // A piece that is not bytes has no length, and fails at the end.
    if (!(this.#text.length + this.#bytes > characters)) return false
    this.#decode()
    return this.#text.length > characters
  }

  end(): string {
    this.#decode()
    return this.#text + this.#decoder.decode()
  }

  /** Decodes piece by piece. Joined first, the bytes would take their memory twice. */
  #decode(): void {
    for (const piece of this.#pieces) this.#text += this.#decoder.decode(piece, streaming)
    this.#pieces = []
    this.#bytes = 0
  }
}

const streaming = { stream: true }

const brief = (message: string): string => message.replace(/\s+/g, " ").slice(0, 200)
