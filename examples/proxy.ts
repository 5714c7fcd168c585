// How do I reach the API from behind a company's proxy?
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as Network from "@effect-claude/http/node/Network"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import * as Corporate from "./support/corporate.ts"

const ask = Messages.create({
  model: "claude-sonnet-5-5",
  max_tokens: 256,
  messages: [MessageRequest.user("Can you hear me?")]
}).pipe(
  Effect.matchEffect({
    onSuccess: (message) => Console.log(`answer: ${Message.text(message)}\n`),
    // The message says which certificate or proxy stands in the way, and what to do.
    onFailure: ({ _tag, message }) => Console.log(`${_tag}: ${message}\n`)
  })
)

const program = Effect.gen(function*() {
  // On loopback: an API behind TLS, and a proxy that wants a password.
  const { api, authority, proxy } = yield* Corporate.network
  const options = { apiKey: Redacted.make("sk-ant-offline"), baseUrl: api, retry: RetryPolicy.interactive }
  const through = (network: Network.Options) =>
    Layer.provide(ClaudeNode.layerNoDispatcher(options), Network.layer(network))

  yield* Console.log("Without a password:")
  yield* Effect.provide(ask, through({ proxy: { url: proxy } }))

  const known = { url: proxy, username: "ada", password: Redacted.make("open sesame") }
  yield* Console.log("Without the company's authority:")
  yield* Effect.provide(ask, through({ proxy: known }))

  // PEM or DER, as it was exported. It is trusted beside the public authorities, and checked first.
  yield* Console.log("With both:")
  yield* Effect.provide(ask, through({ proxy: known, ca: authority }))

  // Where the environment says it (HTTPS_PROXY, NO_PROXY): Network.layer({ proxy: "environment" }). Without options,
  // nothing is done, whatever the environment says.
})

program.pipe(Effect.scoped, NodeRuntime.runMain)
