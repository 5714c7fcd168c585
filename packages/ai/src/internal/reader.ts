/**
 * From the events of a stream to parts.
 *
 * @since 0.1.0
 */
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import type * as Response from "effect/ai/Response"
import * as Option from "effect/Option"
import * as Ends from "./ends.ts"
import * as Parts from "./parts.ts"
import type { Options } from "./responseTypes.ts"
import * as ToolNames from "./toolNames.ts"

/** Creates a function from the events of a chunk to its parts. It keeps its place in the message. */
export const make = (options: Options | undefined) => {
  let state = MessageAccumulator.initial
  /** The blocks that are open, and whether a delta has brought a piece of their input. */
  const started = new Map<number, { readonly block: StartedBlock; hasInput: boolean }>()
  const context = Parts.context(
    () => state.message?.id ?? "",
    ToolNames.make(options?.tools ?? [], options?.calls)
  )
  const idOf = (index: number) => `${state.message?.id ?? ""}/${index}`

  const open = (index: number, block: StartedBlock, out: Array<Response.StreamPartEncoded>): void => {
    const id = idOf(index)
    switch (block.type) {
      case "text":
        out.push({ type: "text-start", id })
        if (block.text !== "") out.push({ type: "text-delta", id, delta: block.text })
        for (const citation of block.citations ?? []) out.push(...Parts.ofCitation(citation, context))
        return
      case "thinking":
        out.push({ type: "reasoning-start", id })
        if (block.thinking !== "") out.push({ type: "reasoning-delta", id, delta: block.thinking })
        return
      case "redacted_thinking":
        out.push({ type: "reasoning-start", id, ...Parts.whole(block) })
        return
      case "tool_use":
      case "server_tool_use":
      case "mcp_tool_use": {
        const call = callOf(block)
        if (call === undefined) return
        const providerExecuted = block.type === "tool_use" ? undefined : { providerExecuted: true }
        out.push({ type: "tool-params-start", id: block.id, name: call.name, ...providerExecuted })
        if (call.prefix !== undefined) out.push({ type: "tool-params-delta", id: block.id, delta: call.prefix })
      }
    }
  }

  const grow = (event: DeltaEvent, out: Array<Response.StreamPartEncoded>): void => {
    const { delta, index } = event
    const at = started.get(index)
    const block = at?.block
    switch (delta.type) {
      case "text_delta":
        if (delta.text !== "" && block?.type === "text") {
          out.push({ type: "text-delta", id: idOf(index), delta: delta.text })
        }
        return
      case "thinking_delta":
        if (delta.thinking !== "" && block?.type === "thinking") {
          out.push({ type: "reasoning-delta", id: idOf(index), delta: delta.thinking })
        }
        return
      case "citations_delta":
        if (block?.type === "text") out.push(...Parts.ofCitation(delta.citation, context))
        return
      case "input_json_delta":
        if (delta.partial_json === "" || at === undefined) return
        at.hasInput = true
        if (isCall(at.block) && callOf(at.block) !== undefined) {
          out.push({ type: "tool-params-delta", id: at.block.id, delta: delta.partial_json })
        }
    }
  }

  /** The call a block is, if it is one whose parameters are handed out as they come. */
  const callOf = (block: CallBlock): ToolNames.Call | undefined =>
    block.type === "tool_use" ? context.names.called(block, {}) : context.names.calledOnServer(block, {})

  /** Ends a block that is open. */
  const close = (index: number, out: Array<Response.StreamPartEncoded>): void => {
    const hadInput = started.get(index)?.hasInput === true
    if (!started.delete(index)) return
    state = MessageAccumulator.step(state, { type: "content_block_stop", index })
    const closed = MessageAccumulator.blockAt(state, index)
    if (Option.isNone(closed)) return
    const { block } = closed.value
    const id = idOf(index)
    if (block.type === "text") {
      out.push({ type: "text-end", id, ...Parts.beside(block, ["text"]) })
    } else if (block.type === "thinking") {
      out.push({ type: "reasoning-end", id, ...Parts.beside(block, ["thinking"]) })
    } else if (block.type === "redacted_thinking") {
      out.push({ type: "reasoning-end", id })
    } else {
      const call = isCall(block) ? callOf(block) : undefined
      if (isCall(block) && call !== undefined) {
        // An input that came with the start of its block is handed out as one piece.
        if (!hadInput) {
          out.push({ type: "tool-params-delta", id: block.id, delta: JSON.stringify(block.input) })
        }
        if (call.prefix !== undefined) out.push({ type: "tool-params-delta", id: block.id, delta: "}" })
        out.push({ type: "tool-params-end", id: block.id })
      }
      out.push(
        ...(Parts.ofBlock(block, context) ?? [
          { type: "text-start", id, ...Parts.whole(block) } as const,
          { type: "text-end", id } as const,
          ...Parts.sourcesOf(block, context)
        ])
      )
    }
  }

  const push = (event: StreamEvent, out: Array<Response.StreamPartEncoded>): void => {
    if (state.problem !== undefined) return
    switch (event.type) {
      case "message_start": {
        const { content, ...shell } = event.message
        state = MessageAccumulator.step(state, { ...event, message: { ...shell, content: [] } })
        out.push(Ends.metadataPart(event.message, options))
        content.forEach((content_block, index) => {
          push({ type: "content_block_start", index, content_block }, out)
          push({ type: "content_block_stop", index }, out)
        })
        return
      }
      case "content_block_start":
        state = MessageAccumulator.step(state, event)
        if (state.problem !== undefined) return
        started.set(event.index, { block: event.content_block, hasInput: false })
        open(event.index, event.content_block, out)
        return
      case "content_block_delta":
        state = MessageAccumulator.step(state, event)
        if (state.problem === undefined) grow(event, out)
        return
      case "content_block_stop":
        close(event.index, out)
        return
      case "message_delta":
        state = MessageAccumulator.step(state, event)
        return
      case "message_stop": {
        if (state.done) return
        for (const index of [...started.keys()].toSorted((a, b) => a - b)) close(index, out)
        state = MessageAccumulator.step(state, event)
        const message = MessageAccumulator.snapshot(state)
        if (Option.isSome(message)) out.push(Ends.finishPart(message.value, options))
      }
    }
  }

  return (events: ReadonlyArray<StreamEvent>): ReadonlyArray<Response.StreamPartEncoded> => {
    const out: Array<Response.StreamPartEncoded> = []
    for (const event of events) push(event, out)
    return out
  }
}

type StartedBlock = Extract<StreamEvent, { readonly type: "content_block_start" }>["content_block"]

type CallBlock = Extract<StartedBlock, { readonly type: "tool_use" | "server_tool_use" | "mcp_tool_use" }>

const isCall = (block: StartedBlock): block is CallBlock =>
  block.type === "tool_use" || block.type === "server_tool_use" || block.type === "mcp_tool_use"

type DeltaEvent = Extract<StreamEvent, { readonly type: "content_block_delta" }>
