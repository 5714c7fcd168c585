// How do I ask Claude one question?
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const program = Effect.gen(function*() {
  // The request is the body of POST /v1/messages, in the API's own words. `max_tokens` bounds the answer.
  const message = yield* Messages.create({
    model: "claude-sonnet-5-5",
    max_tokens: 1024,
    system: "You are brief.",
    messages: [MessageRequest.user("Hello! What are you?")]
  })

  yield* Console.log(Message.text(message))

  // Why it ended, and what it used, are part of every answer.
  yield* Console.log(
    `\n${message.stop_reason}: ${message.usage.input_tokens} tokens in, ${message.usage.output_tokens} out`
  )
})

program.pipe(Effect.provide(ClaudeLive.layer()), NodeRuntime.runMain)
