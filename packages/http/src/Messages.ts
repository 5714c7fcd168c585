/**
 * Messages: sends a request, and returns the message at once or as it is written.
 *
 * `create` and `stream` share one path: the same checks, headers, retries and
 * errors. How the response of `create` travels is a detail: a long one is streamed
 * and folded, so no `max_tokens` is too large.
 *
 * A stream ends normally if and only if `message_stop` was seen. A failure before
 * the first content is retried as the policy says. A failure after it is not, and
 * its error carries the partial message. A stream holds the events of exactly one
 * attempt.
 *
 * @since 0.1.0
 */
import * as Betas from "@effect-claude/core/Betas"
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as TokenCount from "@effect-claude/core/TokenCount"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Claude } from "./Claude.ts"
import type * as Exchange from "./Exchange.ts"
import * as Call from "./internal/call/call.ts"
import * as Plain from "./internal/call/plain.ts"
import * as Streamed from "./internal/call/streamed.ts"
import type * as Encode from "./internal/request/encode.ts"
import * as Raw from "./Raw.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How the response of `create` travels.
 *
 * - `json`: as JSON
 * - `stream`: as a stream that is folded
 * - `auto`: as a stream when the response may be long (`max_tokens` above 8,192,
 *   thinking, tools on the server, MCP, a container), else as JSON
 *
 * @category models
 * @since 0.1.0
 */
export type Wire = Encode.Wire

/**
 * Details of a response in addition to the message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Meta extends Exchange.Meta {
  /** The number of attempts, including the one that succeeded. */
  readonly attempts: number
  /** How the response travelled. */
  readonly wire: "json" | "stream"
}

/**
 * A sign of life from a call whose response has no content yet.
 *
 * @category models
 * @since 0.1.0
 */
export type Progress = Exchange.Progress

/**
 * Options of `create`.
 *
 * @category options
 * @since 0.1.0
 */
export interface CreateOptions {
  /**
   * How the response travels.
   *
   * @default "auto"
   */
  readonly wire?: Wire | undefined
  /** Runs at each sign of life before the response. */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

/**
 * Options of `stream`.
 *
 * @category options
 * @since 0.1.0
 */
export interface StreamOptions {
  /** Runs at each sign of life before the first content. */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Sends a request and returns the message.
 *
 * **Example** (Reading the text of a message)
 *
 * ```ts
 * import * as Message from "@effect-claude/core/Message"
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as Messages from "@effect-claude/http/Messages"
 * import * as Effect from "effect/Effect"
 *
 * const hello = Messages.create({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [MessageRequest.user("Hello")]
 * }).pipe(Effect.map(Message.text))
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const create = (
  request: MessageRequest,
  options?: CreateOptions
): Effect.Effect<Message.Message, ClaudeError.ClaudeError, Claude> =>
  Effect.map(respond(request, options), ({ message }) => message)

/**
 * Sends a request and returns the message with details of the response: request
 * id, organization, rate limits, attempts.
 *
 * @category calls
 * @since 0.1.0
 */
export const createWithMeta = (
  request: MessageRequest,
  options?: CreateOptions
): Effect.Effect<readonly [message: Message.Message, meta: Meta], ClaudeError.ClaudeError, Claude> =>
  Effect.map(respond(request, options), (response) => [response.message, metaOf(response)])

/**
 * Sends a request and streams the events of the response.
 *
 * **Details**
 *
 * The request is sent when the stream is run, and again for each run. The
 * connection is closed as soon as the stream ends or is interrupted.
 *
 * **Example** (Writing text as it arrives)
 *
 * ```ts
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as Messages from "@effect-claude/http/Messages"
 * import * as MessageStream from "@effect-claude/http/MessageStream"
 * import * as Console from "effect/Console"
 * import * as Stream from "effect/Stream"
 *
 * const write = Messages.stream({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [MessageRequest.user("Hello")]
 * }).pipe(MessageStream.text, Stream.runForEach((text) => Console.log(text)))
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const stream = (
  request: MessageRequest,
  options?: StreamOptions
): Stream.Stream<StreamEvent, ClaudeError.ClaudeError, Claude> =>
  Stream.fromChannel(Channel.fromTransform((_, scope) =>
    Effect.sync(() => {
      let pull: Streamed.Events<Claude> = Effect.flatMap(
        Call.beginMessage(request, "stream", { onProgress: options?.onProgress }, (call) => Streamed.open(call, scope)),
        (opened) => {
          pull = opened
          return opened
        }
      )
      return Effect.suspend(() => pull)
    })
  ))

/**
 * Counts the tokens of a prompt without generating a message. A message request
 * is accepted as well; only the fields of its prompt are counted.
 *
 * @category calls
 * @since 0.1.0
 */
export const countTokens = (
  request: TokenCount.TokenCountRequest
): Effect.Effect<TokenCount.TokenCount, ClaudeError.ClaudeError, Claude> =>
  Raw.json({
    operation: "messages.countTokens",
    method: "POST",
    path: "/v1/messages/count_tokens",
    body: TokenCount.fromRequest(request),
    betas: Betas.ofRequest(request),
    repeatable: true
  }, TokenCount.TokenCount)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const respond = (
  request: MessageRequest,
  options: CreateOptions | undefined
): Effect.Effect<Plain.Received, ClaudeError.ClaudeError, Claude> =>
  Call.beginMessage(
    request,
    options?.wire ?? "auto",
    { folded: true, onProgress: options?.onProgress },
    (call) =>
      call.interceptor === undefined
        ? message(call)
        : Call.followed(
          call,
          call.interceptor,
          intercepted,
          (response) => ({ message: response.message, meta: metaOf(response) })
        )
  )

const message = (call: Call.Call): Effect.Effect<Plain.Received, ClaudeError.ClaudeError> =>
  call.exchange.streamed ? Streamed.folded(call) : Plain.message(call)

const intercepted = (call: Call.Call): Effect.Effect<Plain.Received, ClaudeError.ClaudeError> => {
  const { answer } = call.follower
  return answer === undefined ?
    message(call) :
    Effect.flatMap(answer, (known) =>
      known === undefined ? message(call) : Effect.succeed<Plain.Received>({
        message: known,
        meta: Plain.cached,
        attempts: 0,
        wire: call.exchange.streamed ? "stream" : "json"
      }))
}

const metaOf = ({ attempts, meta, wire }: Plain.Received): Meta => ({ ...meta, attempts, wire })
