/**
 * The demonstration: a conversation of three turns, shown as it is written, that
 * survives an overload and a rate limit, catches a bad key by its tag, and says
 * what it cost.
 *
 * Without a key it talks to a scripted stand-in on a loopback socket, and says
 * what is simulated and what is not. With `ANTHROPIC_API_KEY` set it talks to
 * the API.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as RateLimits from "@effect-claude/core/RateLimits"
import * as Usage from "@effect-claude/core/Usage"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as RateLimitState from "@effect-claude/http/RateLimitState"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Session from "@effect-claude/session/Session"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Layout from "./Layout.ts"
import * as Markdown from "./Markdown.ts"
import { Screen } from "./Screen.ts"
import type { Paint } from "./Style.ts"

const model = "claude-sonnet-5-5"

const questions = [
  "Hello! My name is Ada, and I collect teapots.",
  "Tell me, in a few sentences, what becomes of a request when the API is busy.",
  "What is my name?"
]

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

/** Prints text with something before it, wrapped, and with as much space before its other lines. */
const line = Effect.fnUntraced(function*(
  text: string,
  { first = "", paint = (text) => text }: { readonly first?: string; readonly paint?: Paint } = {}
) {
  const { out, width } = yield* Screen
  yield* out.line(paint(Layout.paragraph(text, yield* width, first)))
})

const item = (text: string) => line(text, { first: "  " })

const heading = Effect.fnUntraced(function*(text: string, first = "") {
  const { out } = yield* Screen
  yield* out.line()
  yield* line(text, { first, paint: out.style.bold })
})

/** Prints names, and what belongs to each beside it. */
const table = Effect.fnUntraced(function*(rows: ReadonlyArray<readonly [name: string, value: string]>) {
  const { out, width } = yield* Screen
  const names = Math.max(0, ...rows.map(([name]) => name.length))
  for (const [name, value] of rows) {
    yield* out.line(Layout.paragraph(value, yield* width, `  ${Layout.pad(name, names)}  `))
  }
})

/** Prints an answer while it is written, indented like everything else. */
const answer = Effect.fnUntraced(function*<E, R>(text: Stream.Stream<string, E, R>) {
  const { out, width } = yield* Screen
  const markdown = Markdown.make({ width: (yield* width) - 2, style: out.style })
  let ended = true
  const show = (text: string) => {
    const indented = text.replace(/(^|\n)(?=[^\n])/g, (start) => start !== "" || ended ? `${start}  ` : "")
    if (text !== "") ended = text.endsWith("\n")
    return out.write(indented)
  }
  yield* Stream.runForEach(text, (piece) => show(markdown.push(piece)))
  yield* show(markdown.end())
})

const seconds = (duration: Duration.Duration) => {
  const millis = Duration.toMillis(duration)
  return `${(millis / 1000).toFixed(millis < 100 ? 2 : 1)} s`
}

// -----------------------------------------------------------------------------
// where it runs
// -----------------------------------------------------------------------------

const reply = Script.model().pipe(Script.chunked("perEvent"), Script.slow("20 millis"))

/** What the stand-in does: an overload before the first answer, and a rate limit before the second. */
const script = Script.sequence(
  Script.status(529),
  Script.times(reply, 1),
  Script.rateLimited({ retryAfter: "2 seconds" }),
  reply
)

/** Where the program runs: what to say about it, and how to reach it, with another key if need be. */
interface Place {
  readonly about: ReadonlyArray<string>
  readonly claude: (options?: { readonly apiKey?: Redacted.Redacted }) => ReturnType<typeof ClaudeNode.layer>
}

const place: Effect.Effect<Place, Config.ConfigError, ClaudeServer.ClaudeServer> = Effect.gen(function*() {
  const key = yield* Config.option(Config.Redacted("ANTHROPIC_API_KEY"))
  if (Option.isSome(key)) {
    return {
      about: [
        "ANTHROPIC_API_KEY is set: this talks to the Claude API, and costs a fraction of a cent.",
        "Nothing is simulated, so nothing fails unless the API does."
      ],
      claude: ClaudeNode.layer
    }
  }
  const { url } = yield* ClaudeServer.ClaudeServer
  return {
    about: [
      `No ANTHROPIC_API_KEY is set: a scripted stand-in answers, on ${url}.`,
      "Simulated: what the model says, one overload, one rate limit, the limits themselves.",
      "Real: the sockets, the events, the retries and their waits, the history, the errors."
    ],
    claude: (options) => ClaudeNode.layer({ apiKey: options?.apiKey ?? Redacted.make("sk-ant-offline"), baseUrl: url })
  }
})

// -----------------------------------------------------------------------------
// the conversation
// -----------------------------------------------------------------------------

/** `standard`, telling the user what it waits for. */
const patient = Effect.map(Screen, (screen) =>
  RetryPolicy.onRetry(RetryPolicy.standard, ({ delay, error, n }) => {
    const asks = error.retryAfter === undefined
      ? "Waiting"
      : `The server asks for ${seconds(error.retryAfter)}; waiting`
    const text = `attempt ${n} failed: ${error._tag} (${error.status ?? "in the stream"}). ${asks} ${
      seconds(delay)
    } before the next.`
    return Effect.provideService(line(text, { first: "  … ", paint: screen.out.style.yellow }), Screen, screen)
  }))

const conversation = Effect.gen(function*() {
  const policy = yield* patient
  const session = yield* Session.make({ model, max_tokens: 300, system: "You are brief and friendly." })
  for (const [i, question] of questions.entries()) {
    yield* heading(question, `${i + 1}/${questions.length}  `)
    yield* answer(session.stream(question).pipe(MessageStream.text, Claude.withRetry(policy)))
  }
  return { usage: yield* session.usage, cost: yield* session.cost }
})

const badKey = Messages.create({ model, max_tokens: 10, messages: [MessageRequest.user("Hello")] }).pipe(
  Effect.andThen(item("The key was accepted, which was not expected.")),
  Effect.catchTag("AuthenticationError", (error) => item(`caught ${error._tag}: ${error.message}`))
)

// -----------------------------------------------------------------------------
// the bill
// -----------------------------------------------------------------------------

const bill = (usage: Usage.Totals, cost: Option.Option<Cost.Cost>) =>
  table([
    ["input", `${Usage.totalInput(usage)} tokens, of which ${usage.cacheRead} read from the cache`],
    ["output", `${usage.output} tokens`],
    [
      "cost",
      Option.match(cost, {
        onNone: () => "unknown: the model has no price in the catalogue",
        onSome: (cost) => `$${Cost.total(cost).toFixed(6)} at the list price of ${model}`
      })
    ]
  ])

const limit = (name: string, limit: RateLimits.Limit | undefined): ReadonlyArray<readonly [string, string]> =>
  limit?.remaining === undefined ? [] : [[name, `${limit.remaining} of ${limit.limit ?? "?"} left this minute`]]

const leftOver = Effect.gen(function*() {
  const latest = yield* RateLimitState.latest
  if (Option.isNone(latest)) return yield* item("The responses carried none.")
  const { limits } = latest.value
  yield* table([
    ...limit("requests", limits.requests),
    ...limit("input tokens", limits.inputTokens),
    ...limit("output tokens", limits.outputTokens)
  ])
})

// -----------------------------------------------------------------------------
// the program
// -----------------------------------------------------------------------------

const program = Effect.gen(function*() {
  const { about, claude } = yield* place
  const { dim, bold } = (yield* Screen).out.style
  yield* line("effect-claude: a conversation that survives what goes wrong", { paint: bold })
  for (const sentence of about) yield* line(sentence, { paint: dim })

  yield* Effect.gen(function*() {
    const { cost, usage } = yield* conversation
    yield* heading("A bad key, caught by its tag")
    yield* Effect.provide(badKey, claude({ apiKey: Redacted.make("sk-ant-invalid") }))
    yield* heading("What the conversation used")
    yield* bill(usage, cost)
    yield* heading("What the rate limits say")
    yield* leftOver
  }).pipe(Effect.provide(RateLimitState.layer.pipe(Layer.provideMerge(claude()))))
})

program.pipe(
  Effect.scoped,
  Effect.provide([ClaudeServer.layer(script), Layer.provide(Screen.layer, NodeServices.layer)]),
  NodeRuntime.runMain
)
