// How do I keep answering while the API is overloaded?
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Hedging from "@effect-claude/http/Hedging"
import * as Messages from "@effect-claude/http/Messages"
import * as ModelFallback from "@effect-claude/http/ModelFallback"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const ask = (question: string) =>
  Messages.createWithMeta({
    model: "claude-sonnet-5-5",
    max_tokens: 1024,
    messages: [MessageRequest.user(question)]
  }).pipe(
    // First the same model again, as the policy says ...
    Claude.withRetry(RetryPolicy.interactive),
    // ... then a smaller one, if the error is of a kind that another model may not have.
    ModelFallback.withFallback(["claude-haiku-4-5"], {
      onFallback: ({ error, model }) => Console.log(`${error._tag}: asking ${model} instead`)
    }),
    Effect.tap(([message, { attempts, cached }]) => {
      const how = cached === true ? "from the cache" : `${attempts} attempt(s)`
      return Console.log(`${message.model}, ${how}: ${Message.text(message)}`)
    })
  )

const program = Effect.gen(function*() {
  yield* ask("Are you there?")

  // The same question again is answered without asking anybody.
  yield* Effect.replicateEffect(ask("What is new?"), 2)

  // A slow answer is asked for a second time, and the first to come is taken.
  yield* ask("What takes you so long?")
})

// Layers nest, the outermost first: the cache is asked before a request is hedged.
const stack = (script: Script.Script) =>
  ResponseCache.layer({ timeToLive: "1 hour" }).pipe(
    Layer.provide(Hedging.layer({ after: "2 seconds", onHedge: () => Console.log("slow: asking twice") })),
    Layer.provide(ClaudeLive.layer(script))
  )

// Offline, the larger model is overloaded at first, and slow later.
const script = Script.sequence(
  Script.times(Script.status(529), 3),
  Script.reply("Yes, in a smaller size."),
  Script.reply("Nothing much."),
  Script.reply("I am slow.").pipe(Script.delay("30 seconds")),
  Script.reply("Nothing any more.")
)

program.pipe(Effect.provide(stack(script)), NodeRuntime.runMain)
