/**
 * Folds the events of a stream into the message they describe.
 *
 * A pure fold: `step` takes a state and an event and returns the next state, and
 * `snapshot` shows the message as far as it has come, after every step. A step
 * costs the same however long the message is, so the whole fold is linear in the
 * stream, and memory is one message.
 *
 * Blocks are folded by their index, also when several are open at once. Whatever
 * a delta or a block adds is in the message, or the state has a `problem`: an
 * event that belongs to no block is never dropped. What adds nothing (a ping, an
 * empty delta, a second stop) is passed over, and so are events and deltas that
 * this version does not know.
 *
 * It follows recorded streams where they differ from the documentation: a whole
 * message may come in `message_start`, blocks may be finished when they start,
 * and usage is cumulative. A tool's input that did not arrive whole is kept as
 * text, never silently repaired: see `ToolInput`.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as ContentBlock from "./ContentBlock.ts"
import * as Indexed from "./internal/indexed.ts"
import * as OpenBlock from "./internal/openBlock.ts"
import type * as Message from "./Message.ts"
import type * as StreamEvent from "./StreamEvent.ts"
import * as ToolInput from "./ToolInput.ts"
import * as Usage from "./Usage.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The state of the fold. Opaque apart from `done` and `problem`: read it with
 * `snapshot`, `blocks` and the like.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageAccumulator {
  readonly message: Message.Message | undefined
  /** Whether `message_stop` has arrived. */
  readonly done: boolean
  /**
   * Why the last event could not be folded, such as "adds to block 3, which has
   * not started". The state stays as it was before that event.
   */
  readonly problem: string | undefined
  readonly slots: Indexed.Indexed<Slot>
  /** The open block that grew last. It replaces its slot. */
  readonly current: OpenBlock.Open | undefined
}

/**
 * A block of the message, as far as it has come.
 *
 * @category models
 * @since 0.1.0
 */
export interface Block {
  /** The position that the events name. */
  readonly index: number
  /** The block as `snapshot` shows it. */
  readonly block: ContentBlock.ContentBlock
  /** Whether it can still grow. */
  readonly open: boolean
}

type Slot = OpenBlock.Open | Closed

interface Closed {
  readonly open: false
  readonly index: number
  readonly block: ContentBlock.ContentBlock
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
export const initial: MessageAccumulator = {
  message: undefined,
  done: false,
  problem: undefined,
  slots: undefined,
  current: undefined
}

// -----------------------------------------------------------------------------
// folding
// -----------------------------------------------------------------------------

/**
 * Takes one event. Total: whatever the event, there is a next state. An event
 * that cannot be folded sets `problem`, and no event is folded after it.
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
  if (self.problem !== undefined) return self
  switch (event.type) {
    case "message_start":
      return self.message === undefined
        ? { ...initial, message: event.message, slots: fromArray(event.message.content) }
        : failed(self, "starts a second message")
    case "content_block_start":
      return start(self, event)
    case "content_block_delta":
      return grow(self, event)
    case "content_block_stop":
      return stop(self, event.index)
    case "message_delta":
      return self.message === undefined || self.done
        ? failed(self, outside("adds to the message"))
        : { ...self, message: applyDelta(self.message, event) }
    case "message_stop":
      return { ...self, done: true, slots: closeAll(slotsOf(self)), current: undefined }
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
  let added = ""
  for (const event of events) {
    if (state.problem !== undefined) return state
    const open = state.current
    if (open !== undefined && event.type === "content_block_delta" && event.index === open.index) {
      const piece = OpenBlock.pieceOf(event.delta)
      if (piece !== undefined && OpenBlock.growthOf(event.delta) === open.takes) {
        added += piece
        continue
      }
    }
    state = step(extend(state, added), event)
    added = ""
  }
  return extend(state, added)
})

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns the message as far as it has come: none before `message_start`.
 *
 * The content is in the order of the indexes. A block that is still growing is
 * shown as far as it has come; the input of a growing tool call is the text so
 * far, marked as incomplete, and `ToolInput.of` reads it.
 *
 * @category accessors
 * @since 0.1.0
 */
export const snapshot = (self: MessageAccumulator): Option.Option<Message.Message> =>
  self.message === undefined
    ? Option.none()
    : Option.some({ ...self.message, content: blocks(self).map(({ block }) => block) })

/**
 * Returns the blocks that have started, in the order of their indexes.
 *
 * @category accessors
 * @since 0.1.0
 */
export const blocks = (self: MessageAccumulator): ReadonlyArray<Block> => {
  const out: Array<Block> = []
  Indexed.forEach(slotsOf(self), (slot) => out.push(blockOf(slot)))
  return out
}

/**
 * Returns the block at an index: none before it has started.
 *
 * @category accessors
 * @since 0.1.0
 */
export const blockAt: {
  (index: number): (self: MessageAccumulator) => Option.Option<Block>
  (self: MessageAccumulator, index: number): Option.Option<Block>
} = dual(2, (self: MessageAccumulator, index: number): Option.Option<Block> => {
  const slot = slotAt(self, index)
  return slot === undefined ? Option.none() : Option.some(blockOf(slot))
})

/**
 * Returns how the input of a call in a folded message arrived: `ToolInput.of`.
 *
 * @category accessors
 * @since 0.1.0
 */
export const toolInput: (call: Pick<ToolInput.Call, "input">) => ToolInput.ToolInput = ToolInput.of

/**
 * Whether any content has arrived.
 *
 * @category accessors
 * @since 0.1.0
 */
export const hasContent = (self: MessageAccumulator): boolean => slotsOf(self) !== undefined

// -----------------------------------------------------------------------------
// slots
// -----------------------------------------------------------------------------

const fromArray = (content: ReadonlyArray<ContentBlock.ContentBlock>): Indexed.Indexed<Slot> =>
  content.reduce<Indexed.Indexed<Slot>>(
    (slots, block, index) => Indexed.set<Slot>(slots, index, { open: false, index, block }),
    undefined
  )

const slotsOf = ({ current, slots }: MessageAccumulator): Indexed.Indexed<Slot> =>
  current === undefined ? slots : Indexed.set<Slot>(slots, current.index, current)

const slotAt = ({ current, slots }: MessageAccumulator, index: number): Slot | undefined =>
  current?.index === index ? current : Indexed.get(slots, index)

const blockOf = (slot: Slot): Block => ({
  index: slot.index,
  block: slot.open ? OpenBlock.show(slot) : slot.block,
  open: slot.open
})

const closeAll = (slots: Indexed.Indexed<Slot>): Indexed.Indexed<Slot> => {
  let out = slots
  Indexed.forEach(slots, (slot) => {
    if (slot.open) out = Indexed.set<Slot>(out, slot.index, close(slot))
  })
  return out
}

const close = (open: OpenBlock.Open): Closed => ({ open: false, index: open.index, block: OpenBlock.show(open, true) })

// -----------------------------------------------------------------------------
// events
// -----------------------------------------------------------------------------

const failed = (self: MessageAccumulator, problem: string): MessageAccumulator => ({ ...self, problem })

const outside = (what: string): string => `${what} outside \`message_start\` and \`message_stop\``

const start = (
  self: MessageAccumulator,
  { content_block, index }: StreamEvent.ContentBlockStart
): MessageAccumulator => {
  const { done, message } = self
  if (message === undefined || done) return failed(self, outside(`starts block ${index}`))
  if (!Indexed.isIndex(index)) return failed(self, `starts block ${index}, which is no position`)
  if (slotAt(self, index) !== undefined) return failed(self, `starts block ${index} a second time`)
  return {
    ...self,
    // The model that continues is the one that is paid for.
    message: content_block.type === "fallback" ? { ...message, model: content_block.to.model } : message,
    slots: slotsOf(self),
    current: OpenBlock.start(index, content_block)
  }
}

const stop = (self: MessageAccumulator, index: number): MessageAccumulator => {
  const slot = slotAt(self, index)
  return slot === undefined || !slot.open
    ? self
    : { ...self, slots: Indexed.set<Slot>(slotsOf(self), index, close(slot)), current: undefined }
}

const grow = (
  self: MessageAccumulator,
  { delta, index }: StreamEvent.ContentBlockDelta
): MessageAccumulator => {
  const slot = slotAt(self, index)
  const grown = slot?.open === true ? OpenBlock.withDelta(slot, delta) : undefined
  if (grown === undefined) {
    if (OpenBlock.pieceOf(delta) === "") return self
    if (slot === undefined) return failed(self, `adds to block ${index}, which has not started`)
    return failed(
      self,
      slot.open
        ? `adds ${delta.type} to block ${index}, which is of type ${slot.start.type}`
        : `adds to block ${index}, which has ended`
    )
  }
  return grown === slot ? self : withCurrent(self, grown)
}

const withCurrent = (self: MessageAccumulator, current: OpenBlock.Open): MessageAccumulator => ({
  message: self.message,
  done: self.done,
  problem: self.problem,
  slots: self.current === undefined || self.current.index === current.index ? self.slots : slotsOf(self),
  current
})

/** Adds to the block that grew last. */
const extend = (self: MessageAccumulator, piece: string): MessageAccumulator => {
  const { current } = self
  return current === undefined || piece === ""
    ? self
    : withCurrent(self, OpenBlock.withPiece(current, current.takes, piece))
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
