/**
 * Runs the calls of a model's answer. Whatever a tool does, its call gets a
 * result: failing, dying, being interrupted, taking too long, being denied or
 * not being there at all are results that say so.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
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
import * as Formatter from "effect/Formatter"
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

/** A tool that can be called, and what its handlers need. */
export interface Callable<R> {
  readonly tool: Tool.Any
  readonly run: (call: ContentBlock.ToolUse) => Stream.Stream<Output, unknown, R>
}

/** What a handler shows the model instead of its result. */
type ModelOutput = NonNullable<Tool.HandlerResult<Tool.Any>["modelOutput"]>

/** What a handler said. */
export interface Output {
  readonly encodedResult: unknown
  readonly modelOutput?: ModelOutput | undefined
  readonly isFailure: boolean
  readonly preliminary: boolean
}

/** Tools by the name the model calls them by. */
export type Callables<R> = ReadonlyMap<string, Callable<R>>

/** The tools of a toolkit whose handlers are there. */
export const callables = <Tools extends Record<string, Tool.Any>>(
  toolkit: Toolkit.WithHandler<Tools>
): Callables<Tool.HandlerServices<Tools[keyof Tools]>> => {
  const out = new Map<string, Callable<Tool.HandlerServices<Tools[keyof Tools]>>>()
  for (const name of Object.keys(toolkit.tools)) {
    const tool = toolkit.tools[name]
    if (tool === undefined || (Tool.isProviderDefined(tool) && !tool.requiresHandler)) continue
    const run = (call: ContentBlock.ToolUse) =>
      // Nothing is known of the input; the toolkit decodes it before a handler sees it.
      Stream.unwrap(toolkit.handle(name, call.input as Tool.ParametersEncoded<Tools[string]>, call.id))
    out.set(ToolSchema.nameOf(tool), { tool, run })
  }
  return out
}

/** How calls are run. */
export interface Options<R> {
  readonly tools: Callables<R>
  readonly timeout: (tool: string) => Duration.Duration
  readonly approve: Approve<R> | undefined
  readonly onEvent: (event: AgentEvent) => Effect.Effect<void>
}

/** Decides whether a call may run: yes, no, or no with a reason the model is told. */
export type Approve<R> = (request: {
  readonly call: ContentBlock.ToolUse
  readonly tool: Tool.Any
  readonly required: boolean
}) => Effect.Effect<boolean | string, never, R>

/** Runs one call. It never fails. */
export const run = <R>(
  call: ContentBlock.ToolUse,
  options: Options<R>
): Effect.Effect<Content.ToolResult, never, R> =>
  options.onEvent({ _tag: "ToolStarted", call }).pipe(
    Effect.andThen(resultOf(call, options)),
    Effect.tap((result) => options.onEvent({ _tag: "ToolFinished", call, result }))
  )

const resultOf = <R>(
  call: ContentBlock.ToolUse,
  options: Options<R>
): Effect.Effect<Content.ToolResult, never, R> =>
  Effect.suspend(() => {
    const callable = call.toolset_name === undefined || call.toolset_name === null
      ? options.tools.get(call.name)
      : undefined
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
  const names = [...tools.keys()]
  return `There is no tool "${call.name}". ${
    names.length === 0 ? "There are no tools." : `There are: ${names.join(", ")}.`
  }`
}

const incomplete = (json: string): string =>
  `The input is not a whole JSON object. It ends in ${JSON.stringify(json.slice(-40))}. ` +
  "Call the tool again with the whole input."

/**
 * Asks whether a call may run. Tools that only read run unasked, unless they say
 * otherwise, and nobody is asked about an input that the tool will not take.
 */
const isApproved = <R>(
  call: ContentBlock.ToolUse,
  { tool }: Callable<R>,
  { approve }: Options<R>
): Effect.Effect<boolean | string, never, R> => {
  const parameters = Schema.decodeUnknownExit(Schema.make<Schema.Codec<unknown>>(tool.parametersSchema.ast))(call.input)
  if (Exit.isFailure(parameters) && !Cause.hasDies(parameters.cause)) return Effect.succeed(true)
  const given = Exit.isSuccess(parameters) ? parameters.value : call.input
  return Effect.flatMap(needsApproval(call, tool, given), (required) => {
    if (approve === undefined) {
      return Effect.succeed(required ? "it needs an approval, and nobody is there to give it" : true)
    }
    const acts = tool.needsApproval === undefined && !Context.get(tool.annotations, Tool.Readonly)
    return required || acts ? approve({ call, tool, required }) : Effect.succeed(true)
  })
}

/** Whether a tool says that it needs approval. One whose own question fails does. */
const needsApproval = (call: ContentBlock.ToolUse, tool: Tool.Any, parameters: unknown): Effect.Effect<boolean> => {
  const needs = tool.needsApproval
  if (typeof needs !== "function") return Effect.succeed(needs === true)
  return Effect.suspend(() => {
    const answer = needs(parameters, { toolCallId: call.id, messages: [] })
    return Effect.isEffect(answer) ? answer : Effect.succeed(answer)
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
 * The toolkit writes a tool's input to the span it finds. It finds one that takes
 * nothing, and what the handler traces still belongs to the same trace.
 */
const withoutSpan = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.serviceOption(Tracer.ParentSpan), (span) =>
    Option.isNone(span) ? self : Effect.provideService(
      self,
      Tracer.ParentSpan,
      Tracer.externalSpan({ spanId: span.value.spanId, traceId: span.value.traceId, sampled: span.value.sampled })
    ))

/** What the model is told of a handler that did not succeed. */
const explain = (
  call: ContentBlock.ToolUse,
  tool: Tool.Any,
  cause: Cause.Cause<unknown>
): Effect.Effect<Content.ToolResult> => {
  const error = Cause.findErrorOption(cause)
  if (Option.isSome(error) && !Cause.hasDies(cause)) {
    return Effect.succeed(failure(call, describe(tool, error.value)))
  }
  // Where the run itself is interrupted, nothing comes here: this handler interrupted itself.
  return Cause.hasInterruptsOnly(cause)
    ? Effect.succeed(failure(call, "The tool was interrupted."))
    : Effect.as(Effect.logError(`Tool "${call.name}" died`, cause), failure(call, "The tool failed unexpectedly."))
}

/** A failure in the words of the tool's own schema, or those of the error. */
const describe = (tool: Tool.Any, error: unknown): string => {
  if (AiError.isAiError(error)) return error.reason.message
  const encoded = Schema.encodeUnknownOption(Schema.make<Schema.Codec<unknown>>(tool.failureSchema.ast))(error)
  return Option.isSome(encoded) ? textOf(encoded.value) : error instanceof Error ? error.message : textOf(error)
}

/** What is no JSON (a BigInt, an object that holds itself) is shown as it prints. */
const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : Result.getOrElse(Result.try(() => JSON.stringify(value)), () => Formatter.format(value)) ?? ""

const failure = (call: ContentBlock.ToolUse, text: string): Content.ToolResult =>
  Blocks.toolResult(call, text, { isError: true })

const resultFrom = (call: ContentBlock.ToolUse, output: Output): Content.ToolResult =>
  output.isFailure
    ? failure(call, textOf(output.encodedResult))
    : Blocks.toolResult(
      call,
      output.modelOutput === undefined ? textOf(output.encodedResult) : contentOf(output.modelOutput)
    )

const contentOf = (parts: ModelOutput): ReadonlyArray<Content.ToolResultContent> =>
  parts.map((part): Content.ToolResultContent => {
    if (part.type === "text") return Content.text(part.text)
    const { data, mediaType } = part
    if (Predicate.isUndefined(data)) return Content.text(`[${mediaType} omitted]`)
    if (mediaType === "application/pdf") {
      if (data instanceof URL) return Content.pdfUrl(data.href)
      return typeof data === "string" ? Content.pdfBase64(data) : Content.pdf(data)
    }
    if (!isImage(mediaType)) return Content.text(`[${mediaType} omitted]`)
    if (data instanceof URL) return Content.imageUrl(data.href)
    return typeof data === "string" ? Content.imageBase64(data, mediaType) : Content.image(data, mediaType)
  })

type ImageType = Parameters<typeof Content.image>[1]

const images: ReadonlySet<string> = new Set<ImageType>(["image/jpeg", "image/png", "image/gif", "image/webp"])

const isImage = (type: string): type is ImageType => images.has(type)
