// How do I stream answers to a web page?
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Session from "@effect-claude/session/Session"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Cache, Console, Effect, Layer, Stream } from "effect"
import * as Http from "effect/http"
import { createServer } from "node:http"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const Routes = Http.HttpRouter.use(Effect.fnUntraced(function*(router) {
  // A conversation for each page that is open. A session keeps its history, and takes one question at a time.
  const sessions = yield* Cache.make({
    capacity: 1000,
    timeToLive: "1 hour",
    lookup: (_id: string) => Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024, system: "You are brief." })
  })
  yield* router.add("GET", "/", Http.HttpServerResponse.file(`${import.meta.dirname}/support/chat.html`))
  yield* router.add("POST", "/chat/:id", (request) =>
    Effect.gen(function*() {
      const session = yield* Cache.get(sessions, (yield* Http.HttpRouter.params)["id"] ?? "")
      // The answer is text in pieces. When the page is closed, the stream is interrupted, and the turn never was.
      const answer = session.stream(yield* request.text).pipe(
        MessageStream.text,
        Stream.catch((error) => Stream.make(`(${error.message})`)), // the status was sent long ago
        Stream.encodeText
      )
      return Http.HttpServerResponse.stream(answer, { contentType: "text/plain; charset=utf-8" })
    }))
}))

// A page to open where somebody watches, and otherwise one question to itself.
const visit = Http.HttpServer.addressFormattedWith((url) =>
  process.stdout.isTTY
    ? Effect.andThen(Console.log(`Open ${url}`), Effect.never)
    : Http.HttpClient.post(`${url}/chat/1`, { body: Http.HttpBody.text("Hello!") }).pipe(
      Effect.flatMap(({ text }) => text),
      Effect.flatMap(Console.log)
    )
)

const ServerLive = Http.HttpRouter.serve(Routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provide(ClaudeLive.layer()),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
)
visit.pipe(Effect.provide([ServerLive, Http.FetchHttpClient.layer]), NodeRuntime.runMain)
