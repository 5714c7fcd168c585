import * as RetryHint from "@effect-claude/core/RetryHint"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryBudget from "@effect-claude/http/RetryBudget"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as RetryLaws from "@effect-claude/testing/RetryLaws"
import { describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { key, question } from "./support.ts"

const presets = ["standard", "interactive", "background", "never"] as const

describe("RetryPolicy", () => {
  it.effect.each(presets.map((name) => ({ name })))("$name keeps the laws of policies", ({ name }) => {
    const policy = RetryPolicy[name]
    return RetryLaws.check({ parameters: policy, decide: (input) => RetryPolicy.decide(policy, input) })
  }, 30_000)

  it.effect.each([{ jitter: "equal" }, { jitter: "none" }, { jitter: { proportional: 0.25 } }] as const)(
    "keeps the laws with jitter $jitter",
    ({ jitter }) => {
      const policy = RetryPolicy.jitter(RetryPolicy.background, jitter)
      return RetryLaws.check({ parameters: policy, decide: (input) => RetryPolicy.decide(policy, input) })
    },
    30_000
  )

  it.effect.each((["standard", "interactive", "background", "never"] as const).map((name) => ({ name })))(
    "$name keeps the laws of schedules, as a schedule",
    ({ name }) => {
      const policy = RetryPolicy[name]
      return RetryLaws.checkSchedule(RetryPolicy.schedule(policy), policy)
    },
    60_000
  )

  it.effect("has combinators that commute, and a policy that never retries", () =>
    RetryLaws.checkCombinators({
      policy: RetryPolicy.standard,
      never: RetryPolicy.never,
      maxRetries: RetryPolicy.maxRetries,
      deadline: RetryPolicy.deadline,
      decide: RetryPolicy.decide
    }))
})

describe("RetryHint", () => {
  it.effect("keeps the law of hints", () =>
    RetryLaws.checkHints((headers, now) => RetryHint.fromHeaders(headers, now).retryAfter))
})

describe("Messages", () => {
  it.effect("keeps the laws of drivers", () =>
    RetryLaws.checkDriver(
      Effect.gen(function*() {
        const context = yield* Layer.build(Claude.layer({ apiKey: Redacted.make(key) }))
        const claude = Context.get(context, Claude.Claude)
        const budget = yield* claude.budget(RetryBudget.standard)
        const driver: RetryLaws.Driver = {
          call: Effect.provideContext(Messages.create(question), context),
          stream: Stream.provideContext(Messages.stream(question), context),
          available: budget.available,
          budget: budget.options
        }
        return driver
      })
    ), 30_000)
})
