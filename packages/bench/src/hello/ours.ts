import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { report } from "./report.ts"

const program = Messages.stream({
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello" }]
}).pipe(MessageStream.text, Stream.runForEach((text) => Effect.sync(() => console.log(text))))

const ClaudeLive = Claude.layerFetch({ apiKey: Redacted.make("key"), baseUrl: report.url })

await Effect.runPromise(Effect.provide(program, ClaudeLive))
report.end()
