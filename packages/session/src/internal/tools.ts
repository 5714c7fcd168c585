/**
 * Runs the calls of a response. Each call gets a result, whatever its tool does:
 * a tool that fails, dies, is interrupted, takes too long, is denied or does not
 * exist has a result that says so.
 *
 * A call that the response may have cut is not run.
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
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
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

/** Returns the tools of a toolkit that have handlers. The members of a toolset have one handler in common. */
export const callables = <Tools extends Record<string, Tool.Any>>(
  toolkit: Toolkit.WithHandler<Tools>
): Callables<Tool.HandlerServices<Tools[keyof Tools]>> => {
  const out = new Map<string, Callable<Tool.HandlerServices<Tools[keyof Tools]>>>()
  for (const name of Object.keys(toolkit.tools)) {
    const tool = toolkit.tools[name]
    if (tool === undefined || (Tool.isProviderDefined(tool) && !tool.requiresHandler)) continue
    const toolset = toolsetOf(tool)
    const inputOf = (call: ContentBlock.ToolUse): unknown =>
      toolset === undefined ? call.input : { member: call.name, input: call.input }
    const run = (call: ContentBlock.ToolUse) =>
      // Nothing is known of the input; the toolkit decodes it before a handler sees it.
      Stream.unwrap(toolkit.handle(name, inputOf(call) as Tool.ParametersEncoded<Tools[string]>, call.id))
    out.set(toolset === undefined ? ToolSchema.nameOf(tool) : toolsetKey(toolset), { tool, inputOf, run })
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
    return Effect.flatMap(isApproved(call, callable, options), (approved) =>
      approved === true
        ? perform(call, callable, options)
        : Effect.succeed(
          failure(call, approved === false ? "The call was denied." : `The call was denied: ${approved}`)
        ))
  })

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
 * Decides whether a call may run. Tools that only read run without approval,
 * unless they require it. An input that the tool does not accept needs none.
 */
const isApproved = <R>(
  call: ContentBlock.ToolUse,
  { inputOf, tool }: Callable<R>,
  { approve }: Options<R>
): Effect.Effect<boolean | string, never, R> => {
  const parameters = Schema.decodeUnknownExit(Schema.make<Schema.Codec<unknown>>(tool.parametersSchema.ast))(
    inputOf(call)
  )
  if (Exit.isFailure(parameters) && !Cause.hasDies(parameters.cause)) return Effect.succeed(true)
  const given = Exit.isSuccess(parameters) ? parameters.value : inputOf(call)
  return Effect.flatMap(needsApproval(call, tool, given), (required) => {
    if (approve === undefined) {
      return Effect.succeed(required ? "it needs an approval, and the program does not give any" : true)
    }
    const acts = tool.needsApproval === undefined && !Context.get(tool.annotations, Tool.Readonly)
    return required || acts ? approve({ call, tool, required }) : Effect.succeed(true)
  })
}

/** Whether a tool requires approval. A tool whose own check fails does. */
const needsApproval = (call: ContentBlock.ToolUse, tool: Tool.Any, parameters: unknown): Effect.Effect<boolean> => {
  const needs = tool.needsApproval
  if (typeof needs !== "function") return Effect.succeed(needs === true)
  return Effect.suspend(() => {
    const required = needs(parameters, { toolCallId: call.id, messages: [] })
    return Effect.isEffect(required) ? required : Effect.succeed(required)
  }).pipe(Effect.catchCause((cause) => Cause.hasInterrupts(cause) ? Effect.interrupt : Effect.succeed(true)))
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
  const timed = Bounded.run(handled, {
    limit,
    grace,
    whenInterrupted: "interrupt",
    onLate: (reason) =>
      reason === "timeout"
        ? Effect.succeed(failure(call, `The tool did not finish within ${Duration.format(limit)}.`))
        : Effect.interrupt
  })
  return Effect.catchCause(timed, (cause) => explain(call, tool, cause))
}

/** How long a tool may take to end after its run was interrupted. */
const grace = Duration.seconds(1)

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
    : Effect.as(Effect.logError(`Tool "${call.name}" died`, cause), failure(call, "The tool failed unexpectedly."))
}

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
