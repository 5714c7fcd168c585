/**
 * Tools with their handlers, by the name that the model calls them by.
 *
 * @since 0.1.0
 */
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as Tool from "effect/ai/Tool"
import type * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as ToolSchema from "../ToolSchema.ts"
import type * as ToolContent from "./toolContent.ts"

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

/** Whether a key is that of a toolset. */
export const isToolset = (key: string): boolean => key.startsWith(toolsetKey(""))

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

/** Returns the handler of a call. */
export const callableOf = <R>(call: ContentBlock.ToolUse, tools: Callables<R>): Callable<R> | undefined =>
  tools.get(Predicate.isNotNullish(call.toolset_name) ? toolsetKey(call.toolset_name) : call.name)
