// How do I let Claude think first, and show the thinking as it comes?
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Thinking from "@effect-claude/core/Thinking"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// `adaptive` thinks as much as the question deserves; older models take a budget: Thinking.enabled(2048). Which forms a
// model accepts, `Models.get(id)` says under `capabilities.thinking`.
const events = Messages.stream({
  model: "claude-sonnet-5-5",
  max_tokens: 4096,
  thinking: Thinking.adaptive,
  messages: [
    MessageRequest.user("A teapot and its lid cost 11 shillings; the pot costs 10 more than the lid. The lid?")
  ]
})

const program = Effect.gen(function*() {
  const message = yield* events.pipe(
    // Events are a union that narrows; `MessageStream.thinking` is the short form when nothing else is wanted.
    Stream.tap((event) => {
      const delta = event.type === "content_block_delta" ? event.delta : undefined
      return delta?.type === "thinking_delta" ? Effect.sync(() => process.stdout.write(delta.thinking)) : Effect.void
    }),
    MessageStream.final
  )

  // Thinking goes back into the conversation untouched, signature and all: a Session sees to that.
  yield* Console.log(`\n\n=> ${Message.text(message)}`)
})

const script = Script.thinking(
  "If the lid costs x, the pot costs x + 10. Together 2x + 10 = 11, so x is one half.",
  "The lid costs half a shilling."
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
