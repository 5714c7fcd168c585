// How do I know how long a prompt is before I pay for it?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Messages from "@effect-claude/http/Messages"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const request: MessageRequest.MessageRequest = {
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  system: "You know everything about teapots.",
  messages: [MessageRequest.user("Why does the spout drip? ".repeat(50))]
}

const program = Effect.gen(function*() {
  // At once and for nothing, within a stated error.
  yield* Console.log(`estimated: ${TokenEstimate.ofRequest(request).tokens} tokens`)

  // Exactly, from the API, free of charge but counted against its own rate limit. It answers nothing.
  const { input_tokens } = yield* Messages.countTokens(request)
  yield* Console.log(`counted:   ${input_tokens} tokens`)
})

program.pipe(Effect.provide(ClaudeLive.layer()), NodeRuntime.runMain)
