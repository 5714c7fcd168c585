import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Retry from "@effect-claude/http/Retry"
import * as RetryBudget from "@effect-claude/http/RetryBudget"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"
import { writeSync } from "node:fs"

const outage = 5_000
/** What the server takes once it is back: so many requests in each tenth of a second. */
const capacity = 20

interface Outcome {
  readonly calls: number
  readonly seconds: number
  readonly gaveUp: number
}

/** Many clients ask at the same moment. The server is down for five seconds, and after that takes what it can. */
const simulate = (policy: RetryPolicy.RetryPolicy, clients: number): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    const budget = policy.budget === undefined ? undefined : yield* Effect.orDie(RetryBudget.make(policy.budget))
    let calls = 0
    let finished = 0
    let window = -1
    let taken = 0
    const began = yield* Clock.currentTimeMillis
    const attempt = () =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const now = at - began
        calls++
        const tenth = Math.floor(now / 100)
        if (tenth !== window) {
          window = tenth
          taken = 0
        }
        if (now < outage || taken >= capacity) {
          return Effect.fail(
            new ClaudeError.OverloadedError({ status: 529, outcome: "rejected", message: "Overloaded" })
          )
        }
        taken++
        finished = Math.max(finished, now)
        return Effect.void
      })
    const fibers = yield* Effect.forEach(
      Array.from({ length: clients }),
      () => Effect.forkChild(Effect.exit(Retry.retry(attempt, budget === undefined ? { policy } : { policy, budget })))
    )
    yield* TestClock.adjust("45 minutes")
    const exits = yield* Effect.forEach(fibers, Fiber.join)
    return { calls, seconds: finished / 1000, gaveUp: exits.filter((exit) => exit._tag === "Failure").length }
  }).pipe(Random.withSeed("an outage"))

const jitters = {
  full: "full",
  equal: "equal",
  proportional: { proportional: 0.2 },
  none: "none"
} as const

const withBudget = RetryPolicy.standard
const withoutBudget = RetryPolicy.standard.pipe(RetryPolicy.budget(null))

describe("an outage of five seconds", () => {
  it.effect("is shown for each jitter, with and without the budget", () =>
    Effect.gen(function*() {
      const rows: Array<string> = ["clients  jitter       budget  calls  done after  gave up"]
      const outcomes = new Map<string, Outcome>()
      for (const clients of [16, 100]) {
        for (const [name, jitter] of Object.entries(jitters)) {
          for (const [label, policy] of [["yes", withBudget], ["no", withoutBudget]] as const) {
            const outcome = yield* simulate(RetryPolicy.jitter(policy, jitter), clients)
            outcomes.set(`${clients} ${name} ${label}`, outcome)
            rows.push(
              `${String(clients).padStart(7)}  ${name.padEnd(12)} ${label.padEnd(6)} ${
                String(outcome.calls).padStart(6)
              } ` +
                `${outcome.seconds.toFixed(1).padStart(9)} s ${String(outcome.gaveUp).padStart(8)}`
            )
          }
        }
      }
      yield* Effect.sync(() => writeSync(1, `\n${rows.join("\n")}\n\n`))

      const of = (name: string) => outcomes.get(name)!
      // Sixteen clients are carried through by every jitter: the budget does not starve an ordinary program.
      for (const name of ["full", "equal", "proportional"]) assert.strictEqual(of(`16 ${name} yes`).gaveUp, 0, name)
      // Without jitter a crowd comes back at once, again and again: the server takes twenty, and refuses the rest.
      assert.isAbove(of("100 none no").gaveUp, of("100 full no").gaveUp + 20)
      // The budget bounds what an outage is answered with: 500 withdrawn at 5 a retry, and what trickles in.
      for (const name of Object.keys(jitters)) {
        assert.isAtMost(of(`100 ${name} yes`).calls, 100 + 500 / 5 + 20, name)
        assert.isAbove(of(`100 ${name} no`).calls, 300, name)
      }
    }))

  it.effect.each([
    { name: "standard", policy: RetryPolicy.standard, carried: 16 },
    { name: "background", policy: RetryPolicy.background, carried: 100 }
  ])(
    "is survived by $carried clients at once under $name, all of them",
    ({ carried, policy }) =>
      Effect.gen(function*() {
        const outcome = yield* simulate(policy, carried)

        assert.strictEqual(outcome.gaveUp, 0)
      })
  )

  it.effect("is not waited for under interactive, and ends at once under never", () =>
    Effect.gen(function*() {
      const interactive = yield* simulate(RetryPolicy.interactive, 8)
      const never = yield* simulate(RetryPolicy.never, 8)

      assert.strictEqual(interactive.gaveUp, 8)
      assert.isAtMost(interactive.calls, 8 * 3)
      assert.deepStrictEqual(never, { calls: 8, seconds: 0, gaveUp: 8 })
    }))
})
