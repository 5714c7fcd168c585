// How long may a call take, and how do I change that?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Timeouts from "@effect-claude/http/Timeouts"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Stream } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const request = {
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [MessageRequest.user("Take your time.")]
}

const read = Messages.stream(request).pipe(
  MessageStream.text,
  Stream.runForEach((text) => Effect.sync(() => process.stdout.write(text))),
  Claude.withRetry(RetryPolicy.never)
)

const told = <A, E extends { readonly _tag: string; readonly message: string }, R>(self: Effect.Effect<A, E, R>) =>
  Effect.matchEffect(self, {
    onFailure: ({ _tag, message }) => Console.log(`\n${_tag}: ${message}\n`),
    onSuccess: () => Console.log("\nread to its end\n")
  })

const program = Effect.gen(function*() {
  const { connect, firstContent, headers, idle } = Timeouts.defaults
  yield* Console.log(
    `by default: connect ${Duration.format(connect)}, headers ${Duration.format(headers)}, ` +
      `first content ${Duration.format(firstContent)}, idle ${Duration.format(idle)}\n`
  )

  // Silence is measured on bytes: a model that thinks sends pings, and is not cut off.
  yield* read.pipe(Claude.withTimeouts({ idle: "300 millis" }), told)

  // The first content is what a reader waits for.
  yield* read.pipe(Claude.withTimeouts({ firstContent: "300 millis" }), told)

  // The whole call: usually the wrong one, since a long answer is a good answer.
  yield* read.pipe(Claude.withTimeouts({ total: "800 millis" }), told)
})

// Offline, the first answer falls silent, the second never begins, the third takes its time.
const script = Script.sequence(
  Script.reply("I began, and then I fell silent.").pipe(Script.stall({ after: { events: 5 } })),
  Script.reply("Never said.").pipe(Script.stall({ after: { events: 1 } })),
  Script.reply("One word at a time.").pipe(Script.chunked("perEvent"), Script.slow("100 millis"))
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
