/**
 * Typed responses: a Schema describes the response, and is what decodes it.
 *
 * The API receives the schema as JSON Schema and samples only what matches it.
 * Constraints that it does not support (bounds, patterns, dates) are put into the
 * description and checked when the response is decoded. When a response does not
 * match, the model receives the mismatch and is requested to correct it, at most
 * `repairs` times. A refusal, a response that was cut and one that does not match
 * fail with different reasons, and each error carries the response. In a session
 * (`send`, `stream`), a response and its corrections are one exchange; `create`
 * and `createStream` take a request.
 *
 * **Example** (Requesting a plan)
 *
 * ```ts no-run
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as Session from "@effect-claude/session/Session"
 * import * as StructuredOutput from "@effect-claude/session/StructuredOutput"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const Plan = Schema.Struct({ title: Schema.String, steps: Schema.Array(Schema.String) })
 *
 * const program = Effect.gen(function*() {
 *   const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024 })
 *   const { value } = yield* StructuredOutput.send(session, "Plan a launch.", Plan)
 *   yield* Console.log(value.title, value.steps.length)
 * })
 *
 * program.pipe(Effect.provide(Claude.layerFetch()), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as PartialJson from "@effect-claude/core/PartialJson"
import type { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as History from "./History.ts"
import * as Form from "./internal/answerForm.ts"
import { type Answer, type Event, type ReadOptions, StructuredOutputError } from "./internal/answerTypes.ts"
import * as Core from "./internal/core.ts"
import * as Correction from "./internal/correction.ts"
import * as Run from "./internal/turn.ts"
import type { Session, TurnError } from "./Session.ts"
import type * as Turn from "./Turn.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An answer, read.
 *
 * @category models
 * @since 0.1.0
 */
export type { Answer } from "./internal/answerTypes.ts"

/**
 * An answer as it is written, and in the end the answer.
 *
 * - `Partial`: what can be read of it so far
 * - `Repairing`: it did not match, and the model is asked again. What was shown of
 *   it is void; the partial values that follow are those of the next answer
 * - `Done`: the answer
 *
 * @category models
 * @since 0.1.0
 */
export type { Event } from "./internal/answerTypes.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * There is no value. The answer, where there is one, is on the error.
 *
 * - `schema`: the API cannot be told of the schema; nothing was sent
 * - `refusal`: the model refused
 * - `truncated`: the answer was cut, by `max_tokens` or the end of the window
 * - `toolUse`: the model called a tool instead; once it has the result, it answers
 * - `notJson`: the answer is not JSON
 * - `mismatch`: the answer is JSON that the schema does not accept
 *
 * @category errors
 * @since 0.1.0
 */
export { StructuredOutputError } from "./internal/answerTypes.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of a turn, and of reading its answer.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Turn.Options, ReadOptions {}

/**
 * Options of reading an answer.
 *
 * @category options
 * @since 0.1.0
 */
export type { ReadOptions } from "./internal/answerTypes.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Returns the output format that makes the model answer as the schema says, for
 * `output_config.format`.
 *
 * **Details**
 *
 * The API's answers are objects. For a schema of anything else, the format is of
 * an object with the one property `value`, and `decode` takes it out again.
 *
 * @category schemas
 * @since 0.1.0
 */
export const format = (
  schema: Schema.Constraint
): Result.Result<NonNullable<MessageRequest.OutputConfig["format"]>, StructuredOutputError> =>
  Form.describe(schema).pipe(
    Result.map((schema) => ({ type: "json_schema" as const, schema })),
    Result.mapError((problem) => new StructuredOutputError({ reason: "schema", problem }))
  )

/**
 * Reads an answer.
 *
 * @category schemas
 * @since 0.1.0
 */
export const decode = <S extends Schema.Constraint>(
  message: Message.Message,
  schema: S
): Effect.Effect<S["Type"], StructuredOutputError, S["DecodingServices"]> =>
  Effect.suspend(() => {
    const fail = (reason: StructuredOutputError["reason"], problem: string, cause?: Schema.SchemaError) =>
      Effect.fail(new StructuredOutputError({ reason, problem, answer: message, cause }))
    if (Message.isRefusal(message)) return fail("refusal", "The model refused. `Message.refusal` may say why.")
    const text = Message.text(message)
    const { state, value } = PartialJson.parse(text)
    if (state !== "complete") {
      if (Message.toolUses(message).length > 0) {
        return fail("toolUse", "The model called a tool. Send it the result, or leave the tools out.")
      }
      return Message.isTruncated(message)
        ? fail("truncated", `The answer was cut (${message.stop_reason}). Raise the limit, or ask for less.`)
        : fail("notJson", `It is not JSON: it breaks off or goes wrong after ${text.length} characters.`)
    }
    return Effect.catchTag(
      Form.decode(schema, value),
      "SchemaError",
      (error) => fail("mismatch", `It does not match ${Form.placesOf(error)}.`, error)
    )
  })

// -----------------------------------------------------------------------------
// asking
// -----------------------------------------------------------------------------

/**
 * Sends a message, and returns the response as the schema reads it. A response and
 * its corrections are one turn and one exchange: `undo` and `rewind` take all of it.
 *
 * @category asking
 * @since 0.1.0
 */
export const send = Effect.fn("StructuredOutput.send")(function*<S extends Schema.Constraint>(
  session: Session,
  input: History.Input,
  schema: S,
  options?: Options
): Effect.fn.Return<Answer<S["Type"]>, TurnError | StructuredOutputError, S["DecodingServices"]> {
  const turn = yield* turnOf(session, schema, options)
  return yield* Correction.turn(
    reader(schema),
    (review) => Effect.withSpan(Run.send(Core.of(session), input, { ...turn, review }), "Session.send"),
    options
  )
})

/**
 * Sends a message, and streams the response: what can be read of it so far,
 * whenever that is more than before, and in the end the value. When a response is
 * corrected, the stream emits `Repairing` and continues with the next one. The turn
 * is committed at the end; a stream that is left before that is rolled back.
 *
 * @category asking
 * @since 0.1.0
 */
export const stream = <S extends Schema.Constraint>(
  session: Session,
  input: History.Input,
  schema: S,
  options?: Options
): Stream.Stream<Event<S["Type"]>, TurnError | StructuredOutputError, S["DecodingServices"]> =>
  Stream.unwrap(
    Effect.map(turnOf(session, schema, options), (turn) =>
      Correction.turnStream(
        reader(schema),
        (review) => Run.stream(Core.of(session), input, { ...turn, review }),
        options
      ))
  )

/**
 * Sends a request, and returns the response as the schema reads it.
 *
 * **Example** (Asking for a value)
 *
 * ```ts
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as StructuredOutput from "@effect-claude/session/StructuredOutput"
 * import * as Schema from "effect/Schema"
 *
 * const Teapot = Schema.Struct({ maker: Schema.String, year: Schema.Int })
 *
 * const teapot = StructuredOutput.create({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 500,
 *   messages: [MessageRequest.user("Invent a teapot.")]
 * }, Teapot)
 * ```
 *
 * @category asking
 * @since 0.1.0
 */
export const create = Effect.fn("StructuredOutput.create")(function*<S extends Schema.Constraint>(
  request: MessageRequest.MessageRequest,
  schema: S,
  options?: ReadOptions
): Effect.fn.Return<Answer<S["Type"]>, ClaudeError | StructuredOutputError, Claude | S["DecodingServices"]> {
  const asked = yield* requestOf(request, schema)
  return yield* Correction.request(reader(schema), (round) => Messages.create(after(asked, round)), options)
})

/**
 * Sends a request, and streams the response: what can be read of it so far,
 * whenever that is more than before, and in the end the value. When a response is
 * corrected, the stream emits `Repairing` and continues with the next one.
 *
 * @category asking
 * @since 0.1.0
 */
export const createStream = <S extends Schema.Constraint>(
  request: MessageRequest.MessageRequest,
  schema: S,
  options?: ReadOptions
): Stream.Stream<Event<S["Type"]>, ClaudeError | StructuredOutputError, Claude | S["DecodingServices"]> =>
  Stream.unwrap(
    Effect.map(
      requestOf(request, schema),
      (asked) => Correction.requestStream(reader(schema), (round) => Messages.stream(after(asked, round)), options)
    )
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** How answers are read. */
const reader = <S extends Schema.Constraint>(
  schema: S
): Correction.Reader<S["Type"], S["DecodingServices"]> => ({ read: (message) => decode(message, schema), schema })

/** The options of a turn that asks for the schema's form. */
const turnOf = Effect.fnUntraced(function*(
  session: Session,
  schema: Schema.Constraint,
  options: Options | undefined
) {
  const { repairs: _, ...rest } = options ?? {}
  const { output_config } = yield* session.parameters
  const asked = yield* Effect.fromResult(format(schema))
  const turn: Turn.Options = { ...rest, output_config: { ...output_config, ...rest.output_config, format: asked } }
  return turn
})

const requestOf = (
  request: MessageRequest.MessageRequest,
  schema: Schema.Constraint
): Effect.Effect<MessageRequest.MessageRequest, StructuredOutputError> =>
  Effect.map(
    Effect.fromResult(format(schema)),
    (format) => ({ ...request, output_config: { ...request.output_config, format } })
  )

const after = (
  request: MessageRequest.MessageRequest,
  round: Correction.Round | undefined
): MessageRequest.MessageRequest =>
  round === undefined ? request : { ...request, messages: [...request.messages, ...round.messages] }
