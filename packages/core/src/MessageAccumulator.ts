/**
 * Folds the events of a stream into the message they describe.
 *
 * A pure fold: `step` takes a state and an event and returns the next state, and
 * `snapshot` shows the message as far as it has come, after every step. A step
 * costs the same however long the answer is, so the whole fold is linear in the
 * stream, and memory is one message.
 *
 * It follows recorded streams where they differ from the documentation: a whole
 * message may come in `message_start`, blocks may be finished when they start,
 * usage is cumulative, and unknown events, blocks and deltas are passed over
 * without harm. A tool's input that did not arrive whole is flagged, never
 * silently repaired: see `toolInput`.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Citation from "./Citation.ts"
import type * as ContentBlock from "./ContentBlock.ts"
import * as Grown from "./internal/grown.ts"
import type * as Message from "./Message.ts"
import * as PartialJson from "./PartialJson.ts"
import type * as StreamEvent from "./StreamEvent.ts"
import * as Usage from "./Usage.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The state of the fold. Opaque: read it with `snapshot`, `isDone` and the like.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageAccumulator {
  readonly message: Message.Message | undefined
  readonly done: boolean
  /** Finished blocks, latest first. */
  readonly closed: Closed | undefined
  readonly open: Open | undefined
}

interface Closed {
  readonly block: ContentBlock.ContentBlock
  readonly before: Closed | undefined
}

/** A block that is still growing. */
interface Open {
  readonly index: number
  readonly start: ContentBlock.ContentBlock
  readonly text: Grown.Grown
  readonly thinking: Grown.Grown
  readonly signature: string | undefined
  readonly json: Grown.Grown
  readonly citations: CitationList | undefined
  readonly compaction: StreamEvent.CompactionDelta | undefined
}

interface CitationList {
  readonly citation: Citation.Citation
  readonly before: CitationList | undefined
}

/**
 * How a tool's input arrived.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolInput {
  /** The text as it came, possibly empty. */
  readonly json: string
  /** The value, or what can be shown of it. */
  readonly value: unknown
  /** Whether the text was a whole JSON text. An empty text stands for `{}` and is complete. */
  readonly complete: boolean
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The state before the first event.
 *
 * @category constructors
 * @since 0.1.0
 */
export const initial: MessageAccumulator = { message: undefined, done: false, closed: undefined, open: undefined }

// -----------------------------------------------------------------------------
// folding
// -----------------------------------------------------------------------------

/**
 * Takes one event. Total: whatever the event, there is a next state.
 *
 * **Example** (Folding a stream)
 *
 * ```ts
 * import * as Message from "@effect-claude/core/Message"
 * import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
 * import type * as StreamEvent from "@effect-claude/core/StreamEvent"
 *
 * const usage = { input_tokens: 3, output_tokens: 1 }
 * const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], usage } as const
 * const events: ReadonlyArray<StreamEvent.StreamEvent> = [
 *   { type: "message_start", message },
 *   { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
 *   { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
 *   { type: "content_block_stop", index: 0 },
 *   { type: "message_stop" }
 * ]
 * const state = events.reduce(MessageAccumulator.step, MessageAccumulator.initial)
 *
 * state.done // => true
 * ```
 *
 * @category folding
 * @since 0.1.0
 */
export const step: {
  (event: StreamEvent.StreamEvent): (self: MessageAccumulator) => MessageAccumulator
  (self: MessageAccumulator, event: StreamEvent.StreamEvent): MessageAccumulator
} = dual(2, (self: MessageAccumulator, event: StreamEvent.StreamEvent): MessageAccumulator => {
  switch (event.type) {
    case "message_start":
      return { message: event.message, done: false, closed: fromArray(event.message.content), open: undefined }
    case "content_block_start":
      return { ...close(self), open: start(event.index, event.content_block) }
    case "content_block_delta":
      return self.open === undefined || self.open.index !== event.index
        ? self
        : withOpen(self, grow(self.open, event.delta))
    case "content_block_stop":
      return self.open?.index === event.index ? close(self) : self
    case "message_delta":
      return self.message === undefined ? self : { ...self, message: applyDelta(self.message, event) }
    case "message_stop":
      return { ...close(self), done: true }
    default:
      return self
  }
})

/**
 * Takes many events, as `step` would one after the other. Costs less: the pieces
 * of a block are taken together.
 *
 * @category folding
 * @since 0.1.0
 */
export const stepAll: {
  (events: Iterable<StreamEvent.StreamEvent>): (self: MessageAccumulator) => MessageAccumulator
  (self: MessageAccumulator, events: Iterable<StreamEvent.StreamEvent>): MessageAccumulator
} = dual(2, (self: MessageAccumulator, events: Iterable<StreamEvent.StreamEvent>): MessageAccumulator => {
  let state = self
  let text = ""
  let thinking = ""
  let json = ""
  for (const event of events) {
    if (event.type === "content_block_delta" && event.index === state.open?.index) {
      const { delta } = event
      switch (delta.type) {
        case "text_delta":
          text += delta.text
          continue
        case "thinking_delta":
          thinking += delta.thinking
          continue
        case "input_json_delta":
          json += delta.partial_json
          continue
        default:
      }
    }
    state = step(extend(state, text, thinking, json), event)
    text = thinking = json = ""
  }
  return extend(state, text, thinking, json)
})

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns the message as far as it has come: none before `message_start`.
 *
 * A block that is still growing is shown as far as it has come; the input of a
 * growing tool call is what `PartialJson` shows of it, read when it is looked at.
 *
 * @category accessors
 * @since 0.1.0
 */
export const snapshot = (self: MessageAccumulator): Option.Option<Message.Message> => {
  if (self.message === undefined) return Option.none()
  const content = toArray(self.closed)
  if (self.open !== undefined) content.push(show(self.open))
  return Option.some({ ...self.message, content })
}

/**
 * Whether any content has arrived.
 *
 * @category accessors
 * @since 0.1.0
 */
export const hasContent = (self: MessageAccumulator): boolean => self.closed !== undefined || self.open !== undefined

/**
 * Returns how the input of a tool call in a folded message arrived.
 *
 * A block that was not folded here, such as one of a plain JSON answer, has the
 * input it has; it counts as complete.
 *
 * @category accessors
 * @since 0.1.0
 */
export const toolInput = (block: ContentBlock.ToolUse | ContentBlock.ServerToolUse): ToolInput =>
  inputs.get(block) ?? { json: JSON.stringify(block.input), value: block.input, complete: true }

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** How the inputs of folded blocks arrived. The wire has no field for it, and none is added. */
const inputs = new WeakMap<object, ToolInput>()

const fromArray = (blocks: ReadonlyArray<ContentBlock.ContentBlock>): Closed | undefined => {
  let closed: Closed | undefined = undefined
  for (const block of blocks) closed = { block, before: closed }
  return closed
}

const toArray = (closed: Closed | undefined): Array<ContentBlock.ContentBlock> => {
  const out: Array<ContentBlock.ContentBlock> = []
  for (let at = closed; at !== undefined; at = at.before) out.push(at.block)
  return out.toReversed()
}

const withOpen = (self: MessageAccumulator, open: Open | undefined): MessageAccumulator => ({
  message: self.message,
  done: self.done,
  closed: self.closed,
  open
})

/** Adds to the block that is growing. */
const extend = (self: MessageAccumulator, text: string, thinking: string, json: string): MessageAccumulator => {
  const { open } = self
  if (open === undefined || (text === "" && thinking === "" && json === "")) return self
  return withOpen(self, {
    index: open.index,
    start: open.start,
    text: Grown.append(open.text, text),
    thinking: Grown.append(open.thinking, thinking),
    signature: open.signature,
    json: Grown.append(open.json, json),
    citations: open.citations,
    compaction: open.compaction
  })
}

const start = (index: number, block: ContentBlock.ContentBlock): Open => ({
  index,
  start: block,
  text: Grown.empty,
  thinking: Grown.empty,
  signature: undefined,
  json: Grown.empty,
  citations: undefined,
  compaction: undefined
})

const grow = (open: Open, delta: StreamEvent.Delta): Open => {
  switch (delta.type) {
    case "text_delta":
      return { ...open, text: Grown.append(open.text, delta.text) }
    case "input_json_delta":
      return { ...open, json: Grown.append(open.json, delta.partial_json) }
    case "thinking_delta":
      return { ...open, thinking: Grown.append(open.thinking, delta.thinking) }
    case "signature_delta":
      return { ...open, signature: delta.signature }
    case "citations_delta":
      return { ...open, citations: { citation: delta.citation, before: open.citations } }
    case "compaction_delta":
      return { ...open, compaction: { ...open.compaction, ...delta } }
    default:
      return open
  }
}

const close = (self: MessageAccumulator): MessageAccumulator =>
  self.open === undefined
    ? self
    : { ...self, closed: { block: finish(self.open), before: self.closed }, open: undefined }

/** The block as it stands at its end: its input is read, and flagged when it is not whole. */
const finish = (open: Open): ContentBlock.ContentBlock => {
  const block = open.start
  const json = Grown.whole(open.json)
  if (!takesInput(block) || json === "") return show(open)
  const { state, value } = PartialJson.parse(json)
  const input = value === undefined ? {} : value
  const finished = { ...block, input }
  inputs.set(finished, { json, value: input, complete: state === "complete" || state === "empty" })
  return finished
}

const show = (open: Open): ContentBlock.ContentBlock => {
  const block = open.start
  if (block.type === "text") {
    const added = Grown.whole(open.text)
    if (added === "" && open.citations === undefined) return block
    const text = block.text + added
    return open.citations === undefined
      ? { ...block, text }
      : { ...block, text, citations: [...(block.citations ?? []), ...citationArray(open.citations)] }
  }
  if (block.type === "thinking") {
    return {
      ...block,
      thinking: block.thinking + Grown.whole(open.thinking),
      signature: open.signature ?? block.signature
    }
  }
  if (takesInput(block)) {
    const json = Grown.whole(open.json)
    return json === "" ? block : withLiveInput(block, json)
  }
  if (block.type === "compaction" && open.compaction !== undefined) {
    const { type: _, ...fields } = open.compaction
    return { ...block, ...fields }
  }
  return block
}

type TakesInput =
  | ContentBlock.ToolUse
  | ContentBlock.ServerToolUse
  | Extract<
    ContentBlock.ContentBlock,
    { readonly type: "mcp_tool_use" }
  >

const takesInput = (block: ContentBlock.ContentBlock): block is TakesInput =>
  block.type === "tool_use" || block.type === "server_tool_use" || block.type === "mcp_tool_use"

/** A growing call, whose input is read when it is looked at, and then kept. */
const withLiveInput = (block: TakesInput, json: string): TakesInput => {
  let input: unknown = undefined
  const shown: TakesInput = {
    ...block,
    get input() {
      return input ??= PartialJson.parse(json).value ?? {}
    }
  }
  inputs.set(shown, {
    json,
    get value() {
      return shown.input
    },
    complete: false
  })
  return shown
}

const citationArray = (list: CitationList): Array<Citation.Citation> => {
  const out: Array<Citation.Citation> = []
  for (let at: CitationList | undefined = list; at !== undefined; at = at.before) out.push(at.citation)
  return out.toReversed()
}

const applyDelta = (message: Message.Message, event: StreamEvent.MessageDelta): Message.Message => {
  const { delta: { container, ...delta }, type: _, usage, ...beside } = event
  return {
    ...message,
    ...withoutNull(beside),
    ...delta,
    ...(container === null || container === undefined ? undefined : { container }),
    usage: usage === undefined || usage === null ? message.usage : Usage.applyDelta(message.usage, usage)
  }
}

const withoutNull = (fields: { readonly [field: string]: unknown }): { readonly [field: string]: unknown } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
