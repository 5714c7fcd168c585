// How do I decide what is retried, and when, and watch it happen?
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// A policy is a value. `standard` waits with full jitter, obeys the server's hints and gives up after two minutes.
const policy = RetryPolicy.standard.pipe(
  RetryPolicy.maxRetries(3),
  RetryPolicy.deadline("30 seconds"),
  RetryPolicy.onRetry(({ delay, error, n }) =>
    Console.log(`attempt ${n} failed: ${error._tag}. Trying again in ${(Duration.toMillis(delay) / 1000).toFixed(1)} s`)
  )
)

const ask = Messages.create({
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [MessageRequest.user("Are you there?")]
})

const program = Effect.gen(function*() {
  // For one effect (or stream) ...
  const message = yield* ask.pipe(Claude.withRetry(policy))
  yield* Console.log(`\n${Message.text(message)}\n`)

  // ... or never, where the caller retries by itself: two layers of retries multiply.
  yield* ask.pipe(
    Claude.withRetry(RetryPolicy.never),
    Effect.matchEffect({
      onFailure: (error) => Console.log(`without retries: ${error.message}`),
      onSuccess: () => Console.log("without retries: nothing failed this time")
    })
  )
})

// Offline, the first two attempts fail on cue; the second failure asks for a wait of one second.
const script = Script.sequence(
  Script.status(529),
  Script.rateLimited({ retryAfter: "1 second" }),
  Script.times(Script.model(), 1),
  Script.status(500)
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
