/**
 * Runs the calls of a response. Each call gets a result, whatever its tool does:
 * a tool that fails, dies, is interrupted, takes too long, is denied or does not
 * exist has a result that says so.
 *
 * A call that the response may have cut is not run. Whether a call may run is decided
 * on its decoded input, in the context of the run, and the decision fails closed: an
 * input that cannot be decoded is not run, and an approval that dies is a denial.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as ToolInput from "@effect-claude/core/ToolInput"
import * as AiError from "effect/ai/AiError"
import * as Tool from "effect/ai/Tool"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { AgentEvent } from "../AgentEvent.ts"
import type * as ToolDecision from "../ToolDecision.ts"
import * as Blocks from "./blocks.ts"
import * as Bounded from "./bounded.ts"
import * as Callables from "./callables.ts"
import * as ToolContent from "./toolContent.ts"

/** How calls are run. */
export interface Options<R> {
  readonly tools: Callables.Callables<R>
  readonly timeout: (tool: string) => Duration.Duration
  /** The most characters of text in a result. */
  readonly maxResultLength: number
  readonly approve: Approve<R> | undefined
  readonly beforeTool: BeforeTool<R> | undefined
  readonly afterTool: AfterTool<R> | undefined
  /** Decisions that were made, by call id. */
  readonly decisions: ToolDecision.ToolDecisions
  /** Whether anybody reads the events. */
  readonly streams: boolean
  readonly onEvent: (event: AgentEvent) => Effect.Effect<void>
}

/** A call and its tool. */
export interface CallOf {
  readonly call: ContentBlock.ToolUse
  readonly tool: Tool.Any
}

/** Decides whether a call may run: yes, no, no with a reason for the model, a decision, or undefined to wait for one. */
export type Approve<R> = (
  request: CallOf & { readonly required: boolean }
) => Effect.Effect<boolean | string | ToolDecision.ToolDecision | undefined, never, R>

/** Runs before each tool, on the very call that runs. It may deny the call, or give its result. */
export type BeforeTool<R> = (
  request: CallOf
) => Effect.Effect<ToolDecision.Deny | ToolDecision.Result | undefined | void, never, R>

/** Runs after each tool. It may replace the result. */
export type AfterTool<R> = (
  finished: CallOf & { readonly result: Content.ToolResult }
) => Effect.Effect<ToolDecision.Result | undefined | void, never, R>

/** What becomes of a call: it runs, it has a result already, or it waits. */
export type Verdict<R> =
  | {
    readonly _tag: "Run"
    readonly call: ContentBlock.ToolUse
    readonly callable: Callables.Callable<R>
    /** Whether the input is not the one that the model wrote. */
    readonly edited: boolean
  }
  | { readonly _tag: "Result"; readonly result: Content.ToolResult }
  | { readonly _tag: "Wait"; readonly needs: "approval" | "result" | "run" }

/** What becomes of a call. Fails closed, and never fails otherwise. `isClient`: the program itself gives the result. */
export const decide = <R>(
  call: ContentBlock.ToolUse,
  { isClient, isCut }: { readonly isCut: boolean; readonly isClient: boolean },
  options: Options<R>
): Effect.Effect<Verdict<R>, never, R> =>
  Effect.suspend((): Effect.Effect<Verdict<R>, never, R> => {
    if (isCut) return Effect.succeed(given(failure(call, cutReason(call))))
    const decision = Object.hasOwn(options.decisions, call.id) ? options.decisions[call.id] : undefined
    const callable = Callables.callableOf(call, options.tools)
    if (callable === undefined) {
      if (decision?.type === "deny" || decision?.type === "result") {
        return Effect.succeed(given(resultBy(call, decision)))
      }
      return Effect.succeed(isClient ? waits("result") : given(failure(call, unknownTool(call, options.tools))))
    }
    const input = ToolInput.of(call)
    if (!input.complete) return Effect.succeed(given(failure(call, incomplete(input.json))))
    return decision === undefined
      ? verdict(call, callable, options)
      : Effect.succeed(decided(call, callable, decision))
  }).pipe(Effect.catchCause((cause) => Effect.map(unexpected(call, cause), given)))

const given = (result: Content.ToolResult): Verdict<never> => ({ _tag: "Result", result })

const waits = (needs: "approval" | "result"): Verdict<never> => ({ _tag: "Wait", needs })

const decided = <R>(
  call: ContentBlock.ToolUse,
  callable: Callables.Callable<R>,
  decision: ToolDecision.ToolDecision
): Verdict<R> => {
  switch (decision.type) {
    case "approve":
      return { _tag: "Run", call: separate(call), callable, edited: false }
    case "edit":
      return { _tag: "Run", call: { ...call, input: decision.input }, callable, edited: true }
    default:
      return given(resultBy(call, decision))
  }
}

const resultBy = (
  call: ContentBlock.ToolUse,
  decision: ToolDecision.Deny | ToolDecision.Result
): Content.ToolResult =>
  decision.type === "deny"
    ? denied(call, decision.reason)
    : Blocks.toolResult(call, decision.content, decision.isError === true ? { isError: true } : undefined)

/** Gives a call its result: runs it, or takes the result that it has. Never fails. */
export const run = <R>(
  call: ContentBlock.ToolUse,
  verdict: Exclude<Verdict<R>, { readonly _tag: "Wait" }>,
  options: Options<R>
): Effect.Effect<Content.ToolResult, never, R> =>
  options.onEvent({ _tag: "ToolStarted", call }).pipe(
    Effect.andThen(verdict._tag === "Result" ? Effect.succeed(verdict.result) : hooked(verdict, options)),
    Effect.map((result) => ({ ...result, content: ToolContent.cut(result.content, options.maxResultLength) })),
    Effect.tap((result) => options.onEvent({ _tag: "ToolFinished", call, result }))
  )

/** Runs a call between its hooks. A hook that dies fails closed. */
const hooked = <R>(
  { call, callable, edited }: Extract<Verdict<R>, { readonly _tag: "Run" }>,
  options: Options<R>
): Effect.Effect<Content.ToolResult, never, R> => {
  const { tool } = callable
  const { afterTool, beforeTool } = options
  const before = beforeTool === undefined ?
    Effect.undefined :
    Effect.suspend(() => beforeTool({ call: separate(call), tool })).pipe(
      Effect.map((decision) => Predicate.isObject(decision) ? resultBy(call, decision) : undefined),
      Effect.catchCause((cause) =>
        Effect.as(Effect.logError(`The hook before "${call.name}" died`, cause), denied(call, "a hook failed"))
      )
    )
  const performed = Effect.flatMap(before, (result) =>
    result === undefined
      ? Effect.catchCause(perform(call, callable, options), (cause) => unexpected(call, cause))
      : Effect.succeed(result))
  const noted = edited
    ? Effect.map(performed, (result) => ({ ...result, content: ToolContent.prefix(editNote(call), result.content) }))
    : performed
  return afterTool === undefined ?
    noted :
    Effect.flatMap(noted, (result) =>
      Effect.suspend(() => afterTool({ call: separate(call), tool, result })).pipe(
        Effect.map((decision) => Predicate.isObject(decision) ? resultBy(call, decision) : result),
        Effect.catchCause((cause) =>
          Effect.as(
            Effect.logError(`The hook after "${call.name}" died`, cause),
            failure(call, "The tool ran, and its result is withheld: a hook failed.")
          )
        )
      ))
}

const editNote = ({ input }: ContentBlock.ToolUse): string =>
  `The call was run with another input: ${ToolContent.textOf(input)}`

const cutReason = (call: ContentBlock.ToolUse): string => {
  const input = ToolInput.of(call)
  return input.complete
    ? "The call was not run: the response reached a limit of tokens, and the input may be incomplete. " +
      "Call the tool again with the complete input, or in smaller parts."
    : incomplete(input.json)
}

/** Copies a call, so that its readers (the approval, the handler, the history) cannot change each other's input. */
const separate = (call: ContentBlock.ToolUse): ContentBlock.ToolUse => ({ ...call, input: structuredClone(call.input) })

const unknownTool = <R>(call: ContentBlock.ToolUse, tools: Callables.Callables<R>): string => {
  const names = [...tools.keys()].filter((name) => !Callables.isToolset(name))
  return `There is no tool "${call.name}". ${
    names.length === 0 ? "There are no tools." : `There are: ${names.join(", ")}.`
  }`
}

const incomplete = (json: string): string =>
  `The input is not a complete JSON object. It ends in ${JSON.stringify(json.slice(-40))}. ` +
  "Call the tool again with the complete input."

/**
 * Decides on a call without a decision. Tools that only read run without approval,
 * unless they require it. An input that the tool does not accept needs none, and is
 * not run.
 */
const verdict = <R>(
  call: ContentBlock.ToolUse,
  callable: Callables.Callable<R>,
  { approve, timeout }: Options<R>
): Effect.Effect<Verdict<R>, never, R> => {
  const { tool } = callable
  const runs: Verdict<R> = { _tag: "Run", call: separate(call), callable, edited: false }
  if (approve === undefined && typeof tool.needsApproval !== "function") {
    return Effect.succeed(tool.needsApproval === true ? waits("approval") : runs)
  }
  const limit = timeout(call.name)
  const requirement = callable.decode(separate(call)).pipe(
    Effect.flatMap((parameters) => requiresApproval(call, tool, parameters)),
    Effect.result
  )
  return Effect.flatMap(
    bounded(requirement, limit, Effect.succeed(undefined)),
    (required): Effect.Effect<Verdict<R>, never, R> => {
      if (required === undefined) return Effect.succeed(given(failure(call, late(limit))))
      if (Result.isFailure(required)) return Effect.succeed(given(failure(call, invalidInput(call, required.failure))))
      if (approve === undefined) return Effect.succeed(required.success ? waits("approval") : runs)
      if (!required.success && isHarmless(callable)) return Effect.succeed(runs)
      return Effect.suspend(() => approve({ call: separate(call), tool, required: required.success })).pipe(
        Effect.map((approval): Verdict<R> => {
          if (approval === undefined) return waits("approval")
          if (Predicate.isObject(approval)) return decided(call, callable, approval)
          return approval === true ? runs : given(denied(call, approval === false ? undefined : String(approval)))
        }),
        Effect.catchCause((cause) =>
          Effect.as(
            Effect.logError(`The approval of "${call.name}" died`, cause),
            given(denied(call, "the approval failed"))
          )
        )
      )
    }
  )
}

const denied = (call: ContentBlock.ToolUse, reason: string | undefined): Content.ToolResult =>
  failure(call, reason === undefined ? "The call was denied." : `The call was denied: ${reason}`)

const invalidInput = (call: ContentBlock.ToolUse, { message }: Schema.SchemaError): string =>
  new AiError.ToolParameterValidationError({ toolName: call.name, description: message }).message

/** Whether a tool that does not require approval states that it needs none, and is believed. */
const isHarmless = <R>({ tool, trusted }: Callables.Callable<R>): boolean =>
  typeof tool.needsApproval === "function" ||
  (trusted && (tool.needsApproval === false || Context.get(tool.annotations, Tool.Readonly)))

/** Whether a tool requires approval. A tool whose own check fails does. */
const requiresApproval = (call: ContentBlock.ToolUse, tool: Tool.Any, parameters: unknown): Effect.Effect<boolean> => {
  const needs = tool.needsApproval
  if (typeof needs !== "function") return Effect.succeed(needs === true)
  return Effect.suspend(() => {
    const required = needs(parameters, { toolCallId: call.id, messages: [] })
    return Effect.isEffect(required) ? required : Effect.succeed(required)
  }).pipe(
    // Only a plain `false` waives the approval.
    Effect.map((required) => required !== false),
    Effect.catchCause(() => Effect.succeed(true))
  )
}

/** Runs the handler of a call. Its preliminary results are emitted outside its time. */
const perform = <R>(
  call: ContentBlock.ToolUse,
  callable: Callables.Callable<R>,
  options: Options<R>
): Effect.Effect<Content.ToolResult, never, R> =>
  !options.streams ? handle(call, callable, options, () => {}) : Effect.gen(function*() {
    const progress = yield* Queue.unbounded<unknown, Cause.Done>()
    const emitted = yield* Effect.forkChild(Stream.runForEach(
      Stream.fromQueue(progress),
      (result) => options.onEvent({ _tag: "ToolProgress", call, result })
    ))
    const result = yield* handle(call, callable, options, (result) => Queue.offerUnsafe(progress, result))
    yield* Queue.end(progress)
    yield* Fiber.join(emitted)
    return result
  })

const handle = <R>(
  call: ContentBlock.ToolUse,
  { run, tool }: Callables.Callable<R>,
  { timeout }: Options<R>,
  emit: (result: unknown) => void
): Effect.Effect<Content.ToolResult, never, R> => {
  const limit = timeout(call.name)
  const handled = Stream.runFold(
    run(call),
    (): Callables.Output | undefined => undefined,
    (last, output) => {
      if (!output.preliminary) return output
      emit(output.encodedResult)
      return last
    }
  ).pipe(
    Effect.map((output) => output === undefined ? failure(call, "The tool gave no result.") : resultFrom(call, output)),
    withoutSpan
  )
  const timed = bounded(handled, limit, Effect.sync(() => failure(call, late(limit))))
  return Effect.catchCause(timed, (cause) => explain(call, tool, cause))
}

/** Interrupts an effect that takes longer than `limit`, and runs `onLate` instead. */
const bounded = <A, E, R, A2>(
  self: Effect.Effect<A, E, R>,
  limit: Duration.Duration,
  onLate: Effect.Effect<A2>
): Effect.Effect<A | A2, E, R> =>
  Bounded.run(self, {
    limit,
    grace,
    whenInterrupted: "interrupt",
    onLate: (reason) => reason === "timeout" ? onLate : Effect.interrupt
  })

/** How long a tool may take to end after its run was interrupted. */
const grace = Duration.seconds(1)

const late = (limit: Duration.Duration): string => `The tool did not finish within ${Duration.format(limit)}.`

/**
 * Hides the span from the toolkit, which would write the tool's input to it. What
 * the handler traces still belongs to the same trace.
 */
const withoutSpan = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.serviceOption(Tracer.ParentSpan), (span) =>
    Option.isNone(span) ? self : Effect.provideService(
      self,
      Tracer.ParentSpan,
      Tracer.externalSpan({ spanId: span.value.spanId, traceId: span.value.traceId, sampled: span.value.sampled })
    ))

/** Returns the result of a handler that did not succeed. */
const explain = (
  call: ContentBlock.ToolUse,
  tool: Tool.Any,
  cause: Cause.Cause<unknown>
): Effect.Effect<Content.ToolResult> => {
  const error = Cause.findErrorOption(cause)
  if (Option.isSome(error) && !Cause.hasDies(cause)) {
    const mcp = ToolContent.mcpResultOf(error.value)
    return Effect.succeed(
      mcp === undefined
        ? failure(call, describe(tool, error.value))
        : Blocks.toolResult(call, mcp.content, mcp.isError ? { isError: true } : undefined)
    )
  }
  // An interruption of the run itself does not get here: this handler interrupted itself.
  return Cause.hasInterruptsOnly(cause)
    ? Effect.succeed(failure(call, "The tool was interrupted."))
    : unexpected(call, cause)
}

const unexpected = (call: ContentBlock.ToolUse, cause: Cause.Cause<unknown>): Effect.Effect<Content.ToolResult> =>
  Effect.as(Effect.logError(`Tool "${call.name}" died`, cause), failure(call, "The tool failed unexpectedly."))

/** Describes a failure by the tool's schema, or by the error's message. */
const describe = (tool: Tool.Any, error: unknown): string => {
  if (AiError.isAiError(error)) return error.reason.message
  const encoded = Schema.encodeUnknownOption(Schema.make<Schema.Codec<unknown>>(tool.failureSchema.ast))(error)
  return Option.isSome(encoded)
    ? ToolContent.textOf(encoded.value)
    : error instanceof Error
    ? error.message
    : ToolContent.textOf(error)
}

const failure = (call: ContentBlock.ToolUse, text: string): Content.ToolResult =>
  Blocks.toolResult(call, text, { isError: true })

const resultFrom = (call: ContentBlock.ToolUse, output: Callables.Output): Content.ToolResult => {
  if (output.isFailure) return failure(call, ToolContent.textOf(output.encodedResult))
  return Blocks.toolResult(
    call,
    output.modelOutput === undefined
      ? ToolContent.fromResult(output.encodedResult)
      : ToolContent.fromModelOutput(output.modelOutput)
  )
}
