/**
 * Plain answers: the body of a response, read whole and checked.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as Shape from "@effect-claude/core/Shape"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import * as Received from "../attempt/response.ts"
import * as Known from "../immediate.ts"
import * as Secrets from "../request/secrets.ts"
import * as Span from "../time/duration.ts"
import * as Watchdog from "../time/readLimits.ts"
import type * as Source from "../transport/body.ts"
import * as Failures from "../transport/failures.ts"

/** Reads a response as JSON that has a shape. */
export const json = <A>(
  shape: Shape.Shape<A>,
  complete?: (value: unknown) => unknown
): (
  response: Exchange.Response,
  settings: Settings
) => Effect.Effect<A, ClaudeError.ClaudeError, Scope.Scope> => {
  const parse = parser(shape, complete)
  return (response, settings) => Effect.flatMap(text(response, settings), (text) => parse(text, response))
}

/** Parses the text of a response as JSON that has a shape. `complete` fills what a value of another shape lacks. */
export const parser =
  <A>(shape: Shape.Shape<A>, complete?: (value: unknown) => unknown) =>
  (text: string, response: Exchange.Response): Effect.Effect<A, ClaudeError.ClaudeError> => {
    const parsed = Result.try((): unknown => JSON.parse(text))
    const value = Result.getOrUndefined(parsed)
    if (shape.is(value)) return Effect.succeed(value)
    if (ErrorResponse.isError(value)) {
      return Effect.fail(ErrorResponse.fromEvent(Secrets.cleanJson(value, response.meta), response.meta))
    }
    const completed = complete?.(value)
    if (shape.is(completed)) return Effect.succeed(completed)
    const problem = text === ""
      ? "is empty"
      : Result.isFailure(parsed)
      ? `is not JSON (content-type ${Secrets.clean(response.headers["content-type"] ?? "absent", response.meta)})`
      : `does not match: ${brief(Shape.format(shape.issues(value, "first")))}`
    return Effect.fail(undecodable(problem, text, response))
  }

/** Reads the body of a response as text. */
export const text = (
  response: Exchange.Response,
  settings: Settings
): Effect.Effect<string, ClaudeError.ClaudeError, Scope.Scope> =>
  Known.flatMap(
    Received.reading(response, settings),
    (reading) => Effect.callback((resume) => Effect.sync(collect(response, reading, settings, resume)))
  )

/** Takes what was received for an answer, whole, and closes its scope. */
export const whole = <A>(
  received: Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope>,
  settings: Settings,
  read: (text: string, response: Exchange.Response) => Effect.Effect<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError> =>
  Effect.scoped(
    Effect.flatMap(received, (response) => Effect.flatMap(text(response, settings), (text) => read(text, response)))
  )

/** Collects the text of a body, and hands it over once. Returns what ends that early. */
export const collect = (
  response: Exchange.Response,
  { alarm, body }: Received.Reading,
  settings: Settings,
  onText: (text: Effect.Effect<string, ClaudeError.ClaudeError>) => void
): () => void => {
  const { limits, timeouts } = settings
  const text = new BodyText()
  return Watchdog.drain<Source.Chunks, Failure>(body, idleOnly(timeouts.idle), alarm, (chunks) => {
    text.add(chunks)
    return text.isLongerThan(limits.body)
  }, (end) => {
    if (Exit.isSuccess(end)) {
      return onText(Effect.fail(undecodable(`is larger than ${limits.body} characters`, "", response)))
    }
    const failure = Cause.findError(end.cause)
    onText(
      Result.isFailure(failure)
        ? Effect.failCause(failure.failure)
        : Cause.isDone(failure.success)
        ? Effect.sync(() => text.end())
        : Effect.fail(failed(failure.success, response, settings))
    )
  })
}

/** Creates the error of an answer that broke off. */
const failed = (
  failure: Exclude<Failure, Cause.Done>,
  response: Exchange.Response,
  { baseUrl, timeouts: { idle } }: Settings
): ClaudeError.ClaudeError =>
  "reason" in failure
    ? Failures.fromTransport(failure, {
      ...response.meta,
      status: response.status,
      phase: "body",
      host: new URL(baseUrl).host
    })
    : new ClaudeError.ClaudeTimeoutError({
      ...response.meta,
      phase: "body",
      limit: idle,
      outcome: "unknown",
      message: `The answer stopped arriving for ${Span.format(idle)}. Sending the request again may repeat ` +
        "what the server already did."
    })

/** Creates the error of an answer that cannot be read. */
export const undecodable = (
  problem: string,
  body: string,
  response: Exchange.Response
): ClaudeError.ClaudeError =>
  new ClaudeError.ResponseDecodeError({
    ...response.meta,
    status: response.status,
    outcome: "unknown",
    body: Secrets.clean(body, response.meta),
    message: `The answer ${problem}. ${Failures.notClaude}`
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Late = { readonly _tag: "Late" }

type Failure = Exchange.Failure | Cause.Done | Late

const late: Late = { _tag: "Late" }

const tooLate = { idle: late, content: late, end: late }

const idleOnly = (idle: Duration.Duration): Watchdog.Limits<Late> => ({
  idle: Duration.toMillis(idle),
  contentBy: Infinity,
  endBy: Infinity,
  late: tooLate
})

/** The text of a body. Bytes are kept as they came, and decoded at the end. */
class BodyText {
  #pieces: Array<Uint8Array> = []
  #bytes = 0
  /** What had to be decoded before the end, to count its characters. */
  #text = ""
  readonly #decoder = new TextDecoder()

  add(chunks: Source.Chunks): void {
    for (const chunk of chunks) {
      this.#pieces.push(chunk)
      this.#bytes += chunk.byteLength
    }
  }

  /** Whether there are more than so many characters. There are never more than bytes. */
  isLongerThan(characters: number): boolean {
    // What is not bytes has no length: it is for the end to find out.
    if (!(this.#text.length + this.#bytes > characters)) return false
    this.#decode()
    return this.#text.length > characters
  }

  end(): string {
    this.#decode()
    return this.#text + this.#decoder.decode()
  }

  /** Decodes piece by piece: joined first, the bytes would take their memory again. */
  #decode(): void {
    for (const piece of this.#pieces) this.#text += this.#decoder.decode(piece, streaming)
    this.#pieces = []
    this.#bytes = 0
  }
}

const streaming = { stream: true }

const brief = (message: string): string => message.replace(/\s+/g, " ").slice(0, 200)
