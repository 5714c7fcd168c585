/**
 * Answers of a type: a Schema says what an answer is, and that is what comes back.
 *
 * The API is given the schema as JSON Schema, and samples nothing else; what it
 * cannot be told (bounds, patterns, dates) is put into the description, and checked
 * when the answer is read. Where an answer still does not match, the model is told
 * what is wrong and asked again, at most as often as allowed. A refusal, an answer
 * that was cut and one that does not match are different errors, and each carries
 * the answer. `send` and `stream` ask in a session, `create` and `createStream`
 * with a request.
 *
 * **Example** (Asking for a plan)
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
import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as PartialJson from "@effect-claude/core/PartialJson"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import type { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import type * as History from "./History.ts"
import * as Failure from "./internal/failure.ts"
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
export interface Answer<A> {
  readonly value: A
  readonly message: Message.Message
  /** How often the model was asked again. */
  readonly repairs: number
}

/**
 * An answer as it is written, and in the end the answer.
 *
 * @category models
 * @since 0.1.0
 */
export type Event<A> =
  | { readonly _tag: "Partial"; readonly value: unknown }
  | { readonly _tag: "Done"; readonly answer: Answer<A> }

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
export class StructuredOutputError extends Failure.failure("StructuredOutputError")<{
  readonly reason: "schema" | "refusal" | "truncated" | "toolUse" | "notJson" | "mismatch"
  /** What is wrong, without what was said. */
  readonly problem: string
}> {
  override get message(): string {
    return `The answer has no value (${this.reason}): ${this.problem}`
  }
  /** What the model said. */
  get text(): string {
    return this.answer === undefined ? "" : Message.text(this.answer)
  }
}

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
export interface ReadOptions {
  /**
   * How often the model is asked again when its answer does not match.
   *
   * @default 1
   */
  readonly repairs?: number | undefined
}

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
): Result.Result<NonNullable<MessageRequest.OutputConfig["format"]>, StructuredOutputError> => {
  const described = Result.try({
    try: () => JsonSchemaTransform.strict(wrapped(JsonSchemaTransform.fromSchema(schema))),
    catch: (cause) => unsayable(cause instanceof Error ? cause.message : "it has no JSON Schema")
  })
  return Result.flatMap(described, ({ problems, schema }) =>
    problems.length === 0
      ? Result.succeed({ type: "json_schema", schema })
      : Result.fail(
        unsayable(problems.map(({ message, path }) => `${path.join(".") || "the top"}: ${message}`).join(" "))
      ))
}

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
      Schema.decodeUnknownEffect(codecOf(schema))(isWrapped(schema) ? unwrap(value) : value),
      "SchemaError",
      (error) => fail("mismatch", `It does not match ${placesOf(error)}.`, error)
    )
  })

// -----------------------------------------------------------------------------
// asking
// -----------------------------------------------------------------------------

/**
 * Says something, and returns the answer as the schema reads it.
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
  return yield* settle(
    schema,
    yield* session.send(input, turn),
    options,
    ({ words }) => session.send(words, again(turn))
  )
})

/**
 * Says something, and streams the answer: what can be read of it so far, whenever
 * that is more than before, and in the end the answer itself.
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
      follow(schema, session.stream(input, turn), options, ({ words }) => session.send(words, again(turn))))
  )

/**
 * Sends a request, and returns the answer as the schema reads it.
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
  return yield* settle(schema, yield* Messages.create(asked), options, (round) => Messages.create(after(asked, round)))
})

/**
 * Sends a request, and streams the answer: what can be read of it so far, whenever
 * that is more than before, and in the end the answer itself.
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
      (asked) => follow(schema, Messages.stream(asked), options, (round) => Messages.create(after(asked, round)))
    )
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** An answer that does not match, what the model is told of it, and what was said since the first question. */
interface Round {
  readonly words: string
  readonly turns: ReadonlyArray<MessageRequest.MessageParam>
}

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

/** What is said or gone back to once is not for the turns that ask again. */
const again = ({ instructions: _, rewind: __, ...turn }: Turn.Options): Turn.Options => turn

const requestOf = (
  request: MessageRequest.MessageRequest,
  schema: Schema.Constraint
): Effect.Effect<MessageRequest.MessageRequest, StructuredOutputError> =>
  Effect.map(
    Effect.fromResult(format(schema)),
    (format) => ({ ...request, output_config: { ...request.output_config, format } })
  )

const after = (request: MessageRequest.MessageRequest, { turns }: Round): MessageRequest.MessageRequest => ({
  ...request,
  messages: [...request.messages, ...turns]
})

/** Shows an answer as it is written, then reads it. */
const follow = <S extends Schema.Constraint, E, R, E2, R2>(
  schema: S,
  events: Stream.Stream<StreamEvent, E, R>,
  options: ReadOptions | undefined,
  ask: (round: Round) => Effect.Effect<Message.Message, E2, R2>
): Stream.Stream<Event<S["Type"]>, E | E2 | StructuredOutputError, R | R2 | S["DecodingServices"]> =>
  Stream.suspend(() => {
    const reader = PartialJson.make()
    const wraps = isWrapped(schema)
    let shown = ""
    let state = MessageAccumulator.initial
    const partials = events.pipe(
      Stream.map((event): ReadonlyArray<Event<S["Type"]>> => {
        state = MessageAccumulator.step(state, event)
        if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") return []
        reader.push(event.delta.text)
        const now = JSON.stringify(wraps ? unwrap(reader.value()) : reader.value()) ?? ""
        if (now === shown || now === "") return []
        shown = now
        // What the reader shows goes on growing: hand out a copy.
        return [{ _tag: "Partial", value: JSON.parse(now) }]
      }),
      Stream.flattenIterable
    )
    // A stream that ended well has its message.
    const done = Effect.suspend(() =>
      settle(schema, Option.getOrThrow(MessageAccumulator.snapshot(state)), options, ask)
    )
    return Stream.concat(
      partials,
      Stream.fromEffect(Effect.map(done, (answer): Event<S["Type"]> => ({ _tag: "Done", answer })))
    )
  })

/** Reads an answer, and asks again where it does not match. */
const settle = Effect.fnUntraced(function*<S extends Schema.Constraint, E, R>(
  schema: S,
  first: Message.Message,
  options: ReadOptions | undefined,
  ask: (round: Round) => Effect.Effect<Message.Message, E, R>
): Effect.fn.Return<Answer<S["Type"]>, E | StructuredOutputError, R | S["DecodingServices"]> {
  let message = first
  let turns: ReadonlyArray<MessageRequest.MessageParam> = []
  for (let count = 0;; count++) {
    const read = yield* Effect.result(decode(message, schema))
    if (Result.isSuccess(read)) return { value: read.success, message, repairs: count }
    const { cause, reason } = read.failure
    if (count >= (options?.repairs ?? 1) || (reason !== "mismatch" && reason !== "notJson")) return yield* read.failure
    // The model is told all of it; what is printed quotes nothing of the answer.
    const problem = Schema.isSchemaError(cause) ? cause.message : read.failure.problem
    const words = `Your answer does not have the form that was asked for. ${problem} Answer again.`
    // An answer that says nothing cannot be sent back: the question is asked again as it was.
    const answer = Option.toArray(Message.toParam(message))
    turns = answer.length === 0 ? turns : [...turns, ...answer, MessageRequest.user(words)]
    message = yield* ask({ words, turns })
  }
})

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Where an answer does not match, without what is there. */
const placesOf = (error: Schema.SchemaError): string => {
  const places = issues(error.issue).issues.map(({ path = [] }) =>
    path.map((segment) => `[${JSON.stringify(typeof segment === "object" ? segment.key : segment)}]`).join("")
  )
  return `at ${[...new Set(places)].map((place) => place === "" ? "the top" : place).join(", ")}`
}

const unsayable = (problem: string): StructuredOutputError => new StructuredOutputError({ reason: "schema", problem })

/** The codec that reads JSON: what JSON has no value for is read from strings and arrays. */
const codecOf = <S extends Schema.Constraint>(schema: S) => Schema.toCodecJson(schema)

const isObject = (schema: JsonSchema.JsonSchema): boolean => schema["type"] === "object"

const isWrapped = (schema: Schema.Constraint): boolean => !isObject(JsonSchemaTransform.fromSchema(schema))

const wrapped = (schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  if (isObject(schema)) return schema
  const { $defs, ...value } = schema
  return {
    type: "object",
    properties: { value },
    required: ["value"],
    additionalProperties: false,
    ...($defs === undefined ? undefined : { $defs })
  }
}

const unwrap = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "value" in value ? value.value : undefined
