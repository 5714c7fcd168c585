/**
 * The state of a turn under way: the history it adds to, its responses so far,
 * and the request that comes next.
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
import type { ContextEdit } from "../ContextEdit.ts"
import * as History from "../History.ts"
import { ToolResultsPendingError } from "../SessionError.ts"
import type * as SessionStore from "../SessionStore.ts"
import type * as Turn from "../Turn.ts"
import * as Additions from "./additions.ts"
import * as Blocks from "./blocks.ts"
import * as Check from "./check.ts"
import type * as Core from "./core.ts"
import * as Exchanges from "./exchanges.ts"
import * as Internal from "./history.ts"
import * as Prompt from "./prompt.ts"
import * as Runs from "./runs.ts"

/** The state of a turn under way. */
export interface TurnState {
  /** The name of the turn, if it has one. */
  readonly id: string | undefined
  /** Its place in the run of an agent, if it belongs to one. */
  readonly run: Options["run"]
  /** The names whose turns it takes back. */
  readonly freed: ReadonlyArray<string>
  readonly parameters: Turn.Parameters
  readonly policy: Turn.Policy
  readonly review: NonNullable<Options["review"]>
  /** Whether the turn has an input. */
  readonly hasInput: boolean
  /** The history with the input and the responses so far. */
  history: History.History
  /** The messages of the model so far. */
  readonly messages: Array<Message.Message>
  /** How many of them were corrected: the response begins after them. */
  corrected: number
  /** The edits of this turn that made space. They are kept when the turn fails. */
  readonly spaceEdits: Array<ContextEdit>
  /** The calls whose results were replaced because the API refused them. */
  readonly replaced: Set<string>
  /** The first refusal of the API. The turn fails with it when nothing helps. */
  refusal: ClaudeError.ClaudeError | undefined
  /** How many tokens a prompt has more than was estimated. */
  excess: number
  /** The size of the window, once the API said it. */
  window: number | undefined
}

/** Options of a turn, for the session itself. */
export interface Options extends Turn.Options {
  /** Whether a run of an agent continues after a turn that calls tools, or may take no more turns. */
  readonly run?: "open" | "last" | undefined
  /** Reviews a complete response: returns how it has to be corrected, or undefined to commit it. */
  readonly review?: ((response: Message.Message) => Effect.Effect<string | undefined>) | undefined
}

/** Follows a response that was cut by `max_tokens`. */
const continueText = "Continue exactly where you stopped. Repeat nothing."

/** The result of a call that the user left open. */
const skipped = "The call has no result: the conversation continued without it."

/** Adds the input to the history, and puts the turn's parameters over the session's. */
export const prepare = (
  core: Core.Core,
  input: History.Input | undefined,
  options: Options
): Effect.Effect<TurnState, ClaudeError.RequestValidationError | ToolResultsPendingError> =>
  Effect.suspend((): ReturnType<typeof prepare> => {
    const { policy, rest } = splitPolicy(core.settings.policy, options)
    const { id, instructions, review = accepts, rewind, run, ...parameters } = rest
    const base = core.now.history
    let history = rewind === undefined ? base : History.rewind(base, rewind)
    const freed = history === base ? [] : Runs.takenBack(base, history)
    if (history.status === "awaitingToolResults" && input !== undefined && !givesResults(input)) {
      if (policy.whenToolsPending === "fail") {
        return Effect.fail(new ToolResultsPendingError({ calls: History.pendingTools(history) }))
      }
      history = History.closeTools(history, skipped)
    }
    return Result.succeed(history).pipe(
      Result.flatMap((history) =>
        input === undefined ? needingResponse(history) : Additions.user(Internal.nodeOf(history), input)
      ),
      // After the input, they belong to the exchange, and are removed together with it.
      Result.flatMap((history) =>
        instructions === undefined ? Result.succeed(history) : History.system(history, instructions)
      ),
      Result.map((history): TurnState => ({
        id,
        run,
        freed,
        parameters: { ...core.now.parameters, ...parameters },
        policy,
        history,
        review,
        hasInput: input !== undefined,
        messages: [],
        corrected: 0,
        spaceEdits: [],
        replaced: new Set(),
        refusal: undefined,
        excess: 0,
        window: undefined
      })),
      Effect.fromResult
    )
  })

/** Accepts every response. */
const accepts = () => Effect.succeed(undefined)

/** Separates the policy of some options from the rest. Omitted policies are those of `base`. */
export const splitPolicy = <Options extends Turn.Policy>(
  base: Turn.Policy,
  options: Options
): { readonly policy: Turn.Policy; readonly rest: Omit<Options, keyof Turn.Policy> } => {
  const {
    cache = base.cache,
    contextWindow = base.contextWindow,
    keepRefusals = base.keepRefusals,
    maxContinuations = base.maxContinuations,
    onEdit = base.onEdit,
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
    onEdit,
    onInterrupt,
    onMaxTokens,
    onProgress,
    whenToolsPending
  }
  return { policy, rest }
}

/** Succeeds with a history that expects a response without further input. */
const needingResponse = (history: History.History): History.Validated =>
  history.status === "awaitingReply" || history.status === "paused"
    ? Result.succeed(history)
    : Result.fail(Check.toError([Check.unanswerable(history.status)]))

const givesResults = (input: History.Input): boolean =>
  typeof input !== "string" && Arr.ensure(input).some(Blocks.isToolResult)

/** Returns the next request of a turn. */
export const requestOf = ({ history, parameters, policy }: TurnState): MessageRequest.MessageRequest => {
  const cache = policy.cache ?? "auto"
  // Breakpoints of the program are kept as far as the API accepts them; the policy uses those that are left.
  const breakpoints = breakpointsLeft(parameters)
  const node = Internal.nodeOf(history)
  const request = { ...parameters, messages: Prompt.render(node.sent, breakpoints) }
  return CachePolicy.apply(withContextManagement(inContainer(request, node), policy), cache)
}

/** Adds the edits that the API makes itself. Parameters of the request take precedence. */
const withContextManagement = (
  request: MessageRequest.MessageRequest,
  { contextWindow }: Turn.Policy
): MessageRequest.MessageRequest => {
  const managed = contextWindow?.strategies?.find((strategy) => strategy._tag === "ContextManagement")
  return managed === undefined || request.context_management !== undefined
    ? request
    : { ...request, context_management: { edits: managed.edits } }
}

/** Continues to run code in the container in which the exchange began to. */
const inContainer = (
  request: MessageRequest.MessageRequest,
  node: Internal.Node
): MessageRequest.MessageRequest => {
  const { container } = request
  const named = typeof container === "string" || typeof container?.id === "string"
  const id = named ? undefined : Internal.containerOf(node)
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

/** Adds a response. Returns whether the turn continues. */
export const take = (turn: TurnState, message: Message.Message): boolean => {
  const { keepRefusals, maxContinuations = 8, onMaxTokens } = turn.policy
  turn.messages.push(message)
  const replied = Additions.reply(Internal.nodeOf(turn.history), message, {
    setAside: Additions.setsAside(message, keepRefusals),
    turn: turn.id,
    begun: turn.run === "open"
  })
  if (Result.isSuccess(replied)) turn.history = replied.success
  if (turn.messages.length - turn.corrected > maxContinuations) return false
  // The response to a request for a compaction is the compaction.
  if (turn.history.status === "paused") return message.stop_reason !== "compaction" || !compacts(turn.parameters)
  if (message.stop_reason !== "max_tokens" || onMaxTokens !== "continue") return false
  if (turn.history.status !== "ready") return false
  turn.history = Internal.addUser(Internal.nodeOf(turn.history), [{ type: "text", text: continueText }], "continuation")
  return true
}

/** Reviews a complete response. Returns whether the model is asked to correct it, in the same exchange. */
export const review = (
  turn: TurnState,
  response: Message.Message | undefined,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.Effect<boolean> =>
  response === undefined ? Effect.succeed(false) : Effect.map(restore(turn.review(response)), (correction) => {
    const { status } = turn.history
    if (correction === undefined || status === "awaitingToolResults" || status === "paused") return false
    turn.corrected = turn.messages.length
    // After a response that is empty or set aside, the message of the user is sent again as it was.
    if (status === "ready") {
      turn.history = Internal.addUser(Internal.nodeOf(turn.history), [{ type: "text", text: correction }], "correction")
    }
    return true
  })

const compacts = ({ compaction }: Turn.Parameters): boolean => compaction !== undefined && compaction !== null

/** Returns what the journal holds of a turn that has a name. */
export const nameOf = ({ corrected, history, id, messages, run }: TurnState): SessionStore.Named | undefined => {
  if (id === undefined) return undefined
  const isOpen = run !== undefined && history.status === "awaitingToolResults"
  const isRefused = run !== undefined && messages.at(-1)?.stop_reason === "refusal"
  const state = isOpen ? (run === "last" ? "turnLimit" : "open") : isRefused ? "refused" : "finished"
  return { name: id, replies: messages.length - corrected, state }
}

/** Returns the response of a turn that is complete. */
export const responseOf = ({ corrected, messages }: TurnState): Message.Message | undefined => {
  const own = messages.slice(corrected)
  return Arr.isArrayNonEmpty(own) ? Exchanges.join(own) : undefined
}
