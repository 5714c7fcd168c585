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
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

const model = "claude-sonnet-5-5"

const questions = [
  "Hello! My name is Ada, and I collect teapots.",
  "Tell me, in a few sentences, what becomes of a request when the API is busy.",
  "What is my name?"
]

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

const print = (text: string) => Effect.sync(() => process.stdout.write(text))

const style = (code: string) => (text: string) =>
  Effect.map(
    TerminalCapabilities.TerminalCapabilities,
    ({ canColor }) => canColor ? `\u001b[${code}m${text}\u001b[0m` : text
  )

const bold = style("1")
const dim = style("2")
const yellow = style("33")

const line = (text: Effect.Effect<string> | string) =>
  Effect.flatMap(typeof text === "string" ? Effect.succeed(text) : text, (text) => print(`${text}\n`))

const heading = (text: string) => Effect.andThen(print("\n"), line(bold(text)))

const seconds = (duration: Duration.Duration) => {
  const millis = Duration.toMillis(duration)
  return `${(millis / 1000).toFixed(millis < 100 ? 2 : 1)} s`
}

// -----------------------------------------------------------------------------
// where it runs
// -----------------------------------------------------------------------------

const answer = Script.model().pipe(Script.chunked("perEvent"), Script.slow("20 millis"))

/** What the stand-in does: an overload before the first answer, and a rate limit before the second. */
const script = Script.sequence(
  Script.status(529),
  Script.times(answer, 1),
  Script.rateLimited({ retryAfter: "2 seconds" }),
  answer
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
const patient = RetryPolicy.onRetry(RetryPolicy.standard, ({ delay, error, n }) =>
  line(yellow(
    `  … attempt ${n} failed: ${error._tag} (${error.status ?? "in the stream"}). ${
      error.retryAfter === undefined ? "Waiting" : `The server asks for ${seconds(error.retryAfter)}; waiting`
    } ${seconds(delay)} before the next.`
  )))

const conversation = Effect.gen(function*() {
  const session = yield* Session.make({ model, max_tokens: 300, system: "You are brief and friendly." })
  for (const [i, question] of questions.entries()) {
    yield* heading(`${i + 1}/${questions.length}  ${question}`)
    yield* session.stream(question).pipe(
      MessageStream.text,
      Stream.zipWithIndex,
      Stream.runForEach(([text, i]) => print(i === 0 ? `  ${text}` : text)),
      Claude.withRetry(patient)
    )
    yield* print("\n")
  }
  return { usage: yield* session.usage, cost: yield* session.cost }
})

const badKey = Messages.create({ model, max_tokens: 10, messages: [MessageRequest.user("Hello")] }).pipe(
  Effect.andThen(line("  The key was accepted, which was not expected.")),
  Effect.catchTag("AuthenticationError", (error) => line(`  caught ${error._tag}: ${error.message}`))
)

// -----------------------------------------------------------------------------
// the bill
// -----------------------------------------------------------------------------

const bill = Effect.fnUntraced(function*(usage: Usage.Totals, cost: Option.Option<Cost.Cost>) {
  yield* line(`  input   ${Usage.totalInput(usage)} tokens, of which ${usage.cacheRead} read from the cache`)
  yield* line(`  output  ${usage.output} tokens`)
  yield* line(`  cost    ${
    Option.match(cost, {
      onNone: () => "unknown: the model has no price in the catalogue",
      onSome: (cost) => `$${Cost.total(cost).toFixed(6)} at the list price of ${model}`
    })
  }`)
})

const limit = (name: string, limit: RateLimits.Limit | undefined) =>
  limit?.remaining === undefined
    ? Effect.void
    : line(`  ${name}  ${limit.remaining} of ${limit.limit ?? "?"} left this minute`)

const leftOver = Effect.gen(function*() {
  const latest = yield* RateLimitState.latest
  if (Option.isNone(latest)) return yield* line("  The responses carried none.")
  const { limits } = latest.value
  yield* limit("requests     ", limits.requests)
  yield* limit("input tokens ", limits.inputTokens)
  yield* limit("output tokens", limits.outputTokens)
})

// -----------------------------------------------------------------------------
// the program
// -----------------------------------------------------------------------------

const program = Effect.gen(function*() {
  const { about, claude } = yield* place
  yield* line(bold("effect-claude: a conversation that survives what goes wrong"))
  for (const sentence of about) yield* line(dim(sentence))

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

program.pipe(Effect.scoped, Effect.provide(ClaudeServer.layer(script)), NodeRuntime.runMain)
