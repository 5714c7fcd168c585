/**
 * Scenes of conversations, and of what happens when something goes wrong.
 *
 * @since 0.1.0
 */
import * as Message from "@effect-claude/core/Message"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RateLimitState from "@effect-claude/http/RateLimitState"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as Agent from "@effect-claude/session/Agent"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Render from "../Render.ts"
import type { Screen } from "../Screen.ts"
import { fact, flow, model, question, say, type Scene } from "./Scene.ts"

const Weather = Toolkit.make(
  Tool.make("get_weather", {
    description: "Returns the weather of a city.",
    parameters: Schema.Struct({ city: Schema.String }),
    success: Schema.String
  })
)

const WeatherLive = Weather.toLayer({ get_weather: ({ city }) => Effect.succeed(`It is sunny in ${city}.`) })

/**
 * The scenes.
 *
 * @category scenes
 * @since 0.1.0
 */
export const resilience: ReadonlyArray<Scene> = [
  {
    name: "conversation",
    kind: "feature",
    title: "A conversation that remembers",
    about: "The API remembers nothing: a session keeps the turns and sends them along, and adds up what they use.",
    code: "const session = yield* Session.make({ model, max_tokens: 1024 })\nyield* session.send(\"My name is Ada.\")",
    run: Effect.gen(function*() {
      const session = yield* Session.make({ model, max_tokens: 1024 })
      for (const words of ["My name is Ada.", "What is my name?"]) {
        yield* fact("user", words)
        yield* fact("claude", Message.text(yield* session.send(words)))
      }
      yield* fact("turns sent", String(History.toMessages(yield* session.history).length))
      yield* fact("used", Render.tokens(yield* session.usage))
    })
  },
  {
    name: "tools",
    kind: "feature",
    title: "Tools, until there is an answer",
    about: "The model calls a tool, its handler runs, the result goes back, and so on. Handlers are Layers.",
    code: "Agent.run(session, \"What is the weather in Paris?\", { toolkit: Weather })",
    run: Effect.gen(function*() {
      const session = yield* Session.make({ model, max_tokens: 1024 })
      const { message } = yield* Agent.run(session, "What is the weather in Paris?", { toolkit: Weather })
      for (const entry of History.entries(yield* session.history)) {
        if (entry._tag === "Reply") {
          for (const call of Message.toolUses(entry.message)) {
            yield* fact("calls", `${call.name}(${JSON.stringify(call.input)})`)
          }
        }
      }
      yield* fact("answer", Message.text(message))
    }).pipe(Effect.provide(WeatherLive))
  },
  {
    name: "interrupt",
    kind: "feature",
    title: "An answer that is stopped",
    about:
      "Interrupting closes the socket at once. The turn never was, or keeps what was said: the history is valid either way.",
    code: "session.stream(words).pipe(\n  Stream.runDrain, Effect.timeoutOption(\"900 millis\")\n)",
    script: Script.sequence(Script.times(Script.model().pipe(Script.slow("100 millis")), 1), Script.model()),
    run: Effect.gen(function*() {
      const session = yield* Session.make({ model, max_tokens: 1024, onInterrupt: "keep" })
      yield* flow((write) =>
        session.stream("Tell me a story").pipe(
          MessageStream.text,
          Stream.runForEach(write),
          Effect.timeoutOption("900 millis")
        )
      )
      yield* fact(
        "history",
        `${(yield* session.history).size} entries, and it expects: ${(yield* session.history).status}`
      )
      yield* fact("next turn", Message.text(yield* session.send("What is 1 + 1?")))
    })
  },
  {
    name: "retry",
    kind: "feature",
    title: "An overload and a rate limit, survived",
    about:
      "Exponential backoff with jitter; what the server asks for comes first. What cannot succeed is never sent again.",
    code: "Messages.create(request).pipe(Claude.withRetry(RetryPolicy.standard))",
    script: Script.sequence(
      Script.status(529),
      Script.rateLimited({ retryAfter: "1 second" }),
      Script.reply("At last.")
    ),
    options: { retry: RetryPolicy.standard },
    run: Effect.gen(function*() {
      const screen = yield* Effect.context<Screen>()
      const [message, meta] = yield* Messages.createWithMeta(question("Hello"), {
        onProgress: (progress) =>
          Effect.provideContext(
            progress._tag === "Waiting"
              ? fact(
                `attempt ${progress.n}`,
                `${progress.error._tag} (${progress.error.status})${
                  progress.error.retryAfter === undefined
                    ? ""
                    : `, asks for ${Render.duration(progress.error.retryAfter)}`
                }: waits ${Render.duration(progress.delay)}`
              )
              : Effect.void,
            screen
          )
      })
      yield* fact("answer", Message.text(message))
      yield* fact("attempts", String(meta.attempts))
    })
  },
  {
    name: "partial",
    kind: "feature",
    title: "A line that goes dead",
    about:
      "What arrived is never lost: the error carries the partial message. What was handed out is not sent for again.",
    code: "Effect.catchTag(\"StreamTruncatedError\", ({ partial }) => …)",
    script: Script.reply("The answer was going well until").pipe(Script.cutAfter({ events: 5 }, { by: "reset" })),
    run: Effect.gen(function*() {
      const error = yield* Effect.flip(MessageStream.final(Messages.stream(question("Hello"))))
      yield* fact("error", `${error._tag} (${error._tag === "StreamTruncatedError" ? error.reason : ""})`)
      yield* fact("outcome", error.outcome)
      yield* fact("partial", error.partial === undefined ? "none" : Message.text(error.partial))
    })
  },
  {
    name: "limits",
    kind: "feature",
    title: "Rate limits as data",
    about: "Requests, input tokens and output tokens have limits of their own. Every response reports them.",
    code: "RateLimitState.latest",
    run: Effect.gen(function*() {
      yield* Messages.create(question("Hello"))
      const latest = yield* RateLimitState.latest
      if (Option.isNone(latest)) return yield* say("None were reported.")
      const { inputTokens, outputTokens, requests } = latest.value.limits
      for (const [name, each] of [["requests", requests], ["input", inputTokens], ["output", outputTokens]] as const) {
        yield* fact(name, `${Render.count(each?.remaining ?? 0)} of ${Render.count(each?.limit ?? 0)} left this minute`)
      }
    }).pipe(Effect.provide(RateLimitState.layer))
  },
  {
    name: "breaker",
    kind: "feature",
    title: "A breaker that stops asking",
    about:
      "After failures in a row the circuit opens, and calls fail at once until one attempt shows that the API is back.",
    code: "CircuitBreaker.layer({ trip: { consecutive: 2 }, openFor: \"15 seconds\" })",
    script: Script.forever(Script.status(529)),
    options: { retry: RetryPolicy.never },
    run: Effect.gen(function*() {
      for (const n of [1, 2, 3]) {
        const error = yield* Effect.flip(Messages.create(question("Hello")))
        yield* fact(`call ${n}`, `${error._tag}${error.outcome === "notSent" ? ": not sent" : ""}`)
      }
    }).pipe(Effect.provide(CircuitBreaker.layer({ trip: { consecutive: 2 }, openFor: "15 seconds" })))
  },
  {
    name: "cache",
    kind: "feature",
    title: "The same question, answered once",
    about: "Identical requests are answered from a cache of the client's own: nothing is sent, nothing is billed.",
    code: "ResponseCache.layer({ timeToLive: \"1 day\" })",
    run: Effect.gen(function*() {
      for (const name of ["first", "second"]) {
        const [message, meta] = yield* Messages.createWithMeta(question("What is 6 * 7?"))
        yield* fact(name, `${Message.text(message)}  ${meta.requestId ?? "from the cache"}`)
      }
    }).pipe(Effect.provide(ResponseCache.layer()))
  },
  {
    name: "log",
    kind: "feature",
    title: "A log of the traffic",
    about:
      "An entry for each call: model, time, tokens, how it ended, request id. No prompt unless asked for, never a key.",
    code: "TrafficLog.layerFiles({ directory: \"traffic\" })\n// then: effect-claude log traffic",
    script: Script.sequence(Script.times(Script.model(), 1), Script.status(400)),
    run: Effect.gen(function*() {
      const screen = yield* Effect.context<Screen>()
      const logged = TrafficLog.layer((entry) => Effect.provideContext(say(TrafficEntry.format(entry)), screen))
      yield* Effect.andThen(
        Messages.create(question("Hello")),
        Effect.flip(Messages.create(question("Hello")))
      ).pipe(Effect.provide(logged))
    })
  },
  {
    name: "scoped",
    kind: "feature",
    title: "Overrides for one call",
    about: "Retries, timeouts, headers, betas and version of a layer hold for every call, and can be changed for one.",
    code: "program.pipe(\n  Claude.withRetry(RetryPolicy.never), Claude.withHeaders({ \"x-team\": \"tea\" })\n)",
    script: Script.sequence(Script.status(529), Script.reply("…")),
    run: Effect.gen(function*() {
      const error = yield* Effect.flip(
        Messages.create(question("Hello")).pipe(
          Claude.withRetry(RetryPolicy.never),
          Claude.withHeaders({ "x-team": "tea" })
        )
      )
      yield* fact("error", error._tag)
      yield* fact("attempts", String(error.attempts?.count ?? 1))
    })
  }
]
