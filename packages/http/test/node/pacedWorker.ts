/** A process of its own that sends messages under limits kept in Redis, and says when each went. */
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Pacing from "@effect-claude/http/Pacing"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"

const [port = "", prefix = "", calls = "0", requests = "0", burst = "0"] = process.argv.slice(2)

const program = Effect.gen(function*() {
  const call = Messages.create({
    model: "claude-sonnet-5-5",
    max_tokens: 10,
    messages: [{ role: "user", content: "Hello" }]
  })
  yield* Effect.replicateEffect(call, Number(calls), { concurrency: "unbounded" })
  const { requests } = yield* ClaudeTest.ClaudeTest
  return (yield* requests).map(({ at }) => at)
}).pipe(
  Effect.provide(
    Pacing.layerStore({ limits: { requests: Number(requests) }, burst: Number(burst) }).pipe(
      Layer.provide(RateLimiter.layerStoreRedis({ prefix })),
      Layer.provide(NodeRedis.layer({ url: `redis://127.0.0.1:${port}` })),
      Layer.provideMerge(Claude.layer({ apiKey: Redacted.make("sk-ant-test") })),
      Layer.provideMerge(ClaudeTest.layer(Script.forever(Script.reply("Hi!")), { rateLimits: { requests: 1_000_000 } }))
    )
  )
)

process.stdout.write(JSON.stringify(await Effect.runPromise(program)))
