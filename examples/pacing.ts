// How do I send many requests without running into the rate limits?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Identity from "@effect-claude/http/Identity"
import * as Messages from "@effect-claude/http/Messages"
import * as Pacing from "@effect-claude/http/Pacing"
import * as RateLimitState from "@effect-claude/http/RateLimitState"
import { NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect, Layer, Option } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const ask = (name: string, since: number) =>
  Messages.create({
    model: "claude-sonnet-5-5",
    max_tokens: 256,
    messages: [MessageRequest.user(`Say hello to ${name}.`)]
  }).pipe(
    Effect.andThen(Clock.currentTimeMillis),
    Effect.flatMap((now) => Console.log(`${String(now - since).padStart(5)} ms  ${name}`)),
    // Refused rather than queued: it would have had to wait too long. It was not sent.
    Effect.catchTag("PacingError", ({ message }) => Console.log(`          ${name}: ${message}`))
  )

const program = Effect.gen(function*() {
  const since = yield* Clock.currentTimeMillis
  yield* Effect.all([
    ...Array.from({ length: 6 }, (_, i) => ask(`guest ${i + 1}`, since)),
    // Whoever is more urgent goes first of those who wait.
    ask("the guest of honour", since).pipe(Pacing.withPriority(10)),
    // Each tenant has limits of its own.
    ask("a guest of another house", since).pipe(Identity.withTenant("next door"))
  ], { concurrency: "unbounded" })

  const limits = yield* RateLimitState.latest
  yield* Console.log(
    `\nthe API says: ${
      Option.match(limits, {
        onNone: () => "nothing",
        onSome: ({ limits: { requests } }) => `${requests?.remaining} of ${requests?.limit} requests left this minute`
      })
    }`
  )
})

// 240 requests a minute: four at once (`burst`), and then one about every quarter of a second. Without `limits`, they
// are read from the API's responses.
const paced = Pacing.layer({ limits: { requests: 240 }, burst: 0.017, maxWait: "1500 millis" }).pipe(
  Layer.provideMerge(RateLimitState.layer),
  Layer.provide(ClaudeLive.layer())
)

program.pipe(Effect.provide(paced), NodeRuntime.runMain)
