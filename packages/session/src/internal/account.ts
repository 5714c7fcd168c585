/**
 * What was drawn from a budget: in memory, or in a store that processes share.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { type BudgetStore, BudgetStoreError } from "../BudgetStore.ts"
import * as Bounded from "./bounded.ts"
import type { SharedOptions, Sums } from "./budgetTypes.ts"
import * as Ledger from "./ledger.ts"

/** Says why a reservation does not fit, if it does not. `began` is when the account was first drawn from. */
export type Refusal = (balance: Ledger.Balance, began: number) => string | undefined

/** What was drawn from a budget. `E` is what reading it can fail with. */
export interface Account<out E = never> {
  /** Reserves sums unless that is refused. Returns how to settle them, which has an effect once. */
  readonly reserve: (sums: Sums, refusal: Refusal) => Effect.Effect<(used: Sums) => Effect.Effect<void>, string>
  readonly balance: Effect.Effect<Ledger.Balance, E>
}

// -----------------------------------------------------------------------------
// in memory
// -----------------------------------------------------------------------------

/** Creates an account in memory. */
export const inMemory: Effect.Effect<Account> = Effect.map(Clock.currentTimeMillis, (began) => {
  let balance: Ledger.Balance = { spent: Ledger.zero, reserved: Ledger.zero }
  return {
    reserve: (sums, refusal) =>
      Effect.suspend(() => {
        const problem = refusal(balance, began)
        if (problem !== undefined) return Effect.fail(problem)
        balance = { ...balance, reserved: Ledger.plus(balance.reserved, sums) }
        let isOpen = true
        return Effect.succeed((used: Sums) =>
          Effect.sync(() => {
            if (!isOpen) return
            isOpen = false
            balance = {
              spent: Ledger.plus(balance.spent, used),
              reserved: Ledger.minus(balance.reserved, sums)
            }
          })
        )
      }),
    balance: Effect.sync(() => balance)
  }
})

// -----------------------------------------------------------------------------
// in a store
// -----------------------------------------------------------------------------

const Sum = Schema.Struct({
  usd: Schema.Finite,
  tokens: Schema.Finite,
  requests: Schema.Finite,
  turns: Schema.Finite
})

/** The account as it is stored. */
const Stored = Schema.Struct({
  version: Schema.Literal(1),
  began: Schema.Finite,
  spent: Sum,
  /** The reservations that are not settled, by id, and when they are counted as spent. */
  open: Schema.Record(Schema.String, Schema.Struct({ sums: Sum, until: Schema.Finite }))
})

type Stored = typeof Stored.Type

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Stored))

/** Counts as spent what is held for too long: its process may have used all of it. */
const expire = (account: Stored, now: number): Stored => {
  const late = Object.values(account.open).filter(({ until }) => until <= now)
  return late.length === 0 ? account : {
    ...account,
    spent: late.reduce((spent, { sums }) => Ledger.plus(spent, sums), account.spent),
    open: Object.fromEntries(Object.entries(account.open).filter(([, { until }]) => until > now))
  }
}

const balanceOf = ({ open, spent }: Stored): Ledger.Balance => ({
  spent,
  reserved: Object.values(open).reduce((sum, { sums }) => Ledger.plus(sum, sums), Ledger.zero)
})

/** How much longer the store may take after the request was interrupted. */
const grace = Duration.seconds(1)

/** Between two attempts at an account that other processes draw from as well. */
const pause = Schedule.jittered(Schedule.spaced("5 millis"))

/** Creates an account in a store. */
export const inStore = Effect.fnUntraced(function*(
  store: BudgetStore["Service"],
  { holdFor = "1 hour", key, storeTimeout = "30 seconds" }: Pick<SharedOptions, "key" | "holdFor" | "storeTimeout">
): Effect.fn.Return<Account<BudgetStoreError>> {
  const hold = Duration.toMillis(holdFor)
  const limit = Duration.fromInputUnsafe(storeTimeout)
  // One at a time in this process, so that only processes compete.
  const alone = Semaphore.makeUnsafe(1).withPermits(1)
  const prefix = `${yield* Clock.currentTimeMillis}-${yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)}`
  let count = 0

  const read = (text: string | undefined, now: number): Result.Result<Stored, BudgetStoreError> =>
    text === undefined
      ? Result.succeed({ version: 1, began: now, spent: Ledger.zero, open: {} })
      : Result.mapError(decode(text), () => new BudgetStoreError({ problem: `"${key}" does not hold a budget` }))

  /** Changes the account, again if another process changed it meanwhile. */
  const change = <E>(f: (account: Stored, now: number) => Result.Result<Stored, E>) => {
    const once = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const text = yield* store.get(key)
      const account = yield* Effect.fromResult(read(text, now))
      const next = yield* Effect.fromResult(f(expire(account, now), now))
      return next === account || (yield* store.replace(key, text, JSON.stringify(next)))
    })
    return Bounded.run(alone(Effect.repeat(once, { until: (done) => done, schedule: pause })), {
      limit,
      grace,
      whenInterrupted: "finish",
      onLate: () =>
        Effect.fail(new BudgetStoreError({ problem: `it did not respond within ${Duration.format(limit)}` }))
    })
  }

  const settle = (id: string, used: Sums): Effect.Effect<void> =>
    change((account) => {
      const { [id]: own, ...open } = account.open
      // Counted already, by the clock.
      return Result.succeed(own === undefined ? account : { ...account, spent: Ledger.plus(account.spent, used), open })
    }).pipe(
      Effect.retry({ times: 3, schedule: Schedule.exponential("50 millis") }),
      Effect.catch((error) =>
        Effect.logWarning(`${error.message} What was reserved is counted as spent when its hold ends.`)
      ),
      Effect.asVoid
    )

  return {
    reserve: (sums, refusal) =>
      Effect.suspend(() => {
        const id = `${prefix}-${count++}`
        return change((account, now) => {
          if (id in account.open) return Result.succeed(account)
          const problem = refusal(balanceOf(account), account.began)
          return problem === undefined
            ? Result.succeed({ ...account, open: { ...account.open, [id]: { sums, until: now + hold } } })
            : Result.fail(problem)
        }).pipe(
          Effect.mapError((error) => typeof error === "string" ? error : error.message),
          Effect.as((used: Sums) => settle(id, used))
        )
      }),
    balance: Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      return balanceOf(expire(yield* Effect.fromResult(read(yield* store.get(key), now)), now))
    })
  }
})
