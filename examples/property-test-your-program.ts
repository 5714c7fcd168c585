// How do I test my program against every way in which an answer can come, or not come?
import * as Arbitraries from "@effect-claude/core/Arbitraries"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { Arbitrary, Effect, Layer, Redacted, Schema } from "effect"

// The program under test: it shows an answer as it is written, and says at the end whether all of it was seen.
const read = Effect.suspend(() => {
  const shown: Array<string> = []
  return Messages.stream({
    model: "claude-sonnet-5-5",
    max_tokens: 1000,
    messages: [MessageRequest.user("Tell me about teapots.")]
  }).pipe(
    MessageStream.tapText((text) => Effect.sync(() => void shown.push(text))),
    MessageStream.final,
    Effect.map((message) => ({ shown: shown.join(""), saved: Message.text(message) })),
    Effect.catch((error) =>
      Effect.succeed({ shown: shown.join(""), saved: error.partial === undefined ? "" : Message.text(error.partial) })
    )
  )
})

// Any answer the API could give, as any events it could come in, cut off after any number of bytes or not at all.
const situations = Arbitrary.all({
  stream: Arbitraries.stream,
  cut: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4000 })))
})

// The property: what was shown to the user is what was saved, whatever happens on the way.
const property = Arbitrary.checkEffect(situations, ({ cut, stream }) => {
  const script = Script.events(stream.events).pipe(Script.cutAfter({ bytes: cut }))
  const ClaudeLive = Claude.layer({ apiKey: Redacted.make("sk-ant-test"), retry: RetryPolicy.never }).pipe(
    Layer.provide(ClaudeTest.layer(script))
  )
  return read.pipe(Effect.map(({ saved, shown }) => saved === shown), Effect.provide(ClaudeLive))
}, { runs: 200, seed: "teapots" })

const result = await Effect.runPromise(property)
// A failure is shrunk to the smallest situation that shows it, with what replays it.
console.log(Arbitrary.formatCheckFailure(result) ?? `held in ${result._tag === "Passed" ? result.runs : 0} situations`)
if (result._tag !== "Passed") process.exitCode = 1
