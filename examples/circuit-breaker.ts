// How do I stop asking while the API is down, and start again when it is back?
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Layer, Stream } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const ask = Messages.create({
  model: "claude-sonnet-5-5",
  max_tokens: 256,
  messages: [MessageRequest.user("Are you back?")]
}).pipe(
  Claude.withRetry(RetryPolicy.never),
  Effect.matchEffect({
    onSuccess: (message) => Console.log(`answer: ${Message.text(message)}`),
    onFailure: (error) =>
      // An open circuit fails at once, says for how long, and nothing was sent.
      error._tag === "CircuitOpenError"
        ? Console.log(`not asked; again in ${Duration.format(error.retryAfter ?? Duration.zero)}`)
        : Console.log(`${error._tag} (HTTP ${error.status})`)
  })
)

const program = Effect.gen(function*() {
  const breaker = yield* CircuitBreaker.CircuitBreaker
  yield* breaker.transitions.pipe(
    Stream.runForEach(({ from, key, to }) => Console.log(`  ${key}: ${from} -> ${to}`)),
    Effect.forkChild({ startImmediately: true })
  )

  // Two overloads open the circuit; what follows is not sent.
  yield* Effect.replicateEffect(ask, 4, { discard: true })

  // After a while one attempt probes, and closes it if it is answered.
  yield* Effect.sleep("600 millis")
  yield* ask
})

const breaking = CircuitBreaker.layer({
  trip: { consecutive: 2 },
  openFor: "500 millis",
  // One circuit for each model; by default for each host and model.
  key: ({ exchange }) => exchange.model ?? "other"
}).pipe(
  Layer.provide(ClaudeLive.layer(Script.sequence(Script.times(Script.status(529), 2), Script.reply("I am back."))))
)

program.pipe(Effect.provide(breaking), NodeRuntime.runMain)
