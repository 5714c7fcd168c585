/**
 * Other models to ask when one does not answer, as Effect's `ExecutionPlan`.
 *
 * `withFallback` asks the model a request names first, and then each of the others
 * in turn, for as long as what went wrong is something another model may not
 * suffer from: an overload, a rate limit, a model that is gone, an open circuit.
 * Each model is asked under the whole retry policy, and each is a call of its own
 * to logs and spans. The message says which model answered.
 *
 * A stream falls back only before its first event has been handed out; after that
 * its error stands. What a policy does not repeat because the server may have acted
 * on it is not asked of another model either.
 *
 * **Example** (Asking a smaller model in an overload)
 *
 * ```ts
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as Messages from "@effect-claude/http/Messages"
 * import * as ModelFallback from "@effect-claude/http/ModelFallback"
 *
 * const hello = Messages.create({
 *   model: "claude-opus-5",
 *   max_tokens: 1024,
 *   messages: [MessageRequest.user("Hello")]
 * }).pipe(ModelFallback.withFallback(["claude-sonnet-5-5", "claude-haiku-4-5"]))
 * ```
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionPlan from "effect/ExecutionPlan"
import { dual } from "effect/Function"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Running } from "./Claude.ts"
import { RequestRewrite } from "./internal/request/rewrite.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A model to ask, and what else to change in the request for it: a smaller
 * `max_tokens`, no thinking.
 *
 * @category models
 * @since 0.1.0
 */
export type Choice = string | {
  readonly model: string
  readonly change?: ((request: MessageRequest) => MessageRequest) | undefined
}

/**
 * What is told when another model is asked.
 *
 * @category models
 * @since 0.1.0
 */
export interface FallbackEvent {
  /** The model that is asked now. */
  readonly model: string
  /** What went wrong with the one before. */
  readonly error: ClaudeError.ClaudeError
}

/**
 * A plan that asks one model after the other.
 *
 * @category models
 * @since 0.1.0
 */
export type Plan = ExecutionPlan.ExecutionPlan<{
  provides: never
  input: unknown
  error: never
  requirements: never
}>

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `plan` and `withFallback`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * After which errors another model is asked.
   *
   * @default mayHelp
   */
  readonly when?: ((error: ClaudeError.ClaudeError) => boolean) | undefined
  /** Runs when another model is asked. */
  readonly onFallback?: ((event: FallbackEvent) => Effect.Effect<void>) | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * Rewrites the requests of the running calls before they are checked and sent, for
 * steps of your own.
 *
 * @category services
 * @since 0.1.0
 */
export { RequestRewrite } from "./internal/request/rewrite.ts"

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Whether another model may answer where this error was the answer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const mayHelp = (error: ClaudeError.ClaudeError): boolean => {
  if (error.attempts?.gaveUp === "unknownOutcome") return false
  switch (error._tag) {
    case "OverloadedError":
    case "RateLimitError":
    case "ApiError":
    case "GatewayTimeoutError":
    case "NotFoundError":
    case "CircuitOpenError":
    case "PacingError":
    case "StreamIdleError":
    case "StreamTruncatedError":
      return true
    case "ClaudeTimeoutError":
      return error.phase === "headers" || error.phase === "firstContent"
    default:
      return false
  }
}

/**
 * Creates the plan: the model a request names, and then the others.
 *
 * **When to use**
 *
 * Use when you combine it with steps of your own (`ExecutionPlan.merge`). Give
 * `preventFallbackOnPartialStream` to `Stream.withExecutionPlan`, as `withFallback`
 * does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const plan = (choices: ReadonlyArray<Choice>, options?: Pick<Options, "when">): Plan => {
  const when = options?.when ?? mayHelp
  return ExecutionPlan.make(
    { provide: Context.empty() },
    ...choices.map((choice) => ({
      provide: Context.make(RequestRewrite, changeOf(choice)),
      attempts: 1,
      while: (error: unknown) => ClaudeError.is(error) && when(error)
    }))
  )
}

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Asks other models when the one that an effect or stream asks does not answer.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withFallback: {
  (choices: ReadonlyArray<Choice>, options?: Options): <S extends Running>(self: S) => S
  <S extends Running>(self: S, choices: ReadonlyArray<Choice>, options?: Options): S
} = dual(
  (args) => Effect.isEffect(args[0]) || Stream.isStream(args[0]),
  <S extends Running>(self: S, choices: ReadonlyArray<Choice>, options?: Options): S => planned(self, choices, options)
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

function planned<S extends Running>(self: S, choices: ReadonlyArray<Choice>, options: Options | undefined): S
function planned(self: Running, choices: ReadonlyArray<Choice>, options: Options | undefined): Running {
  const steps = plan(choices, options)
  const { onFallback } = options ?? {}
  const begin = (): ((event: ExecutionPlan.Event<unknown>) => Effect.Effect<void>) | undefined =>
    onFallback === undefined ? undefined : telling(choices, onFallback)
  return Stream.isStream(self)
    ? Stream.suspend(() =>
      Stream.withExecutionPlan(self, steps, { preventFallbackOnPartialStream: true, onEvent: begin() })
    )
    : Effect.suspend(() => Effect.withExecutionPlan(self, steps, { onEvent: begin() }))
}

const modelOf = (choice: Choice): string => typeof choice === "string" ? choice : choice.model

const changeOf = (choice: Choice) => (request: MessageRequest): MessageRequest => {
  const asked = { ...request, model: modelOf(choice) }
  return typeof choice === "string" || choice.change === undefined ? asked : choice.change(asked)
}

/** Tells of each model that is asked after another, with the error of the latter. */
const telling = (
  choices: ReadonlyArray<Choice>,
  onFallback: NonNullable<Options["onFallback"]>
): (event: ExecutionPlan.Event<unknown>) => Effect.Effect<void> => {
  let latest: ClaudeError.ClaudeError | undefined = undefined
  return (event) => {
    if (event._tag === "AttemptFailure") {
      const error = Result.getOrUndefined(Cause.findError(event.cause))
      latest = ClaudeError.is(error) ? error : undefined
    }
    // The first step is the model the request names.
    const choice = event._tag === "AttemptStart" ? choices[event.stepIndex - 1] : undefined
    return choice === undefined || latest === undefined
      ? Effect.void
      : onFallback({ model: modelOf(choice), error: latest })
  }
}
