/**
 * Adds entries to a history when they keep its rules, and lists the rules that
 * they would break otherwise.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Content from "@effect-claude/core/Content"
import type * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Arr from "effect/Array"
import * as Result from "effect/Result"
import type * as HistoryEntry from "../HistoryEntry.ts"
import * as Blocks from "./blocks.ts"
import * as Check from "./check.ts"
import * as Internal from "./history.ts"

/** A history with an entry more, or the rules that it would break. */
export type Added = Result.Result<Internal.Node, ClaudeError.RequestValidationError>

/** Fails with the rules that would be broken. */
export const invalid = (
  violations: ReadonlyArray<ClaudeError.Violation>
): Result.Result<never, ClaudeError.RequestValidationError> => Result.fail(Check.toError(violations))

/** What the user sends. */
export type Input = string | Content.Content | ReadonlyArray<Content.Content>

/** Adds a message of the user. */
export const user = (self: Internal.Node, input: Input): Added => {
  const given = typeof input === "string" ? MessageRequest.blocks(input) : Arr.ensure(input)
  const blocks = Internal.addressed(self, given)
  const violations = [...Check.input(blocks, self.pending), ...Check.media(blocks)]
  return violations.length > 0 ? invalid(violations) : Result.succeed(Internal.addUser(self, blocks))
}

/** Whether the exchange of a response is set aside: as long as a refused one is sent, the API keeps refusing. */
export const setsAside = ({ stop_reason }: Message.Message, keepRefusal: boolean | undefined): boolean =>
  stop_reason === "refusal" && keepRefusal !== true

/** Adds a response. */
export const reply = (self: Internal.Node, message: Message.Message, options: Internal.ReplyOptions): Added =>
  self.status === "awaitingReply" || self.status === "paused"
    ? Result.succeed(Internal.addReply(self, message, options))
    : invalid([Check.unexpected(self.status)])

/** Adds a result for each call that has none: its own of `results`, or an error with the reason. */
export const closeTools = (
  self: Internal.Node,
  reason: string,
  results: ReadonlyArray<Content.ToolResult>
): Internal.Node =>
  self.pending.length === 0 ? self : Internal.addUser(
    self,
    self.pending.map((call) =>
      results.find((result) => result.tool_use_id === call.id) ?? Blocks.toolResult(call, reason, { isError: true })
    )
  )

/** Adds instructions. */
export const system = (self: Internal.Node, turn: MessageRequest.SystemParam): Added => {
  const violations = Check.system(turn, self.status)
  return violations.length > 0 ? invalid(violations) : Result.succeed(Internal.addSystem(self, turn))
}

/** Adds an entry, as it was stored. */
export const append = (self: Internal.Node, entry: HistoryEntry.HistoryEntry): Added => {
  switch (entry._tag) {
    case "User":
      return appendUser(self, entry)
    case "Reply":
      return entry.setAside && self.status !== "ready"
        ? Result.succeed(Internal.addReply(self, entry.message, entry))
        : reply(self, entry.message, { ...entry, setAside: false })
    case "Calls":
      return appendCalls(self, entry)
    case "Assistant":
      return self.status === "awaitingReply"
        ? Result.succeed(Internal.addImported(self, entry.content))
        : invalid([Check.unexpected(self.status)])
    case "System":
      return system(self, entry.turn)
    case "Edit":
      return Result.succeed(Internal.addEdit(self, entry.edit))
  }
}

/** Adds a stored message of the user. Media that the API refuses are left out of what is sent. */
const appendUser = (self: Internal.Node, { content, continues, corrects }: HistoryEntry.User): Added => {
  if (continues === true && self.status === "ready") {
    return Result.succeed(Internal.addUser(self, content, corrects === true ? "correction" : "continuation"))
  }
  const blocks = Internal.addressed(self, content)
  const violations = Check.input(blocks, self.pending)
  return violations.length > 0 ? invalid(violations) : Result.succeed(Internal.addUser(self, blocks))
}

/** Adds stored results of some calls. They belong to the calls at the same positions, whatever their ids are by now. */
const appendCalls = (self: Internal.Node, { begun, results }: HistoryEntry.Calls): Added => {
  const callAt = (position: number) => self.calls[position]?.call
  const given = results.flatMap(({ call, result }) => {
    const id = callAt(call)?.id
    return id === undefined ? [] : [{ ...result, tool_use_id: id }]
  })
  const started = begun.flatMap((position) => callAt(position) ?? [])
  const isMismatch = given.length < results.length || started.length < begun.length || self.pending.length === 0
  const violations = isMismatch ? [Check.unexpected(self.status)] : Check.results(given, self.pending)
  return violations.length > 0 ? invalid(violations) : Result.succeed(Internal.addCalls(self, given, started))
}
