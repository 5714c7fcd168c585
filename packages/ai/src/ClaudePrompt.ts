/**
 * From a prompt of effect/ai to the messages of a request, without loss.
 *
 * What an answer of the API was made into comes back as it was: thinking with its
 * signature, redacted thinking, calls and results of the server's tools, citations,
 * blocks that are not known yet. Images, PDFs and text files become blocks, system
 * messages stay where they stand, cache breakpoints go where options say.
 *
 * The messages are ones the API accepts even where a program was interrupted: a
 * call with no result is answered by an error that says so, results stand in the
 * turn after their call, and nothing half-finished is sent. What belongs to another
 * provider and means nothing here (its reasoning, the tools its server ran, files it
 * made) is left out.
 *
 * @since 0.1.0
 */
import type * as CacheControl from "@effect-claude/core/CacheControl"
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Media from "@effect-claude/core/Media"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ToolInput from "@effect-claude/core/ToolInput"
import * as Wire from "@effect-claude/core/Wire"
import * as AiError from "effect/ai/AiError"
import type * as Prompt from "effect/ai/Prompt"
import * as Result from "effect/Result"
import * as Files from "./internal/files.ts"
import * as Json from "./internal/json.ts"
import type { CacheBreakpoint, FileOptions, MessageOptions, PartOptions } from "./internal/promptOptions.ts"
import * as ToolNames from "./internal/toolNames.ts"
import * as Turns from "./internal/turns.ts"

// -----------------------------------------------------------------------------
// options of parts and messages
// -----------------------------------------------------------------------------

/**
 * A cache breakpoint: everything up to here is kept for five minutes, or an hour.
 *
 * @category options
 * @since 0.1.0
 */
export type { CacheBreakpoint } from "./internal/promptOptions.ts"

/**
 * Options of a message: `options.claude` of a system, user, assistant or tool
 * message.
 *
 * @category options
 * @since 0.1.0
 */
export type { MessageOptions } from "./internal/promptOptions.ts"

/**
 * Options of a part: `options.claude` of a text, a call or a result.
 *
 * @category options
 * @since 0.1.0
 */
export type { PartOptions } from "./internal/promptOptions.ts"

/**
 * Options of a file: `options.claude` of a file part.
 *
 * @category options
 * @since 0.1.0
 */
export type { FileOptions } from "./internal/promptOptions.ts"

declare module "effect/ai/Prompt" {
  interface SystemMessageOptions extends ProviderOptions {
    readonly claude?: MessageOptions | null
  }
  interface UserMessageOptions extends ProviderOptions {
    readonly claude?: MessageOptions | null
  }
  interface AssistantMessageOptions extends ProviderOptions {
    readonly claude?: MessageOptions | null
  }
  interface ToolMessageOptions extends ProviderOptions {
    readonly claude?: MessageOptions | null
  }
  interface TextPartOptions extends ProviderOptions {
    readonly claude?: PartOptions | null
  }
  interface ReasoningPartOptions extends ProviderOptions {
    readonly claude?: PartOptions | null
  }
  interface FilePartOptions extends ProviderOptions {
    readonly claude?: FileOptions | null
  }
  interface ToolCallPartOptions extends ProviderOptions {
    readonly claude?: PartOptions | null
  }
  interface ToolResultPartOptions extends ProviderOptions {
    readonly claude?: PartOptions | null
  }
}

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a prompt is in a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClaudePrompt {
  readonly system?: string | ReadonlyArray<ContentBlock.Text> | undefined
  readonly messages: ReadonlyArray<MessageRequest.MessageParam>
}

/**
 * Options of `fromPrompt`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Where system messages go that stand after the first turn: where they stand, or
   * with the others before it, for models that know no other place.
   *
   * @default "inPlace"
   */
  readonly systemMessages?: "inPlace" | "top" | undefined
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Converts a prompt to the messages of a request.
 *
 * **Details**
 *
 * Fails with `InvalidUserInputError` for a file the API does not take.
 *
 * **Example** (Caching a long system prompt)
 *
 * ```ts
 * import * as ClaudePrompt from "@effect-claude/ai/ClaudePrompt"
 * import * as Prompt from "effect/ai/Prompt"
 * import * as Result from "effect/Result"
 *
 * const prompt = Prompt.make([
 *   { role: "system", content: "…", options: { claude: { cache_control: { type: "ephemeral" } } } },
 *   { role: "user", content: "Hello" }
 * ])
 *
 * Result.getOrThrow(ClaudePrompt.fromPrompt(prompt)).system
 * // => [{ type: "text", text: "…", cache_control: { type: "ephemeral" } }]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromPrompt = (
  prompt: Prompt.Prompt,
  options?: Options
): Result.Result<ClaudePrompt, AiError.InvalidUserInputError> => {
  const problems: Array<string> = []
  const system: Array<ContentBlock.Text> = []
  const turns: Array<Turns.Turn> = []
  for (const message of prompt.content) {
    const blocks = blocksOf(message, problems)
    const role = message.role === "tool" ? "user" : message.role
    if (role === "system" && (turns.length === 0 || options?.systemMessages === "top")) {
      system.push(...blocks.filter(isText))
    } else turns.push({ role, blocks: withBreakpoint(blocks, message.options.claude?.cache_control) })
  }
  if (problems.length > 0) {
    return Result.fail(new AiError.InvalidUserInputError({ description: problems.join("; ") }))
  }
  const top = system.length === 1 && system[0]?.cache_control === undefined ? system[0]?.text : system
  return Result.succeed({
    ...(top === undefined || top.length === 0 ? undefined : { system: top }),
    messages: Turns.repair(turns).map(({ blocks, role }) => ({ role, content: plain(blocks) }))
  })
}

/**
 * Returns the names of the tools that were called in a prompt, by the ids of the
 * calls. A result that comes a turn later than its call is named by it.
 *
 * @category conversions
 * @since 0.1.0
 */
export const calls = (prompt: Prompt.Prompt): ReadonlyMap<string, string> =>
  new Map(
    prompt.content.flatMap((message) =>
      message.role === "assistant"
        ? message.content.flatMap((part) => part.type === "tool-call" ? [[part.id, part.name] as const] : [])
        : []
    )
  )

// -----------------------------------------------------------------------------
// messages
// -----------------------------------------------------------------------------

const blocksOf = (message: Prompt.Message, problems: Array<string>): Array<Content.Content> => {
  switch (message.role) {
    case "system":
      return message.content.trim() === ""
        ? []
        : [{ type: "text", text: message.content, ...breakpoint(message.options.claude?.cache_control) }]
    case "user":
      return message.content.flatMap((part): ReadonlyArray<Content.Content> =>
        part.type === "text" ? [textBlock(part)] : fileBlock(part, problems)
      )
    case "assistant":
      return message.content.flatMap(assistantBlock)
    case "tool":
      return message.content.flatMap((part) => part.type === "tool-result" ? [resultBlock(part, problems)] : [])
  }
}

const assistantBlock = (part: Prompt.AssistantMessagePart): ReadonlyArray<Content.Content> => {
  const block = "claude" in part.options ? blockOf(part) : undefined
  switch (part.type) {
    case "text":
      return [textBlock(part)]
    case "reasoning":
      if (block === undefined) return []
      return [Wire.unknown(block.type === "thinking" ? { thinking: part.text, ...block } : block)]
    case "tool-call":
      return part.providerExecuted && block === undefined ? [] : [callBlock(part, block)]
    case "tool-result":
      // A result that an answer of the server's holds; one of a handler's belongs in a tool message.
      return block === undefined ? [] : [Wire.unknown({
        tool_use_id: part.id,
        ...(part.result === null ? undefined : { content: part.result }),
        ...block,
        ...breakpoint(part.options.claude?.cache_control)
      })]
    case "file":
    case "tool-approval-request":
      return []
  }
}

// -----------------------------------------------------------------------------
// parts
// -----------------------------------------------------------------------------

const textBlock = (part: Prompt.TextPart): ContentBlock.Text | Wire.Unknown => {
  const block = blockOf(part)
  const cache = breakpoint(part.options.claude?.cache_control)
  if (block === undefined) return { type: "text", text: part.text, ...cache }
  return Wire.unknown({ ...(block.type === "text" ? { text: part.text } : undefined), ...block, ...cache })
}

const callBlock = (part: Prompt.ToolCallPart, block: Json.Block | undefined): Content.Content => {
  const toolset = ToolNames.toolsetOf(part.name)
  const member = toolset !== undefined || (block?.type === "mcp_tool_use")
  const { input, name } = member ? memberOf(part.params) : { input: part.params, name: ToolNames.toWire(part.name) }
  return Wire.unknown({
    type: "tool_use",
    id: part.id,
    name,
    // What the model wrote is not JSON: the API takes an object alone, and documents this one.
    input: Json.isObject(input)
      ? input
      : ToolInput.incomplete(typeof input === "string" ? input : JSON.stringify(input)),
    ...(toolset === undefined ? undefined : { toolset_name: toolset }),
    ...block,
    ...breakpoint(part.options.claude?.cache_control)
  })
}

const memberOf = (params: unknown): { readonly name: unknown; readonly input: unknown } =>
  Json.isObject(params)
    ? { name: params["member"] ?? params["name"], input: params["input"] ?? {} }
    : { name: "", input: params }

const resultBlock = (part: Prompt.ToolResultPart, problems: Array<string>): Content.ToolResult => {
  const content = resultContent(part, problems)
  return {
    type: "tool_result",
    tool_use_id: part.id,
    ...(content.length === 0 ? undefined : { content }),
    ...(part.isFailure ? { is_error: true } : undefined),
    ...breakpoint(part.options.claude?.cache_control)
  }
}

const resultContent = (
  part: Prompt.ToolResultPart,
  problems: Array<string>
): string | ReadonlyArray<Content.ToolResultContent> => {
  if (part.modelOutput !== undefined) {
    return part.modelOutput.flatMap((output): ReadonlyArray<Content.ToolResultContent> => {
      if (output.type === "text") return output.text.trim() === "" ? [] : [textBlock(output)]
      return fileBlock(output, problems)
    })
  }
  if (typeof part.result === "string") return part.result
  if (ToolNames.mayAnswerInBlocks(part.name) && isBlocks(part.result)) return part.result.map(Wire.unknown)
  return JSON.stringify(part.result) ?? ""
}

/** Returns whether a value is a list of objects that each have a type: the request is checked before it is sent. */
const isBlocks = (u: unknown): u is ReadonlyArray<{ readonly type: string }> =>
  Array.isArray(u) && u.every((item) => Json.isObject(item) && typeof item["type"] === "string")

const fileBlock = (part: Prompt.FilePart, problems: Array<string>): ReadonlyArray<Media.Image | Media.Document> => {
  const block = Files.toBlock(part)
  if (Result.isSuccess(block)) return [block.success]
  problems.push(part.fileName === undefined ? block.failure : `${part.fileName}: ${block.failure}`)
  return []
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const blockOf = (part: { readonly options: { readonly claude?: PartOptions | null } }): Json.Block | undefined =>
  part.options.claude?.block

const breakpoint = (
  cache_control: CacheBreakpoint | null | undefined
): { readonly cache_control?: CacheControl.CacheControl } =>
  cache_control === undefined || cache_control === null ? {} : { cache_control }

/** Puts the breakpoint of a message on its last block that takes one. */
const withBreakpoint = (
  blocks: Array<Content.Content>,
  cache_control: CacheBreakpoint | null | undefined
): Array<Content.Content> => {
  if (cache_control === undefined || cache_control === null) return blocks
  const at = blocks.findLastIndex(({ type }) => type !== "thinking" && type !== "redacted_thinking")
  const block: Content.Content | undefined = blocks[at]
  if (block === undefined) return blocks
  return blocks.with(at, Wire.unknown({ cache_control, ...block }))
}

const isText = (block: Content.Content): block is ContentBlock.Text => block.type === "text"

/** A turn of nothing but text is written as text. */
const plain = (blocks: ReadonlyArray<Content.Content>): string | ReadonlyArray<Content.Content> => {
  const [block] = blocks
  return blocks.length === 1 && block?.type === "text" && Object.keys(block).length === 2 ? block.text : blocks
}
