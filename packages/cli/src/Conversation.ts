/**
 * A conversation a person holds: a session, what it is told beforehand, and the
 * branches it has.
 *
 * Sessions are cheap: changing the model or the instructions begins a new one
 * with the same history. What was spent is counted over all of them.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Usage from "@effect-claude/core/Usage"
import type { Claude } from "@effect-claude/http/Claude"
import * as History from "@effect-claude/session/History"
import * as HistoryJson from "@effect-claude/session/HistoryJson"
import * as Session from "@effect-claude/session/Session"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { type Failure, usage } from "./Failure.ts"
import * as Thinking from "./Thinking.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a conversation is asked with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  readonly model: string
  readonly system: string | undefined
  readonly maxTokens: number
  /** Whether the model is to think first, for all to see. */
  readonly thinking: boolean
}

/**
 * What was spent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Spent {
  readonly tokens: Usage.Totals
  /** None as soon as the price of one answer is not known. */
  readonly cost: Option.Option<Cost.Cost>
}

/**
 * A conversation. It changes only between turns.
 *
 * @category models
 * @since 0.1.0
 */
export interface Conversation {
  readonly settings: Settings
  readonly session: Session.Session
  /** The histories of the branches one is not in, by number; that of the present one is the session's. */
  readonly branches: ReadonlyArray<History.History>
  /** The number of the present branch, from 0. */
  readonly branch: number
  /** What sessions before this one spent. */
  readonly before: Spent
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const nothing: Spent = { tokens: Usage.empty, cost: Option.some(Cost.empty) }

const begin = Effect.fnUntraced(function*(
  settings: Settings,
  history: History.History
): Effect.fn.Return<Session.Session, never, Claude> {
  return yield* Session.make({
    model: settings.model,
    max_tokens: settings.maxTokens,
    ...(settings.thinking ? yield* Thinking.fields(settings.model, settings.maxTokens) : undefined),
    ...(settings.system === undefined ? undefined : { system: settings.system }),
    history,
    // What is on the screen when a person stops an answer is what the model has said.
    onInterrupt: "keep"
  })
})

/**
 * Begins a conversation.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  settings: Settings,
  history: History.History = History.empty
): Effect.fn.Return<Conversation, never, Claude> {
  return { settings, session: yield* begin(settings, history), branches: [history], branch: 0, before: nothing }
})

// -----------------------------------------------------------------------------
// changes
// -----------------------------------------------------------------------------

/**
 * Goes on with other settings, or another history.
 *
 * @category changes
 * @since 0.1.0
 */
export const change = Effect.fnUntraced(function*(
  conversation: Conversation,
  changes: Partial<Settings> & { readonly history?: History.History | undefined }
): Effect.fn.Return<Conversation, never, Claude> {
  const { history, ...others } = changes
  const settings = { ...conversation.settings, ...others }
  return {
    ...conversation,
    settings,
    before: yield* spent(conversation),
    session: yield* begin(settings, history ?? (yield* conversation.session.history))
  }
})

/**
 * Goes on in a copy. The original stays a branch to come back to.
 *
 * @category changes
 * @since 0.1.0
 */
export const fork = Effect.fnUntraced(function*(
  conversation: Conversation
): Effect.fn.Return<Conversation, never, Claude> {
  const history = yield* conversation.session.history
  const branches = [...conversation.branches.with(conversation.branch, history), history]
  const copied = yield* change(conversation, { history })
  return { ...copied, branches, branch: branches.length - 1 }
})

/**
 * Goes to a branch, by its number from 0; none where there is no such branch.
 *
 * @category changes
 * @since 0.1.0
 */
export const switchTo = Effect.fnUntraced(function*(
  conversation: Conversation,
  branch: number
): Effect.fn.Return<Option.Option<Conversation>, never, Claude> {
  const history = conversation.branches[branch]
  if (history === undefined) return Option.none()
  const branches = conversation.branches.with(conversation.branch, yield* conversation.session.history)
  const changed = yield* change(conversation, { history: branches[branch] })
  return Option.some({ ...changed, branches, branch })
})

/**
 * Takes back the latest exchanges.
 *
 * @category changes
 * @since 0.1.0
 */
export const undo = Effect.fnUntraced(function*(
  conversation: Conversation,
  count: number
): Effect.fn.Return<Conversation, never, Claude> {
  const history = yield* conversation.session.history
  return yield* change(conversation, { history: History.rewind(history, count) })
})

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * What all turns spent, those that were stopped or failed included.
 *
 * @category reading
 * @since 0.1.0
 */
export const spent = Effect.fnUntraced(function*({ before, session }: Conversation): Effect.fn.Return<Spent> {
  return {
    tokens: Usage.combine(before.tokens, yield* session.spent),
    cost: Option.zipWith(before.cost, yield* session.cost, Cost.combine)
  }
})

/**
 * How full the context window is: tokens used by the latest exchange, and how
 * many there are, where that is known.
 *
 * @category reading
 * @since 0.1.0
 */
export const context = Effect.fnUntraced(function*(
  { session, settings }: Conversation
): Effect.fn.Return<{ readonly used: number; readonly window: number | undefined }> {
  const catalog = yield* ModelCatalog.Current
  const latest = History.lastReply(yield* session.history)
  const totals = Option.match(latest, {
    onNone: () => Usage.empty,
    onSome: (message) => Usage.totals(message.usage)
  })
  return {
    used: Usage.totalInput(totals) + totals.output,
    window: Option.getOrUndefined(ModelCatalog.find(catalog, settings.model))?.contextWindow
  }
})

// -----------------------------------------------------------------------------
// storing
// -----------------------------------------------------------------------------

/**
 * A conversation as JSON.
 *
 * @category storing
 * @since 0.1.0
 */
export const encode = Effect.fnUntraced(function*({ session, settings }: Conversation): Effect.fn.Return<unknown> {
  return {
    model: settings.model,
    ...(settings.system === undefined ? undefined : { system: settings.system }),
    max_tokens: settings.maxTokens,
    ...(settings.thinking ? { thinking: true } : undefined),
    history: HistoryJson.encode(yield* session.history)
  }
})

/**
 * Reads a stored conversation, a stored history, or the turns of a request.
 *
 * @category storing
 * @since 0.1.0
 */
export const decode = (
  u: unknown
): Result.Result<Partial<Settings> & { readonly history: History.History }, Failure> => {
  const stored = Predicate.hasProperty(u, "history")
    ? u.history
    : Predicate.hasProperty(u, "messages")
    ? u.messages
    : u
  const text = (name: string) => {
    const value = Predicate.hasProperty(u, name) ? u[name] : undefined
    return typeof value === "string" ? value : undefined
  }
  const model = text("model")
  const system = text("system")
  return HistoryJson.decode(stored).pipe(
    Result.map((history) => ({
      history,
      ...(model === undefined ? undefined : { model }),
      ...(system === undefined ? undefined : { system }),
      ...(Predicate.hasProperty(u, "thinking") && u.thinking === true ? { thinking: true } : undefined)
    })),
    Result.mapError(({ violations }) =>
      usage(
        `This is not a conversation: ${violations.map(({ path, problem }) => `${path}: ${problem}`).join(" ")}`,
        "Load what /save wrote, or the messages of a request as JSON."
      )
    )
  )
}
