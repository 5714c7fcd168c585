/**
 * What the scripted API answers, as data: one language for the in-process client
 * and the loopback server.
 *
 * A script is a queue of answers. Each request takes the next one that can
 * answer it; a message can only answer `POST /v1/messages`, a failure any
 * request. What no script speaks of (token counts, models, batches, files, skills) is
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
import type { Message } from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import { dual } from "effect/Function"
import type { Json } from "./internal/json.ts"
import * as Internal from "./internal/script.ts"
import type { Script } from "./internal/script.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"
import type * as ScriptedModel from "./ScriptedModel.ts"

/**
 * Options of the constructors that answer with an error.
 *
 * @category options
 * @since 0.1.0
 */
export type { StatusOptions } from "./internal/errors.ts"
/**
 * Answers that fail: a status, garbage, a connection that breaks, silence.
 *
 * @category failures
 * @since 0.1.0
 */
export {
  garbage,
  type Gateway,
  gateway,
  overloadedInStream,
  rateLimited,
  raw,
  resetConnection,
  silence,
  sse,
  status,
  unreachable
} from "./internal/failures.ts"
/**
 * Answers in the order they are given, and the brand they are known by.
 *
 * @category models
 * @since 0.1.0
 */
export { type Script, TypeId } from "./internal/script.ts"
/**
 * How answers travel: cut, slowed, split, delayed, broken.
 *
 * @category combinators
 * @since 0.1.0
 */
export {
  chunked,
  type Chunking,
  type Combinator,
  type Cut,
  cutAfter,
  delay,
  errorInStream,
  gzip,
  informational,
  interleave,
  isScript,
  malformed,
  pause,
  type Place,
  slow,
  stall,
  withHeaders
} from "./internal/travel.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

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
 * Answers with a message of any content: a whole one, or what matters of it.
 * What is left out is filled in: ids, the model of the request, estimated usage.
 *
 * @category constructors
 * @since 0.1.0
 */
export const message = (
  message:
    | Message
    | (
      & MessageOptions
      & Partial<Pick<Message, "stop_details" | "container" | "context_management" | "diagnostics">>
      & { readonly content: ReadonlyArray<ContentBlock | Tagged> }
    )
): Script => Internal.once({ _tag: "Message", message: definedFields(message) })

/**
 * Answers with exactly these events. What they say, and whether they end with
 * `message_stop`, is up to the script. A request that is not for a stream gets
 * the message they fold to, if they finish one.
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
 * So many answers of a script, which starts over when it is spent.
 *
 * @category combinators
 * @since 0.1.0
 */
export const times: {
  (times: number): (self: Script) => Script
  (self: Script, times: number): Script
} = dual(2, (self: Script, times: number): Script => Internal.make({ _tag: "Times", script: self, whole: self, times }))

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
} = dual(
  2,
  (self: Script, accepts: (request: RecordedRequest) => boolean): Script =>
    Internal.make({ _tag: "When", script: self, accepts })
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const definedFields = (
  message: { readonly content: ReadonlyArray<{ readonly type: string }> }
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
