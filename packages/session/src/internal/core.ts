/**
 * The state behind a session, and the only way it changes.
 *
 * The truth is here; what a session shows of it is a copy. All changes go
 * through `commit`, which nothing can interrupt: first the journal, then the
 * truth, then whoever follows it.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import type { Claude } from "@effect-claude/http/Claude"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type { History } from "../History.ts"
import type { State } from "../Session.ts"
import type { SessionBusyError } from "../SessionError.ts"
import type * as Turn from "../Turn.ts"
import * as Lock from "./lock.ts"

/** What a session is made of. */
export interface Core {
  readonly claude: Claude["Service"]
  readonly lock: Lock.Lock
  readonly lockOptions: Lock.Options
  readonly policy: Turn.Policy
  readonly state: SubscriptionRef.SubscriptionRef<State>
  /** The truth. */
  now: State
}

/** Creates the state of a session. */
export const make = Effect.fnUntraced(function*(options: {
  readonly claude: Claude["Service"]
  readonly lockOptions: Lock.Options
  readonly policy: Turn.Policy
  readonly history: History
  readonly parameters: Turn.Parameters
}): Effect.fn.Return<Core> {
  const now: State = {
    phase: "idle",
    history: options.history,
    parameters: options.parameters,
    usage: Usage.empty,
    spent: Usage.empty,
    cost: Option.some(Cost.empty),
    lastResponse: Option.none()
  }
  const state = yield* SubscriptionRef.make(now)
  const { claude, lockOptions, policy } = options
  return { claude, lock: Lock.make(), lockOptions, policy, state, now }
})

/** Changes the truth, and tells whoever follows it. */
export const update = (core: Core, changes: Partial<State>): Effect.Effect<void> =>
  Effect.suspend(() => {
    core.now = { ...core.now, ...changes }
    return SubscriptionRef.set(core.state, core.now)
  })

/** Runs an effect that has the session to itself. It runs where nothing interrupts, and `restore` is where something may. */
export const exclusively = <A, E, R>(
  core: Core,
  use: (
    lease: Lock.Lease,
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SessionBusyError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Lock.acquire(core.lock, core.lockOptions, restore), (lease) =>
      Effect.ensuring(
        Lock.under(use(lease, restore), lease),
        finish(core, lease)
      ))
  )

/** Gives the lease up, if it still holds. */
export const finish = (core: Core, lease: Lock.Lease): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!Lock.holds(lease)) return Effect.void
    const idle = core.now.phase === "idle" ? Effect.void : update(core, { phase: "idle" })
    return Effect.andThen(idle, Effect.sync(() => Lock.release(lease)))
  })

/** Counts what a request used, whether or not its turn succeeds. */
export const spend = (core: Core, message: Message.Message | undefined): Effect.Effect<void> =>
  message === undefined
    ? Effect.void
    : Effect.flatMap(Cost.ofMessageEffect(message), (cost) =>
      update(core, {
        spent: Usage.combine(core.now.spent, Usage.totals(message.usage)),
        cost: Option.zipWith(core.now.cost, cost, Cost.combine)
      }))

/** Makes a turn part of the conversation. */
export const commit = (
  core: Core,
  history: History,
  messages: ReadonlyArray<Message.Message>,
  response: Message.Message | undefined
): Effect.Effect<void> =>
  update(core, {
    history,
    usage: messages.reduce((sum, message) => Usage.combine(sum, Usage.totals(message.usage)), core.now.usage),
    lastResponse: response === undefined ? core.now.lastResponse : Option.some(response)
  })
