/**
 * Following each attempt of a call: before it is sent something is set aside for
 * it, and once its end is known that is settled.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as Interceptor from "@effect-claude/http/Interceptor"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Amounts from "./amounts.ts"
import type { Amount, Budget, Reservation } from "./budgetTypes.ts"
import * as WorstCase from "./worstCase.ts"

/** An attempt that was begun. */
export interface Entry {
  /** Says what came of it: the answer as far as it is known, and what the server can have done without one. */
  readonly settle: (message: Message.Message | undefined, outcome: ClaudeError.Outcome) => Effect.Effect<void>
}

/** Follows the attempts of a call. */
export interface Meter {
  readonly follower: Interceptor.Follower
  /** Settles what is not settled yet, ahead of the end of the call. */
  readonly end: Entry["settle"]
}

/** Begins an entry before each attempt, and settles it when its end is known. */
export const make = (call: Interceptor.Call, begin: Effect.Effect<Entry, ClaudeError.BudgetExceededError>): Meter => {
  /** Attempts whose end is the end of the call. */
  const open: Array<Entry> = []

  // The answer is of one attempt; nobody knows what came of those that were given up for it.
  const end: Meter["end"] = (message, outcome) =>
    Effect.suspend(() =>
      Effect.forEach(
        open.splice(0).toReversed(),
        (entry, index) => index === 0 ? entry.settle(message, outcome) : entry.settle(undefined, "unknown"),
        { discard: true }
      )
    )

  return {
    end,
    follower: {
      attempt: (attempt) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(begin, (entry) =>
            Effect.onExit(restore(attempt), (exit) => {
              const error = Exit.isSuccess(exit) ? Option.none() : Cause.findErrorOption(exit.cause)
              if (Option.isSome(error)) return entry.settle(error.value.partial, error.value.outcome)
              open.push(entry)
              return Effect.void
            }))
        ).pipe(once(call)),
      onEnd: (ending) =>
        ending._tag === "Failed" ? end(ending.error.partial, ending.error.outcome) : end(ending.message, "unknown")
    }
  }
}

/** Draws what a request may use at worst, to be settled by what it used. */
export const draw = (
  budget: Budget<unknown>,
  request: MessageRequest.MessageRequest
): Effect.Effect<Entry, ClaudeError.BudgetExceededError> =>
  Effect.flatMap(
    WorstCase.ofRequest(request),
    (worst) =>
      Effect.map(reserve(budget, worst), (reservation): Entry => ({
        settle: (message, outcome) =>
          message !== undefined
            ? Effect.flatMap(Amounts.used(message), reservation.settle)
            : reservation.settle(outcome === "notSent" || outcome === "rejected" ? Amounts.nothing : worst)
      }))
  )

// -----------------------------------------------------------------------------
// drawing once
// -----------------------------------------------------------------------------

/** The budgets that the running attempt of a call was drawn from. */
interface Drawn {
  readonly call: Interceptor.Call
  readonly budgets: Set<Budget<unknown>>
}

const Drawn: Context.Reference<Drawn | undefined> = Context.Reference<Drawn | undefined>(
  "@effect-claude/session/Drawn",
  { defaultValue: () => undefined }
)

/** Draws from a budget, unless the running attempt was drawn from it already. */
export const reserve = (
  budget: Budget<unknown>,
  worst: Amount
): Effect.Effect<Reservation, ClaudeError.BudgetExceededError> =>
  Effect.flatMap(Drawn, (drawn) => {
    if (drawn?.budgets.has(budget) === true) return Effect.succeed(paid)
    drawn?.budgets.add(budget)
    return budget.reserve(worst)
  })

const paid: Reservation = { settle: () => Effect.void }

/** Makes one attempt of what runs in it, for as many budgets as follow the call. */
const once = (call: Interceptor.Call) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Drawn,
    (drawn) => drawn?.call === call ? self : Effect.provideService(self, Drawn, { call, budgets: new Set() })
  )
