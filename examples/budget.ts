// How do I make sure that a tenant cannot spend more than it has?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import * as Budget from "@effect-claude/session/Budget"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Exit } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const options = { model: "claude-sonnet-5-5", max_tokens: 200 }

const report = (name: string, budget: Budget.Budget) =>
  Effect.flatMap(
    budget.state,
    ({ left, spent }) =>
      Console.log(`${name}: ${spent.requests} sent for $${spent.usd.toFixed(6)}, $${left.usd.toFixed(6)} left`)
  )

const program = Effect.gen(function*() {
  const tenant = yield* Budget.make({ usd: 0.05, name: "the tenant's budget" })

  // A session draws from its own budget, and from the tenant's around it.
  const own = yield* Budget.make({ requests: 1, within: tenant, name: "the session's budget" })
  const session = yield* Session.make({ ...options, budget: own })
  yield* session.send("Hello")
  yield* session.send("Hello again").pipe(
    Effect.catchTag("BudgetExceededError", ({ message }) => Console.log(message))
  )
  yield* report("tenant", tenant)

  // A hundred calls at once: what each may cost is set aside before it is sent, so together they stay below.
  const exits = yield* Effect.forEach(
    Array.from({ length: 100 }),
    () => Effect.exit(Messages.create({ ...options, messages: [MessageRequest.user("Invent a teapot.")] })),
    { concurrency: "unbounded" }
  ).pipe(Effect.provide(Budget.layer(tenant)))
  yield* Console.log(`${exits.filter(Exit.isSuccess).length} of ${exits.length} calls were sent`)
  yield* report("tenant", tenant)
})

program.pipe(Effect.provide(ClaudeLive.layer(Script.forever(Script.reply("Gladly.")))), NodeRuntime.runMain)
