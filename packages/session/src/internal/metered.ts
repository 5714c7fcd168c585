/**
 * Counts what a session spends: each attempt of its requests, and its turns.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import type { Claude } from "@effect-claude/http/Claude"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Budget from "../Budget.ts"
import * as CachePolicy from "../CachePolicy.ts"
import * as Amounts from "./amounts.ts"
import * as Core from "./core.ts"
import * as Metering from "./metering.ts"

/** The attempts of one request of a session. */
export interface Metered {
  /** What sends the request. */
  readonly claude: Claude["Service"]
  /** Counts what is not counted yet, ahead of the end of the request. */
  readonly end: Metering.Entry["settle"]
}

/**
 * Counts each attempt of a request, whether or not its turn succeeds: in what the
 * session spent, and in its budget, where it has one.
 */
export const make = (core: Core.Core): Metered => {
  let meter: Metering.Meter | undefined = undefined
  return {
    claude: Interceptor.inside(core.settings.claude, (call) =>
      Effect.sync(() => {
        meter = Metering.make(call, begin(core, call.request))
        return meter.follower
      })),
    end: (message, outcome) => Effect.suspend(() => meter?.end(message, outcome) ?? Effect.void)
  }
}

const begin = (
  core: Core.Core,
  request: MessageRequest.MessageRequest | undefined
): Effect.Effect<Metering.Entry, ClaudeError.BudgetExceededError> => {
  const counted: Metering.Entry = {
    settle: (message) => message === undefined ? Effect.void : count(core, request, message)
  }
  const { budget } = core.settings
  if (budget === undefined || request === undefined) return Effect.succeed(counted)
  return Effect.map(Metering.draw(budget, request), (drawn): Metering.Entry => ({
    settle: (message, outcome) => Effect.andThen(drawn.settle(message, outcome), counted.settle(message, outcome))
  }))
}

/** Counts what an answer used, as far as it came. */
const count = (
  core: Core.Core,
  request: MessageRequest.MessageRequest | undefined,
  message: Message.Message
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const known = Amounts.settled(message)
    const totals = Usage.totals(known.usage)
    const cacheMiss = totals.cacheRead > 0 || request === undefined ? Option.none() : changeSince(core, request)
    core.sent = request
    return Effect.flatMap(Cost.ofMessageEffect(known), (cost) => {
      const spending: Amounts.Spending = { spent: totals, cost }
      if (core.journal !== undefined) core.untold.push(spending)
      return Core.update(core, { cacheMiss, ...Amounts.combine(core.now, spending) })
    })
  })

/** What kept a prompt from being read from the cache: where it differs from the one that was answered before. */
const changeSince = (
  { now, sent }: Core.Core,
  request: MessageRequest.MessageRequest
): Core.Core["now"]["cacheMiss"] => {
  if (sent === undefined) return Option.none()
  // What is tried again is the same prompt.
  return sent === request ? now.cacheMiss : CachePolicy.changeOf(sent, request)
}

/** Draws a turn from the budget, if there is one. Returns the effect that settles it, given whether it was committed. */
export const drawTurn = (
  core: Core.Core
): Effect.Effect<(committed: boolean) => Effect.Effect<void>, ClaudeError.BudgetExceededError> => {
  const { budget } = core.settings
  if (budget === undefined) return Effect.succeed(() => Effect.void)
  const turn: Budget.Amount = { ...Amounts.nothing, turns: 1 }
  return Effect.map(
    budget.reserve(turn),
    ({ settle }) => (committed) => settle(committed ? turn : Amounts.nothing)
  )
}
