// How do I stream answers to a web page? `PORT=8080 node examples/chat-server.ts`, and open http://127.0.0.1:8080.
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Session from "@effect-claude/session/Session"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { ByteSize, Cache, Config, Console, Effect, Layer, Option, Stream } from "effect"
import { Ndjson } from "effect/encoding"
import * as Http from "effect/http"
import { createServer } from "node:http"
import * as ClaudeLive from "./support/ClaudeLive.ts"
import * as OwnPage from "./support/OwnPage.ts"

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
      const question = yield* request.text
      const session = yield* Cache.get(sessions, (yield* Http.HttpRouter.params)["id"] ?? "")
      // The answer is a line for each piece of text. When the page is closed, the stream is interrupted, and with it the
      // request to Claude; the turn never was. What fails is told as a last line: the status was sent long ago.
      const answer = session.stream(question).pipe(
        MessageStream.text,
        Stream.map((text) => ({ text })),
        Stream.catch((error) => Stream.make({ error: error.message })),
        Stream.pipeThroughChannel(Ndjson.encode())
      )
      return Http.HttpServerResponse.stream(answer, { contentType: "application/x-ndjson" })
    }).pipe(Effect.provideService(Http.HttpIncomingMessage.MaxBodySize, ByteSize.kibibytes(64))))
}))

const port = Config.Int("PORT")

// A page to open where a port was asked for, and otherwise one question to itself.
const visit = Http.HttpServer.addressFormattedWith(Effect.fnUntraced(function*(url) {
  if (Option.isSome(yield* Config.option(port))) return yield* Effect.andThen(Console.log(`Open ${url}`), Effect.never)
  const response = yield* Http.HttpClient.post(`${url}/chat/1`, { body: Http.HttpBody.text("Hello!") })
  yield* Console.log(yield* response.text)
}))

const ServerLive = Http.HttpRouter.serve(Layer.merge(Routes, OwnPage.layer), {
  disableLogger: true,
  disableListenLog: true
})
  .pipe(
    Layer.provide(ClaudeLive.layer()),
    Layer.provideMerge(NodeHttpServer.layerConfig(
      createServer,
      Config.all({ port: Config.withDefault(port, 0), host: Config.succeed("127.0.0.1") })
    ))
  )
visit.pipe(Effect.provide([ServerLive, Http.FetchHttpClient.layer]), NodeRuntime.runMain)
