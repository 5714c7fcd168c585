/**
 * A turn under way: what it is added to, what was said in it so far, and the
 * request that comes next.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as CachePolicy from "../CachePolicy.ts"
import * as History from "../History.ts"
import { ToolResultsPendingError } from "../SessionError.ts"
import type * as SessionStore from "../SessionStore.ts"
import type * as Turn from "../Turn.ts"
import * as Blocks from "./blocks.ts"
import * as Check from "./check.ts"
import type * as Core from "./core.ts"
import * as Internal from "./history.ts"
import * as Runs from "./runs.ts"
import * as Splice from "./splice.ts"

/** A turn under way. */
export interface Attempt {
  /** The name of the turn, where it was given one. */
  readonly id: string | undefined
  /** Its place in the run of an agent, where it is of one. */
  readonly run: Options["run"]
  /** The names whose turns it takes back. */
  readonly freed: ReadonlyArray<string>
  readonly parameters: Turn.Parameters
  readonly policy: Turn.Policy
  /** The history with what the user said and what the model answered so far. */
  history: History.History
  /** The answers so far. */
  readonly messages: Array<Message.Message>
  /** Whether room was made for it in the window. */
  shrunk: boolean
}

/** What a turn is told. */
export interface Options extends Turn.Options {
  /** Whether a run of an agent goes on after a turn that calls tools, or the turn is the last it is allowed. */
  readonly run?: "open" | "last" | undefined
}

/** What an answer cut by `max_tokens` is followed by. */
const goOn = "Continue exactly where you stopped. Repeat nothing."

/** What an open call is answered with when the user goes on without a result. */
const skipped = "The call has no result: the conversation went on without it."

/** Puts the user's words into the history, and the turn's parameters over the session's. */
export const prepare = (
  core: Core.Core,
  input: History.Input | undefined,
  options: Options
): Effect.Effect<Attempt, ClaudeError.RequestValidationError | ToolResultsPendingError> =>
  Effect.suspend((): ReturnType<typeof prepare> => {
    const { policy, rest } = splitPolicy(core.settings.policy, options)
    const { id, instructions, rewind, run, ...parameters } = rest
    let history = History.rewind(core.now.history, rewind ?? 0)
    const freed = Runs.takenBack(core.now.history, history)
    if (history.status === "awaitingToolResults" && input !== undefined && !givesResults(input)) {
      if (policy.whenToolsPending === "fail") {
        return Effect.fail(new ToolResultsPendingError({ calls: History.pendingTools(history) }))
      }
      history = History.closeTools(history, skipped)
    }
    return Result.succeed(history).pipe(
      Result.flatMap((history) => input === undefined ? toBeAnswered(history) : History.user(history, input)),
      // After the words, they belong to the exchange: what takes it back or leaves it out does so with them.
      Result.flatMap((history) =>
        instructions === undefined ? Result.succeed(history) : History.system(history, instructions)
      ),
      Result.map((history): Attempt => ({
        id,
        run,
        freed,
        parameters: { ...core.now.parameters, ...parameters },
        policy,
        history,
        messages: [],
        shrunk: false
      })),
      Effect.fromResult
    )
  })

/** What of some options is policy, and the rest. A policy that they leave out is that of the base. */
export const splitPolicy = <Options extends Turn.Policy>(
  base: Turn.Policy,
  options: Options
): { readonly policy: Turn.Policy; readonly rest: Omit<Options, keyof Turn.Policy> } => {
  const {
    cache = base.cache,
    contextWindow = base.contextWindow,
    keepRefusals = base.keepRefusals,
    maxContinuations = base.maxContinuations,
    onInterrupt = base.onInterrupt,
    onMaxTokens = base.onMaxTokens,
    onProgress = base.onProgress,
    whenToolsPending = base.whenToolsPending,
    ...rest
  } = options
  const policy: Turn.Policy = {
    cache,
    contextWindow,
    keepRefusals,
    maxContinuations,
    onInterrupt,
    onMaxTokens,
    onProgress,
    whenToolsPending
  }
  return { policy, rest }
}

/** A history that expects an answer without another word. */
const toBeAnswered = (history: History.History): History.Validated =>
  history.status === "awaitingReply" || history.status === "paused"
    ? Result.succeed(history)
    : Result.fail(Check.toError([Check.unanswerable(history.status)]))

const givesResults = (input: History.Input): boolean =>
  typeof input !== "string" && Arr.ensure(input).some(Blocks.isToolResult)

/** The next request of a turn. */
export const requestOf = ({ history, parameters, policy }: Attempt): MessageRequest.MessageRequest => {
  const cache = policy.cache ?? "auto"
  // What the program marked itself is kept as far as the API takes it; the policy marks what is left.
  const breakpoints = breakpointsLeft(parameters)
  const request = { ...parameters, messages: History.toMessages(history, { breakpoints }) }
  return CachePolicy.apply(inContainer(request, history), cache)
}

/** Code that an exchange began to run goes on in the container it began in. */
const inContainer = (
  request: MessageRequest.MessageRequest,
  history: History.History
): MessageRequest.MessageRequest => {
  const { container } = request
  const named = typeof container === "string" || typeof container?.id === "string"
  const id = named ? undefined : Internal.containerOf(Internal.nodeOf(history))
  if (id === undefined) return request
  return { ...request, container: typeof container === "object" && container !== null ? { ...container, id } : id }
}

const breakpointsLeft = (parameters: Turn.Parameters): number => {
  const system = typeof parameters.system === "object" ? parameters.system : []
  const marked = [...system, ...parameters.tools ?? [], parameters].filter((part) =>
    "cache_control" in part && part.cache_control !== undefined && part.cache_control !== null
  )
  return Math.max(0, 4 - marked.length)
}

/** Takes an answer. Returns whether the turn goes on. */
export const take = (attempt: Attempt, message: Message.Message): boolean => {
  const { keepRefusals, maxContinuations = 8, onMaxTokens } = attempt.policy
  attempt.messages.push(message)
  attempt.history = History.reply(attempt.history, message, { keepRefusal: keepRefusals, turn: attempt.id }).pipe(
    Result.getOrElse(() => attempt.history)
  )
  if (attempt.messages.length > maxContinuations) return false
  // A request that is itself a compaction is answered with it.
  if (attempt.history.status === "paused") return message.stop_reason !== "compaction" || !compacts(attempt.parameters)
  if (message.stop_reason !== "max_tokens" || onMaxTokens !== "continue") return false
  if (attempt.history.status !== "ready") return false
  attempt.history = Internal.addUser(Internal.nodeOf(attempt.history), [{ type: "text", text: goOn }], true)
  return true
}

const compacts = ({ compaction }: Turn.Parameters): boolean => compaction !== undefined && compaction !== null

/** The record of a turn that has a name. */
export const nameOf = ({ history, id, messages, run }: Attempt): SessionStore.Named | undefined => {
  if (id === undefined) return undefined
  const goesOn = run !== undefined && history.status === "awaitingToolResults"
  return { name: id, replies: messages.length, state: !goesOn ? "finished" : run === "last" ? "turnLimit" : "open" }
}

/** The answer of a turn that is complete. */
export const answerOf = (attempt: Attempt): Message.Message | undefined =>
  Arr.isArrayNonEmpty(attempt.messages) ? Splice.join(attempt.messages) : undefined
