// How do I show an answer while it is being written?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const program = Effect.gen(function*() {
  // A stream of events. It ends normally if and only if the whole answer came; anything else is a typed failure.
  const events = Messages.stream({
    model: "claude-sonnet-5-5",
    max_tokens: 1024,
    messages: [MessageRequest.user("Tell me, in three sentences, why streams are useful.")]
  })

  // `tapText` looks at the text in passing; `final` folds the events into the message that `create` would have given.
  const message = yield* events.pipe(
    MessageStream.tapText((text) => Effect.sync(() => process.stdout.write(text))),
    MessageStream.final
  )

  yield* Console.log(`\n\n${message.stop_reason}: ${message.usage.output_tokens} tokens`)
})

program.pipe(Effect.provide(ClaudeLive.layer()), NodeRuntime.runMain)
