/**
 * The messages that a history sends, as a persistent list: a prompt is its last
 * message and the prompt before it. Adding a message shares all that was there.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Blocks from "./blocks.ts"
import * as Sendable from "./sendable.ts"

/** The last message of a prompt, and the prompt before it. */
export interface Prompt {
  readonly role: "user" | "assistant" | "system"
  /** What is sent of the message. Empty for a system message. */
  readonly content: ReadonlyArray<Content.Content>
  /** The content without the summary before it and the note after it. */
  readonly own: ReadonlyArray<Content.Content>
  /** The summary that stands for the messages before this one. */
  readonly summary: string | undefined
  /** How many rounds of tool calls were dropped after this message. */
  readonly dropped: number
  /** The message itself, for a system message. */
  readonly system: MessageRequest.SystemParam | undefined
  /** Whether an exchange starts here: a message of the user that holds no results. */
  readonly starts: boolean
  /** How many messages there are. */
  readonly size: number
  readonly before: Prompt | undefined
}

/** Adds a message of the user or the model. */
export const add = (
  before: Prompt | undefined,
  role: "user" | "assistant",
  own: ReadonlyArray<Content.Content>,
  options?: Partial<Pick<Prompt, "starts" | "summary" | "dropped">>
): Prompt => {
  const { dropped = 0, starts = false, summary } = options ?? {}
  const content = summary === undefined && dropped === 0 ? own : [
    ...(summary === undefined ? [] : [Content.text(summaryIntro + summary)]),
    ...own,
    ...(dropped === 0 ? [] : [Content.text(droppedNote(dropped))])
  ]
  return { role, content, own, summary, dropped, system: undefined, starts, size: sizeOf(before) + 1, before }
}

/** Precedes a summary. */
export const summaryIntro = "This is your summary of the conversation so far:\n\n"

/** Marks the place of dropped rounds. */
export const droppedNote = (count: number): string =>
  `[${count} earlier round${count === 1 ? "" : "s"} of tool calls left out to fit the context window.]`

/** Replaces the content of the last message. */
export const withOwn = (self: Prompt, own: ReadonlyArray<Content.Content>): Prompt =>
  own === self.own || self.role === "system" ? self : add(self.before, self.role, own, self)

/** Adds a system message. */
export const addSystem = (before: Prompt | undefined, system: MessageRequest.SystemParam): Prompt => ({
  role: "system",
  content: [],
  own: [],
  summary: undefined,
  dropped: 0,
  system,
  starts: false,
  size: sizeOf(before) + 1,
  before
})

/** Puts a message after another prompt. */
export const after = (self: Prompt, before: Prompt | undefined): Prompt =>
  before === self.before ? self : { ...self, before, size: sizeOf(before) + 1 }

/** Counts the messages. */
export const sizeOf = (self: Prompt | undefined): number => self?.size ?? 0

/**
 * Adds what the user sends: to the user's message that has no response yet, or
 * as a message of its own. System messages cannot come first, so they follow the
 * user's first message.
 */
export const addUser = (
  self: Prompt | undefined,
  blocks: ReadonlyArray<Content.Content>,
  starts: boolean
): Prompt => {
  if (self !== undefined && self.role === "system" && lastSpeaker(self)?.role !== "assistant") {
    return after(self, addUser(self.before, blocks, starts))
  }
  return self?.role === "user"
    ? add(self.before, "user", [...self.own, ...blocks], self)
    : add(self, "user", blocks, { starts })
}

/** Returns the last message that is not a system message. */
const lastSpeaker = (self: Prompt | undefined): Prompt | undefined => {
  let at = self
  while (at !== undefined && at.role === "system") at = at.before
  return at
}

/** Whether a message that the user adds joins one without a response. */
export const isOpen = (self: Prompt | undefined): boolean => lastSpeaker(self)?.role === "user"

/** Removes calls of server tools without a result from the last message of the model. */
export const settle = (self: Prompt | undefined): Prompt | undefined => {
  if (self === undefined || self.role === "user") return self
  if (self.role === "system") {
    const before = settle(self.before)
    return after(self, before)
  }
  const content = Sendable.withoutOpenServerCalls(self.own)
  return content.length === 0 ? self.before : withOwn(self, content)
}

/** Returns the messages, oldest first. */
export const toArray = (self: Prompt | undefined): ReadonlyArray<Prompt> => {
  const out: Array<Prompt> = []
  for (let at = self; at !== undefined; at = at.before) out.push(at)
  return out.toReversed()
}

/** Returns a message as a request carries it. */
export const paramOf = (self: Prompt): MessageRequest.MessageParam =>
  self.system ?? (self.role === "user"
    ? { role: "user", content: self.content }
    : { role: "assistant", content: self.content })

/** Returns the messages as a request carries them, with at most `breakpoints` cache breakpoints: the latest. */
export const render = (
  self: Prompt | undefined,
  breakpoints: number
): ReadonlyArray<MessageRequest.MessageParam> => {
  const messages = Blocks.limitBreakpoints(toArray(self).map(paramOf), breakpoints)
  // System messages alone are no conversation yet.
  return messages.every((message) => message.role === "system") ? [] : messages
}
