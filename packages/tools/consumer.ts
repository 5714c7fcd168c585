// A program as a user writes it. `pack-check` copies it out of the repository and runs it over the packed packages.
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { Console, Effect, Layer, Redacted, Stream } from "effect"

const request = {
  model: "claude-haiku-4-5",
  max_tokens: 64,
  messages: [{ role: "user", content: "Hello" }]
} as const

const program = Effect.gen(function*() {
  const message = yield* Messages.create(request)
  yield* Console.log(`created: ${Message.text(message)}`)

  const text = yield* Messages.stream(request).pipe(MessageStream.text, Stream.mkString)
  yield* Console.log(`streamed: ${text}`)

  const refused = yield* Messages.create(request).pipe(
    Effect.as("answered"),
    Effect.catchTag("AuthenticationError", (error) => Effect.succeed(`${error.status} ${ClaudeError.is(error)}`))
  )
  yield* Console.log(`refused: ${refused}`)
})

const script = Script.sequence(Script.reply("one"), Script.reply("two"), Script.status(401))

const ClaudeLive = Claude.layer({ apiKey: Redacted.make("sk-ant-example") }).pipe(
  Layer.provide(ClaudeTest.layer(script))
)

await Effect.runPromise(Effect.provide(program, ClaudeLive))
