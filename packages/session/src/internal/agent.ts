/**
 * The loop of an agent: request a response, run the tools it calls, repeat.
 *
 * Each step is committed on its own: a response, then the results of its calls,
 * then the next response. What a tool did is never lost, whatever happens next,
 * and a history is valid after every step. A response is committed together with
 * the fact that its calls may begin, and a run that ends before they do takes that
 * back. So a run that is resumed knows which calls it may run, also after its
 * process was killed.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import type * as CoreTool from "@effect-claude/core/Tool"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { End, Outcome, PendingCall, Progress } from "../AgentEvent.ts"
import * as History from "../History.ts"
import type { TurnError } from "../SessionError.ts"
import * as AgentOptions from "./agentOptions.ts"
import * as Amounts from "./amounts.ts"
import * as Callables from "./callables.ts"
import * as Core from "./core.ts"
import * as Rounds from "./rounds.ts"
import type * as Runs from "./runs.ts"
import * as Streamed from "./streamed.ts"
import * as Run from "./turn.ts"
import type * as TurnState from "./turnState.ts"

/** Runs the loop in a session that is held. Must run uninterruptibly. */
export const run = <R>(
  core: Core.Core,
  input: History.Input | undefined,
  options: AgentOptions.Options<R>,
  restore: Core.Restore
): Effect.Effect<Outcome, TurnError, R> =>
  Effect.flatMap(Core.runOf(core, options.turn.id, restore), (known) => {
    const before = core.now.history
    const running = new Running(core, options, restore)
    return Effect.onExit(running.loop(input, known), (exit) =>
      Exit.isFailure(exit) && options.whenInterrupted === "rollback" && core.now.history !== before
        // A history that cannot be written back stays as it is, which is valid, too.
        ? Effect.ignore(Core.rollBack(core, before, options.turn.id, known))
        : Effect.void)
  })

/** A run under way. */
class Running<R> {
  private turns = 0
  private calls = 0
  private readonly core: Core.Core
  private readonly options: AgentOptions.Options<R>
  private readonly restore: Core.Restore
  private readonly before: Amounts.Spending
  /** The tools of the last request, or of the next one before the first request. */
  private tools: ReadonlyArray<CoreTool.Tool>

  constructor(core: Core.Core, options: AgentOptions.Options<R>, restore: Core.Restore) {
    this.core = core
    this.options = options
    this.restore = restore
    this.before = core.now
    this.tools = [...options.turn.tools ?? core.now.parameters.tools ?? [], ...options.definitions]
  }

  loop(input: History.Input | undefined, known: Runs.Run | undefined): Effect.Effect<Outcome, TurnError, R> {
    const { core, options, restore } = this
    return Effect.gen({ self: this }, function*() {
      if (known !== undefined && isOver(known.state, input === undefined)) {
        return this.outcome(known.response, known.state)
      }
      // A named run continues where it is, or begins anew where other messages were sent since.
      const continues = known !== undefined && known.history === core.now.history
      if (continues || input === undefined) {
        const end = yield* this.resumeCalls(continues && known.state === "open")
        if (end !== undefined) return end
      }
      let next = continues ? undefined : input
      while (true) {
        yield* restore(options.call.onEvent({ _tag: "TurnStarted", turn: this.turns + 1 }))
        const message: Message.Message | undefined = yield* Effect.catchTag(
          this.turn(next, this.turns > 0 || continues),
          "BudgetExceededError",
          (error) => this.overBudget(error)
        )
        if (message === undefined) return this.outcome(Option.getOrThrow(core.now.lastResponse), "budget")
        const end: Outcome | undefined = yield* this.afterTurn(message)
        if (end !== undefined) return end
        next = undefined
      }
    })
  }

  /** Requests a response to the input, or to what was steered since the last turn. */
  private turn(
    input: History.Input | undefined,
    follows: boolean
  ): Effect.Effect<Message.Message, TurnError, R> {
    const { core, options, restore } = this
    const { maxTurns, prepareTurn } = options
    const base = AgentOptions.turnOptions(core, options, { follows, hasCalled: this.calls > 0 })
    return Effect.gen({ self: this }, function*() {
      const changes = prepareTurn === undefined ? {} : yield* restore(
        Effect.suspend(() => prepareTurn({ ...this.progress(), parameters: AgentOptions.parametersOf(core, base) }))
      )
      const own: TurnState.Options = { ...base, ...changes, run: this.turns + 1 >= maxTurns ? "last" : "open" }
      this.tools = own.tools ?? []
      const steered = input === undefined ? core.steering.splice(0) : []
      const words = steered.length === 0 ? input : steered.flatMap(blocksOf)
      const sent = options.call.streams
        ? Streamed.send(core, words, own, options.call.onEvent, restore)
        : Run.sendWith(core, words, own, restore)
      return yield* Effect.onError(sent, () => Effect.sync(() => core.steering.unshift(...steered)))
    })
  }

  /** Ends the run where it is. A run that has not begun fails. */
  private overBudget(
    error: ClaudeError.BudgetExceededError
  ): Effect.Effect<undefined, ClaudeError.BudgetExceededError> {
    return this.turns > 0 || this.calls > 0 ? Effect.undefined : Effect.fail(error)
  }

  /** Runs the calls of a response. Returns the outcome where the run ends. */
  private afterTurn(message: Message.Message): Effect.Effect<Outcome | undefined, TurnError, R> {
    const { core, options, restore } = this
    return Effect.gen({ self: this }, function*() {
      this.turns++
      yield* restore(options.call.onEvent({ _tag: "TurnCommitted", turn: this.turns, message }))
      const isLast = this.turns >= options.maxTurns
      if (core.now.history.status !== "awaitingToolResults") {
        if (message.stop_reason === "refusal") return this.outcome(message, "refused")
        return core.steering.length === 0 || isLast ? this.outcome(message, "finished") : undefined
      }
      if (isLast) return this.outcome(message, "turnLimit")
      const { stopWhen } = options
      const stops = stopWhen !== undefined && (yield* restore(Effect.suspend(() => stopWhen(this.progress()))))
      if (stops) {
        yield* Rounds.suspend(core, options, "stopped")
        return this.outcome(message, "stopped")
      }
      return yield* this.round(message, Rounds.run(core, options, this.tools, restore))
    })
  }

  /** Gives open calls their results, before the first turn. */
  private resumeCalls(isOpen: boolean): Effect.Effect<Outcome | undefined, TurnError, R> {
    const { core, options, restore } = this
    return Effect.suspend(() => {
      const last = Option.getOrUndefined(core.now.lastResponse)
      return core.now.history.status === "awaitingToolResults" && last !== undefined
        ? this.round(last, Rounds.resume(core, options, this.tools, isOpen, restore))
        : Effect.undefined
    })
  }

  private round(
    message: Message.Message,
    round: Effect.Effect<Rounds.Waiting, TurnError, R>
  ): Effect.Effect<Outcome | undefined, TurnError, R> {
    const before = History.pendingTools(this.core.now.history).length
    return Effect.map(round, ({ end, needs }) => {
      this.calls += before - History.pendingTools(this.core.now.history).length
      return end === undefined ? undefined : this.outcome(message, end, needs)
    })
  }

  private progress(): Progress {
    const { cost, spent } = Amounts.since(this.before, this.core.now)
    return {
      turns: this.turns,
      calls: this.calls,
      message: Option.getOrUndefined(this.core.now.lastResponse),
      usage: spent,
      cost
    }
  }

  private outcome(message: Message.Message, end: End, needs?: Rounds.Waiting["needs"]): Outcome {
    return {
      ...this.progress(),
      message,
      end,
      pending: History.pendingTools(this.core.now.history).map((call) => ({
        call,
        // A member of a toolset that comes after one that waits was not decided on.
        needs: needs === undefined ? this.needOf(call, end) : needs.get(call.id) ?? "run"
      }))
    }
  }

  /** What an open call needs, as far as it is known without deciding on it again. */
  private needOf(call: ContentBlock.ToolUse, end: End): PendingCall["needs"] {
    if (Callables.callableOf(call, this.options.call.tools) === undefined) return "result"
    return end === "awaitingApproval" ? "approval" : "run"
  }
}

/** Whether a named run returns its outcome again. One that waits does until it is resumed. */
const isOver = (state: Runs.Run["state"], resumes: boolean): state is Exclude<Runs.Run["state"], "open"> =>
  state === "finished" || state === "refused" || (state !== "open" && !resumes)

const blocksOf = (input: History.Input): ReadonlyArray<Content.Content> =>
  typeof input === "string" ? [Content.text(input)] : Arr.ensure(input)
