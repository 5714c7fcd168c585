/**
 * `ask`: one question, one answer: from the arguments or standard input to
 * standard output.
 *
 * Standard output holds the answer and nothing else, so it can be piped on. What
 * the answer cost, and why it is not complete, is said on standard error.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Answer from "../Answer.ts"
import * as Connection from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Done } from "../Failure.ts"
import * as Flags from "../Flags.ts"
import * as Question from "../Question.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"
import * as Thinking from "../Thinking.ts"

const config = {
  ...Question.config,
  maxTokens: Flags.maxTokens,
  temperature: Flag.Finite("temperature").pipe(
    Flag.withAlias("t"),
    Flag.withDescription("How freely to answer, from 0 to 1; newer models refuse it"),
    Flag.optional
  ),
  thinking: Thinking.flag,
  schema: Flag.String("schema").pipe(
    Flag.withDescription("Answer in JSON that matches the JSON Schema of this file"),
    Flag.withMetavar("<file>"),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("Print the whole message as JSON, as the API sent it"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Print the request as JSON and send nothing"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  ),
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withAlias("q"),
    Flag.withDescription("Do not say what the answer cost"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  )
}

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const ask = Command.make(
  "ask",
  config,
  Effect.fnUntraced(function*(input) {
    const { out } = yield* Screen
    const asked = yield* Question.compose(input)
    const request = input.thinking
      ? { ...asked, ...(yield* Thinking.fields(asked.model, asked.max_tokens)) }
      : asked
    if (input.dryRun) return yield* out.line(JSON.stringify(request, null, 2))
    const start = yield* Clock.currentTimeMillis
    const message = yield* Connection.connected(
      input.json ? whole(request) : streamed(request, Option.isSome(input.schema), input.thinking)
    )
    const elapsed = (yield* Clock.currentTimeMillis) - start
    yield* conclude(message, elapsed, input.quiet)
  })
).pipe(
  Command.withDescription(
    "Ask one question. The answer goes to standard output as it is written, everything else to standard error; the exit code is 7 when the answer is cut or refused"
  ),
  Command.withShortDescription("Ask one question"),
  Command.withExamples([
    { command: "effect-claude ask \"Why is the sky blue?\"", description: "Ask from the arguments" },
    { command: "git diff | effect-claude ask \"Review this change\"", description: "Add what comes on standard input" },
    { command: "effect-claude ask --image plot.png \"What is odd here?\"", description: "Show it an image" },
    {
      command: "effect-claude ask --schema invoice.json --pdf invoice.pdf \"Read it\"",
      description: "Get JSON that fits a schema"
    },
    { command: "effect-claude ask --dry-run hello", description: "See the request, and send nothing" }
  ])
)

// -----------------------------------------------------------------------------
// the answer
// -----------------------------------------------------------------------------

const whole = Effect.fnUntraced(function*(request: MessageRequest.MessageRequest) {
  const { out } = yield* Screen
  const message = yield* Messages.create(request)
  yield* out.line(JSON.stringify(message, null, 2))
  return message
})

const streamed = Effect.fnUntraced(function*(
  request: MessageRequest.MessageRequest,
  isJson: boolean,
  thinking: boolean
) {
  const shown = yield* Answer.make({ markdown: !isJson })
  return yield* Messages.stream(request).pipe(
    thinking ? MessageStream.tapThinking(shown.think) : identity,
    MessageStream.tapText(shown.say),
    MessageStream.final,
    // What was shown of a broken answer stays, and ends its line.
    Effect.onExit(() => shown.end)
  )
})

const conclude = Effect.fnUntraced(function*(message: Message.Message, elapsed: number, quiet: boolean) {
  const { err } = yield* Screen
  const note = Render.incomplete(message)
  if (note !== undefined) yield* err.warn(note)
  if (!quiet && err.isTerminal) {
    const cost = yield* Cost.ofMessageEffect(message)
    const facts = [
      message.model,
      Render.tokens(Usage.totals(message.usage)),
      Render.cost(Option.map(cost, Cost.total)),
      Render.duration(elapsed),
      message.stop_reason ?? "no stop reason"
    ]
    yield* err.note(facts.join(" · "))
  }
  if (note !== undefined) return yield* new Done({ exitCode: ExitCode.incomplete })
})
