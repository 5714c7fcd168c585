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
import type * as Toolkit from "effect/ai/Toolkit"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { AgentEvent } from "../AgentEvent.ts"
import * as ToolSchema from "../ToolSchema.ts"
import * as Blocks from "./blocks.ts"
import * as Bounded from "./bounded.ts"
import * as ToolContent from "./toolContent.ts"

/** A tool that can be called. */
export interface Callable<R> {
  readonly tool: Tool.Any
  /** Returns the input of a call as the tool's schema expects it. */
  readonly inputOf: (call: ContentBlock.ToolUse) => unknown
  /** Decodes the input of a call, with the services that the schema needs. */
  readonly decode: (call: ContentBlock.ToolUse) => Effect.Effect<unknown, Schema.SchemaError, R>
  /** Whether the tool's own statements that it is harmless are believed. */
  readonly trusted: boolean
  readonly run: (call: ContentBlock.ToolUse) => Stream.Stream<Output, unknown, R>
}

/** The output of a handler. */
export interface Output {
  readonly encodedResult: unknown
  readonly modelOutput?: ToolContent.ModelOutput | undefined
  readonly isFailure: boolean
  readonly preliminary: boolean
}

/** Tools by the name that the model calls them by. A toolset has the key of `toolsetKey`. */
export type Callables<R> = ReadonlyMap<string, Callable<R>>

/** The key of a toolset. No tool can have it as its name. */
const toolsetKey = (name: string): string => `toolset ${name}`

/** Returns the name of the toolset that a tool stands for, by its id: `claude.browser_toolset`. */
const toolsetOf = (tool: Tool.Any): string | undefined =>
  Tool.isProviderDefined(tool) ? /^claude\.(\w+)_toolset$/.exec(String(tool.id))?.[1] : undefined

/**
 * Returns the tools of a toolkit that have handlers. The members of a toolset have one
 * handler in common. Tools whose schema is known only at run time come from elsewhere,
 * such as an MCP server: they are believed where the source is `trusted`.
 */
export const callables = <Tools extends Record<string, Tool.Any>>(
  toolkit: Toolkit.WithHandler<Tools>,
  trusted: boolean
): Callables<Tool.HandlerServices<Tools[keyof Tools]>> => {
  const out = new Map<string, Callable<Tool.HandlerServices<Tools[keyof Tools]>>>()
  for (const name of Object.keys(toolkit.tools)) {
    const tool = toolkit.tools[name]
    if (tool === undefined || (Tool.isProviderDefined(tool) && !tool.requiresHandler)) continue
    const toolset = toolsetOf(tool)
    const inputOf = (call: ContentBlock.ToolUse): unknown =>
      toolset === undefined ? call.input : { member: call.name, input: call.input }
    const decodeInput = Schema.decodeUnknownEffect(
      Schema.make<Schema.Codec<unknown, unknown, Tool.HandlerServices<Tools[keyof Tools]>>>(tool.parametersSchema.ast)
    )
    const decode = (call: ContentBlock.ToolUse) => Effect.suspend(() => decodeInput(inputOf(call)))
    const run = (call: ContentBlock.ToolUse) =>
      // Nothing is known of the input; the toolkit decodes it before a handler sees it.
      Stream.unwrap(toolkit.handle(name, inputOf(call) as Tool.ParametersEncoded<Tools[string]>, call.id))
    out.set(toolset === undefined ? ToolSchema.nameOf(tool) : toolsetKey(toolset), {
      tool,
      inputOf,
      decode,
      trusted: trusted || !Tool.isDynamic(tool),
      run
    })
  }
  return out
}

/** How calls are run. */
export interface Options<R> {
  readonly tools: Callables<R>
  readonly timeout: (tool: string) => Duration.Duration
  /** The most characters of text in a result. */
  readonly maxResultLength: number
  readonly approve: Approve<R> | undefined
  readonly onEvent: (event: AgentEvent) => Effect.Effect<void>
}

/** Decides whether a call may run: yes, no, or no with a reason for the model. */
export type Approve<R> = (request: {
  readonly call: ContentBlock.ToolUse
  readonly tool: Tool.Any
  readonly required: boolean
}) => Effect.Effect<boolean | string, never, R>

/** Runs one call, unless the response cut it. Never fails. */
export const run = <R>(
  call: ContentBlock.ToolUse,
  isCut: boolean,
  options: Options<R>
): Effect.Effect<Content.ToolResult, never, R> =>
  options.onEvent({ _tag: "ToolStarted", call }).pipe(
    Effect.andThen(isCut ? Effect.succeed(failure(call, cutReason(call))) : resultOf(call, options)),
    Effect.map((result) => ({ ...result, content: ToolContent.cut(result.content, options.maxResultLength) })),
    Effect.tap((result) => options.onEvent({ _tag: "ToolFinished", call, result }))
  )

const cutReason = (call: ContentBlock.ToolUse): string => {
  const input = ToolInput.of(call)
  return input.complete
    ? "The call was not run: the response reached a limit of tokens, and the input may be incomplete. " +
      "Call the tool again with the complete input, or in smaller parts."
    : incomplete(input.json)
}

const resultOf = <R>(
  call: ContentBlock.ToolUse,
  options: Options<R>
): Effect.Effect<Content.ToolResult, never, R> =>
  Effect.suspend(() => {
    const callable = options.tools.get(
      Predicate.isNotNullish(call.toolset_name) ? toolsetKey(call.toolset_name) : call.name
    )
    if (callable === undefined) return Effect.succeed(failure(call, unknownTool(call, options.tools)))
    const input = ToolInput.of(call)
    if (!input.complete) return Effect.succeed(failure(call, incomplete(input.json)))
    return Effect.flatMap(verdict(call, callable, options), (denied) =>
      denied === undefined
        ? perform(separate(call), callable, options)
        : Effect.succeed(denied))
  }).pipe(Effect.catchCause((cause) => unexpected(call, cause)))

/** Copies a call, so that its readers (the approval, the handler, the history) cannot change each other's input. */
const separate = (call: ContentBlock.ToolUse): ContentBlock.ToolUse => ({ ...call, input: structuredClone(call.input) })

const unknownTool = <R>(call: ContentBlock.ToolUse, tools: Callables<R>): string => {
  const names = [...tools.keys()].filter((name) => !name.startsWith(toolsetKey("")))
  return `There is no tool "${call.name}". ${
    names.length === 0 ? "There are no tools." : `There are: ${names.join(", ")}.`
  }`
}

const incomplete = (json: string): string =>
  `The input is not a complete JSON object. It ends in ${JSON.stringify(json.slice(-40))}. ` +
  "Call the tool again with the complete input."

/**
 * Returns the result of a call that must not run, or undefined where it may. Tools that
 * only read run without approval, unless they require it. An input that the tool does not
 * accept needs none, and is not run.
 */
const verdict = <R>(
  call: ContentBlock.ToolUse,
  callable: Callable<R>,
  { approve, timeout }: Options<R>
): Effect.Effect<Content.ToolResult | undefined, never, R> => {
  const { tool } = callable
  if (approve === undefined && typeof tool.needsApproval !== "function") {
    return Effect.succeed(tool.needsApproval === true ? denied(call, nobodyApproves) : undefined)
  }
  const limit = timeout(call.name)
  const requirement = callable.decode(separate(call)).pipe(
    Effect.flatMap((parameters) => requiresApproval(call, tool, parameters)),
    Effect.result
  )
  return Effect.flatMap(bounded(requirement, limit, Effect.succeed(undefined)), (required) => {
    if (required === undefined) return Effect.succeed(failure(call, late(limit)))
    if (Result.isFailure(required)) return Effect.succeed(failure(call, invalidInput(call, required.failure)))
    if (approve === undefined) return Effect.succeed(required.success ? denied(call, nobodyApproves) : undefined)
    if (!required.success && isHarmless(callable)) return Effect.succeed(undefined)
    return Effect.suspend(() => approve({ call: separate(call), tool, required: required.success })).pipe(
      Effect.map((approved) =>
        approved === true ? undefined : denied(call, approved === false ? undefined : String(approved))
      ),
      Effect.catchCause((cause) =>
        Effect.as(Effect.logError(`The approval of "${call.name}" died`, cause), denied(call, "the approval failed"))
      )
    )
  })
}

const nobodyApproves = "it needs an approval, and the program does not give any"

const denied = (call: ContentBlock.ToolUse, reason: string | undefined): Content.ToolResult =>
  failure(call, reason === undefined ? "The call was denied." : `The call was denied: ${reason}`)

const invalidInput = (call: ContentBlock.ToolUse, { message }: Schema.SchemaError): string =>
  new AiError.ToolParameterValidationError({ toolName: call.name, description: message }).message

/** Whether a tool that does not require approval states that it needs none, and is believed. */
const isHarmless = <R>({ tool, trusted }: Callable<R>): boolean =>
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

const perform = <R>(
  call: ContentBlock.ToolUse,
  { run, tool }: Callable<R>,
  { onEvent, timeout }: Options<R>
): Effect.Effect<Content.ToolResult, never, R> => {
  const limit = timeout(call.name)
  const handled = Stream.runFoldEffect(
    run(call),
    (): Output | undefined => undefined,
    (last, output) =>
      output.preliminary
        ? Effect.as(onEvent({ _tag: "ToolProgress", call, result: output.encodedResult }), last)
        : Effect.succeed<Output | undefined>(output)
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

const resultFrom = (call: ContentBlock.ToolUse, output: Output): Content.ToolResult => {
  if (output.isFailure) return failure(call, ToolContent.textOf(output.encodedResult))
  return Blocks.toolResult(
    call,
    output.modelOutput === undefined
      ? ToolContent.fromResult(output.encodedResult)
      : ToolContent.fromModelOutput(output.modelOutput)
  )
}
