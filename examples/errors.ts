// How do I handle what can go wrong, each thing in its own way?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const ask = (model: string) =>
  Messages.create({ model, max_tokens: 100, messages: [MessageRequest.user("Hello")] }).pipe(
    // Failures are a flat union of tags. What is caught here is gone from the type; the rest stays.
    Effect.map((message) => `an answer, ${message.usage.output_tokens} tokens long`),
    Effect.catchTags({
      NotFoundError: (error) => Effect.succeed(`no such model (request ${error.requestId})`),
      RateLimitError: ({ retryAfter }) =>
        Effect.succeed(`too fast: come back in ${retryAfter === undefined ? "a while" : Duration.format(retryAfter)}`),
      OverloadedError: ({ attempts }) => Effect.succeed(`overloaded, after ${attempts?.count} attempt(s)`)
    }),
    // Whatever is left, whatever its tag: every error says what happened and what to do.
    Effect.catchIf(() => true, (error) => Effect.succeed(`${error._tag}: ${error.message}`)),
    // A deliberate choice for this example: see each failure at once instead of after its retries.
    Claude.withRetry(RetryPolicy.never)
  )

const program = Effect.forEach(
  ["claude-sonnet-5-5", "claude-does-not-exist", ...Array.from({ length: 4 }, () => "claude-sonnet-5-5")],
  (model) => Effect.flatMap(ask(model), Console.log)
)

// Offline, the stand-in fails on cue. Against the API, only the model that does not exist does.
const script = Script.sequence(
  Script.times(Script.model(), 2),
  Script.rateLimited({ retryAfter: "12 seconds" }),
  Script.status(529),
  Script.status(401)
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
