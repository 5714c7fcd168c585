/**
 * Rounds of tools: all open calls of a response get their results, or the run ends
 * while some wait.
 *
 * Approvals hold no slot of the tools that run at once. The members of a toolset run
 * in the order of their calls, and those after a call that waits are not run.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as CoreTool from "@effect-claude/core/Tool"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Semaphore from "effect/Semaphore"
import type { End, PendingCall } from "../AgentEvent.ts"
import * as History from "../History.ts"
import type { TurnError } from "../SessionError.ts"
import type * as SessionStore from "../SessionStore.ts"
import type * as AgentOptions from "./agentOptions.ts"
import * as Blocks from "./blocks.ts"
import * as Core from "./core.ts"
import * as Internal from "./history.ts"
import * as Tools from "./tools.ts"

/** What a round left. */
export interface Waiting {
  /** Why the run ends, if calls wait. */
  readonly end: Extract<End, "awaitingApproval" | "awaitingClient"> | undefined
  /** What the calls that wait need. */
  readonly needs: ReadonlyMap<string, PendingCall["needs"]>
}

/** The result of an open call when the run was interrupted. */
const interrupted = "The call was interrupted before it had a result."

/** Runs all open calls and commits their results, also when it is interrupted. */
export const run = <R>(
  core: Core.Core,
  options: AgentOptions.Options<R>,
  tools: ReadonlyArray<CoreTool.Tool>,
  restore: Core.Restore
): Effect.Effect<Waiting, TurnError, R> =>
  Effect.suspend(() => {
    const decide = decider(core, options, tools)
    return give(core, options, decide, restore)
  })

/**
 * Runs the open calls of an earlier run. Those that may have begun get an error. All
 * others are decided first, and those that run are noted before they do.
 */
export const resume = <R>(
  core: Core.Core,
  options: AgentOptions.Options<R>,
  tools: ReadonlyArray<CoreTool.Tool>,
  isOpen: boolean,
  restore: Core.Restore
): Effect.Effect<Waiting, TurnError, R> =>
  Effect.gen(function*() {
    const node = Internal.nodeOf(core.now.history)
    // Early entries of a run do not say which calls began.
    const allBegun = isOpen && node.entry?._tag === "Reply"
    const decide = decider(core, options, tools)
    const verdicts = new Map<string, Tools.Verdict<R>>()
    yield* restore(inGroups(node.pending, (call) => {
      const verdict: Effect.Effect<Tools.Verdict<R>, never, R> = allBegun || node.begun.has(call.id)
        ? Effect.succeed({ _tag: "Result", result: Blocks.toolResult(call, interrupted, { isError: true }) })
        : decide(call)
      return Effect.map(verdict, (verdict) => {
        verdicts.set(call.id, verdict)
        return verdict._tag !== "Wait"
      })
    }))
    const runs = node.pending.filter(({ id }) => verdicts.get(id)?._tag === "Run")
    if (runs.length > 0) yield* commit(core, options, Internal.addCalls(node, [], runs), "open")
    return yield* give(core, options, (call) => Effect.succeed(verdicts.get(call.id) ?? blocked), restore)
  })

/** A call that is run after one that waits. */
const blocked: Tools.Verdict<never> = { _tag: "Wait", needs: "run" }

/** Records that a run has ended, and that its open calls have not begun. */
export const suspend = <R>(
  core: Core.Core,
  options: AgentOptions.Options<R>,
  state: SessionStore.RunState
): Effect.Effect<void, Core.WriteError> =>
  Effect.suspend(() => commit(core, options, Internal.addCalls(Internal.nodeOf(core.now.history), [], []), state))

type Decide<R> = (call: ContentBlock.ToolUse) => Effect.Effect<Tools.Verdict<R>, never, R>

const decider = <R>(
  core: Core.Core,
  { call: options }: AgentOptions.Options<R>,
  tools: ReadonlyArray<CoreTool.Tool>
): Decide<R> => {
  const cut = Internal.cutCall(Internal.nodeOf(core.now.history))?.id
  return (call) =>
    Tools.decide(call, { isCut: call.id === cut, isClient: tools.some((tool) => isOf(call, tool)) }, options)
}

/** Whether a call is one of a tool that the program runs, or of a member of such a toolset. */
const isOf = ({ name, toolset_name }: ContentBlock.ToolUse, tool: CoreTool.Tool): boolean => {
  const type = Predicate.hasProperty(tool, "type") ? String(tool.type) : "custom"
  if (Predicate.isNotNullish(toolset_name)) return type.startsWith(`${toolset_name}_toolset_`)
  return Predicate.hasProperty(tool, "name") && tool.name === name && clientTypes.test(type)
}

/** The types of tools that the program runs. All others are run by the API. */
const clientTypes = /^(?:custom|(?:bash|text_editor|memory|computer)_\d+)$/

/** Gives the open calls their results, and commits those there are. */
const give = <R>(
  core: Core.Core,
  options: AgentOptions.Options<R>,
  decide: Decide<R>,
  restore: Core.Restore
): Effect.Effect<Waiting, TurnError, R> =>
  Effect.suspend(() => {
    const base = core.now.history
    const pending = History.pendingTools(base)
    const results: Array<Content.ToolResult> = []
    const needs = new Map<string, PendingCall["needs"]>()
    const slots = options.concurrency === "unbounded" ? undefined : Semaphore.makeUnsafe(options.concurrency)
    const giveOne = (call: ContentBlock.ToolUse) =>
      Effect.flatMap(decide(call), (verdict) => {
        if (verdict._tag === "Wait") {
          needs.set(call.id, verdict.needs)
          return Effect.as(options.call.onEvent({ _tag: "ToolWaiting", call, needs: verdict.needs }), false)
        }
        const running = Tools.run(call, verdict, options.call)
        return Effect.map(slots === undefined ? running : slots.withPermits(1)(running), (result) => {
          results.push(result)
          return true
        })
      })
    const closed = Effect.suspend(() => commit(core, options, History.closeTools(base, interrupted, results), "open"))
    return restore(inGroups(pending, giveOne)).pipe(
      Effect.onError(() => Effect.ignore(closed)),
      Effect.andThen(Effect.suspend((): Effect.Effect<Waiting, TurnError> => {
        if (results.length === pending.length) return Effect.as(closed, { end: undefined, needs })
        const end = [...needs.values()].includes("approval") ? "awaitingApproval" : "awaitingClient"
        const history = Internal.addCalls(Internal.nodeOf(base), results, [])
        return Effect.as(commit(core, options, history, end), { end, needs })
      }))
    )
  })

/** Runs an effect for each call: those of one toolset in order, as long as each returns true. */
const inGroups = <R>(
  calls: ReadonlyArray<ContentBlock.ToolUse>,
  each: (call: ContentBlock.ToolUse) => Effect.Effect<boolean, never, R>
): Effect.Effect<void, never, R> => {
  const groups = new Map<string, Array<ContentBlock.ToolUse>>()
  for (const call of calls) {
    const key = call.toolset_name ?? `call ${call.id}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [call])
    else group.push(call)
  }
  return Effect.forEach(
    groups.values(),
    (group) => Effect.reduce(group, () => true, (runs, call) => runs ? each(call) : Effect.succeed(false)),
    { concurrency: "unbounded", discard: true }
  )
}

/** Commits a change of open calls, as an entry of the run where that has a name. */
const commit = <R>(
  core: Core.Core,
  { turn: { id } }: AgentOptions.Options<R>,
  history: History.History,
  state: SessionStore.RunState
): Effect.Effect<void, Core.WriteError> =>
  Core.commit(core, { history, turn: id === undefined ? undefined : { name: id, replies: 0, state } })
