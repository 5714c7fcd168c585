/**
 * Makes space in the model's window, by size and strategy after strategy.
 *
 * Sizes are those of the API as far as it said them: of the last response, and of
 * a prompt that it refused. What an edit frees is estimated, and scaled by how far
 * the estimate of the whole prompt is below its size.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Content from "@effect-claude/core/Content"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ContextEdit } from "../ContextEdit.ts"
import type * as ContextWindow from "../ContextWindow.ts"
import * as History from "../History.ts"
import * as Core from "./core.ts"
import * as Edits from "./edits.ts"
import * as Exchanges from "./exchanges.ts"
import * as Internal from "./history.ts"
import * as Prompt from "./prompt.ts"
import * as Summary from "./summary.ts"
import * as TurnState from "./turnState.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Makes space before a request that would fill too much of the window, and warns of one that fills much. */
export const prepare = (
  core: Core.Core,
  turn: TurnState.TurnState,
  restore: Restore
): Effect.Effect<void, ClaudeError.ClaudeError> =>
  Effect.gen(function*() {
    const { contextWindow } = turn.policy
    const catalog = yield* ModelCatalog.Current
    const window = windowOf(turn, catalog)
    const { isFull, tokens: estimate } = sizeOf(turn)
    // A response that found the window full says more than an estimate.
    const size = isFull ? Math.max(estimate, window ?? estimate) : estimate
    const limit = window === undefined ? Infinity : window * (contextWindow?.makeSpaceAt ?? 0.9)
    const isSmaller = (isFull || size > limit) &&
      (yield* shrink(core, turn, { size, window: window ?? size }, restore))
    const left = isSmaller ? sizeOf(turn).tokens : estimate
    const warning = TokenEstimate.warnAt(turn.parameters.model, left, { share: contextWindow?.warnAt, catalog })
    if (Option.isNone(warning) && Option.isNone(core.now.window)) return
    yield* Core.update(core, { window: warning })
    if (Option.isSome(warning)) yield* restore(contextWindow?.onWarning?.(warning.value) ?? Effect.void)
  })

/** Removes context until a prompt that did not fit does. Returns false when nothing can be removed. */
export const make = (
  core: Core.Core,
  turn: TurnState.TurnState,
  error: ClaudeError.ClaudeError,
  restore: Restore
): Effect.Effect<boolean, ClaudeError.ClaudeError> =>
  Effect.gen(function*() {
    const { tokens: estimate } = sizeOf(turn)
    const said = sizesIn(error.message)
    if (said?.window !== undefined) turn.window = said.window
    const known = windowOf(turn, yield* ModelCatalog.Current)
    // A prompt that does not fit is at least as large as the window.
    const size = Math.max(estimate, said?.size ?? known ?? estimate)
    turn.excess += size - estimate
    return yield* shrink(core, turn, { size, window: known ?? size }, restore)
  })

/** Reads the sizes from "prompt is too long: 211539 tokens > 200000 maximum". */
const sizesIn = (message: string): { readonly size: number; readonly window: number } | undefined => {
  const at = message.indexOf(" tokens > ")
  const size = at < 0 ? undefined : /\d{1,15}$/.exec(message.slice(Math.max(0, at - 15), at))?.[0]
  const window = at < 0 ? undefined : /^\d{1,15}/.exec(message.slice(at + " tokens > ".length))?.[0]
  return size === undefined || window === undefined ? undefined : { size: Number(size), window: Number(window) }
}

/** Returns the size of the next prompt of a turn. Without a reply, all of its request is estimated. */
const sizeOf = (turn: TurnState.TurnState): { readonly tokens: number; readonly isFull: boolean } => {
  const { isFull, tokens } = Exchanges.sizeOf(turn.history, turn.parameters.model)
  return { isFull, tokens: (tokens ?? TokenEstimate.ofRequest(TurnState.requestOf(turn)).tokens) + turn.excess }
}

const windowOf = (turn: TurnState.TurnState, catalog: ModelCatalog.ModelCatalog): number | undefined => {
  const model = Option.getOrUndefined(ModelCatalog.find(catalog, turn.parameters.model))
  const all = [turn.policy.contextWindow?.tokens, turn.window ?? model?.contextWindow].filter((tokens) =>
    tokens !== undefined
  )
  return all.length === 0 ? undefined : Math.min(...all)
}

interface Sizes {
  /** The size of the prompt. */
  readonly size: number
  readonly window: number
}

/** Applies strategies until the prompt is small enough. Returns whether any could. */
const shrink = Effect.fnUntraced(function*(
  core: Core.Core,
  turn: TurnState.TurnState,
  { size, window }: Sizes,
  restore: Restore
): Effect.fn.Return<boolean, ClaudeError.ClaudeError> {
  const { fillTo = 0.5, strategies = [] } = turn.policy.contextWindow ?? {}
  const target = window * fillTo
  let left = size - target
  let any = false
  for (const strategy of strategies) {
    // A strategy may need several steps: a summary covers no more than a request can hold.
    while (left > 0) {
      const messages = Prompt.toArray(Internal.nodeOf(turn.history).sent)
      const measure = measureOf(turn, messages, left + target)
      const edit = strategy._tag === "Compact"
        ? yield* compact(core, turn, strategy, { messages, left, measure, window }, restore)
        : plan(strategy, { messages, left, measure })
      if (edit === undefined || edit.freed <= 0) break
      yield* apply(core, turn, edit, restore)
      turn.spaceEdits.push(edit)
      left -= edit.freed
      any = true
    }
  }
  return any
})

/** Changes what a turn sends, and reports it. */
export const apply = (
  core: Core.Core,
  turn: TurnState.TurnState,
  edit: ContextEdit,
  restore: Restore
): Effect.Effect<void> =>
  Effect.suspend(() => {
    turn.history = History.edit(turn.history, edit)
    return Effect.andThen(
      Core.update(core, { edits: [...core.now.edits, edit] }),
      restore(turn.policy.onEdit?.(edit) ?? Effect.void)
    )
  })

/** Commits the space that a failed turn made, unless the history changed otherwise. */
export const keep = (
  core: Core.Core,
  base: History.History,
  { spaceEdits }: TurnState.TurnState
): Effect.Effect<void> =>
  spaceEdits.length === 0 || core.now.history !== base
    ? Effect.void
    // The turn fails anyway; space that cannot be written is made again.
    : Effect.ignore(Core.commit(core, { history: spaceEdits.reduce((self, edit) => History.edit(self, edit), base) }))

// -----------------------------------------------------------------------------
// plans
// -----------------------------------------------------------------------------

interface Prospect {
  readonly messages: ReadonlyArray<Prompt.Prompt>
  /** How many tokens are to be freed. */
  readonly left: number
  readonly measure: (messages: ReadonlyArray<MessageRequest.MessageParam>) => number
}

type SpaceEdit = Extract<ContextEdit, { readonly freed: number }>

const measureOf = (
  turn: TurnState.TurnState,
  messages: ReadonlyArray<Prompt.Prompt>,
  size: number
): Prospect["measure"] => {
  const { model } = turn.parameters
  const estimate = (messages: ReadonlyArray<MessageRequest.MessageParam>): number =>
    TokenEstimate.ofRequest({ model, messages }).tokens
  const scale = Math.max(1, size / Math.max(1, estimate(messages.map(Prompt.paramOf))))
  return (messages) => Math.round(estimate(messages) * scale)
}

/** Decides what a strategy removes: as little as is enough, the oldest first. */
const plan = (
  strategy: Exclude<ContextWindow.Strategy, { readonly _tag: "Compact" }>,
  { left, measure, messages }: Prospect
): SpaceEdit | undefined => {
  switch (strategy._tag) {
    case "ClearToolResults": {
      const unseen = messages.at(-1)?.own.filter((block) => block.type === "tool_result").length ?? 0
      const results = Edits.resultsOf(messages)
      const old = results.slice(0, Math.max(0, results.length - Math.max(strategy.keep, unseen)))
      const of = (result: Content.ToolResult) => measure([{ role: "user", content: [result] }])
      const { count, freed } = take(old.map((result) => of(result) - of(Edits.clear(result))), left)
      return { type: "clear_tool_results", count, freed }
    }
    case "DropRounds": {
      const rounds = Edits.roundsOf(messages)
      const old = rounds.slice(0, Math.max(0, rounds.length - strategy.keep))
      const { count, freed } = take(old.map((round) => measureRound(round, measure)), left)
      return { type: "drop_rounds", count, freed }
    }
    case "DropExchanges": {
      const { count, freed } = take(oldExchanges(messages, strategy.keep).map((all) => measureAll(all, measure)), left)
      return { type: "drop_exchanges", count, freed }
    }
    case "ContextManagement":
      return undefined
  }
}

const oldExchanges = (messages: ReadonlyArray<Prompt.Prompt>, keep: number) => {
  const exchanges = Edits.exchangesOf(messages)
  return exchanges.slice(0, Math.max(0, exchanges.length - 1 - keep))
}

const measureAll = (messages: ReadonlyArray<Prompt.Prompt>, measure: Prospect["measure"]): number =>
  measure(messages.map(Prompt.paramOf))

const measureRound = ({ calls, results }: Edits.Round, measure: Prospect["measure"]): number =>
  measureAll([calls, results], measure)

/** Takes the first sizes until their sum is `enough`: at least `least` of them, and no more than `most` together. */
const take = (
  sizes: ReadonlyArray<number>,
  enough: number,
  { least = 0, most = Infinity }: { readonly least?: number; readonly most?: number } = {}
): { readonly count: number; readonly freed: number } => {
  let count = 0
  let freed = 0
  for (const size of sizes) {
    if (freed >= enough || (count >= least && freed + size > most)) break
    freed += size
    count++
  }
  return { count, freed }
}

/** Has the oldest exchanges and rounds summarised. Undefined when there is nothing to summarise or no usable summary. */
const compact = (
  core: Core.Core,
  turn: TurnState.TurnState,
  strategy: Extract<ContextWindow.Strategy, { readonly _tag: "Compact" }>,
  { left, measure, messages, window }: Prospect & Pick<Sizes, "window">,
  restore: Restore
): Effect.Effect<SpaceEdit | undefined, ClaudeError.ClaudeError> => {
  const enough = left + strategy.maxTokens
  // What is summarised is a prompt, too, and has to fit together with the summary.
  const most = Math.max(window * 0.5, window * 0.9 - strategy.maxTokens)
  const overhead = measure([])
  const sizeOf = (messages: ReadonlyArray<Prompt.Prompt>): number => measureAll(messages, measure) - overhead
  const old = oldExchanges(messages, strategy.keep)
  const exchanges = take(old.map(sizeOf), enough, { least: 1, most })
  const gone = new Set(old.slice(0, exchanges.count).flat())
  const rest = messages.filter((message) => !gone.has(message))
  const rounds = exchanges.count < old.length
    ? { count: 0, freed: 0 }
    : take(
      Edits.roundsOf(rest).map(({ calls, results }) => sizeOf([calls, results])),
      enough - exchanges.freed,
      { least: exchanges.count === 0 ? 1 : 0, most: most - exchanges.freed }
    )
  if (exchanges.count + rounds.count === 0) return Effect.succeed(undefined)
  const end = rounds.count === 0
    ? [...gone].at(-1)
    : Edits.roundsOf(rest)[rounds.count - 1]?.results
  const older = messages.slice(0, messages.findIndex((message) => message === end) + 1)
  return Effect.map(
    Summary.write(core, turn, strategy, older, restore),
    (summary): SpaceEdit | undefined =>
      summary === undefined ? undefined : {
        type: "summarize",
        exchanges: exchanges.count,
        rounds: rounds.count,
        summary,
        freed: exchanges.freed + rounds.freed - measure([{ role: "user", content: summary }])
      }
  )
}
