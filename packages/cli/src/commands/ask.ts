/**
 * `ask`: one question, one answer: from the arguments or standard input to
 * standard output.
 *
 * Standard output holds the answer and nothing else, so it can be piped on. What
 * the answer cost, and why it is not complete, is said on standard error.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { attachment } from "../Attachment.ts"
import * as Connection from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Done, usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import * as Flags from "../Flags.ts"
import * as Markdown from "../Markdown.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"

const config = {
  prompt: Argument.String("prompt").pipe(
    Argument.withDescription("The question. What comes on standard input is added to it, or is it"),
    Argument.variadic()
  ),
  model: Flags.model,
  system: Flags.system,
  maxTokens: Flags.maxTokens,
  temperature: Flag.Finite("temperature").pipe(
    Flag.withAlias("t"),
    Flag.withDescription("How freely to answer, from 0 to 1; newer models refuse it"),
    Flag.optional
  ),
  image: Flag.String("image").pipe(
    Flag.withDescription("Show the model this image: a file or a URL. May be given again"),
    Flag.withMetavar("<file|url>"),
    Flag.atLeast(0)
  ),
  pdf: Flag.String("pdf").pipe(
    Flag.withDescription("Show the model this PDF: a file or a URL. May be given again"),
    Flag.withMetavar("<file|url>"),
    Flag.atLeast(0)
  ),
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

interface Input extends Command.Command.Config.Infer<typeof config> {}

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
    const request = yield* compose(input)
    if (input.dryRun) return yield* out.line(JSON.stringify(request, null, 2))
    const start = yield* Clock.currentTimeMillis
    const message = yield* Connection.connected(
      input.json ? whole(request) : streamed(request, Option.isSome(input.schema))
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
// the request
// -----------------------------------------------------------------------------

const compose = Effect.fnUntraced(function*(input: Input) {
  const attached = [
    ...(yield* Effect.forEach(input.image, (source) => attachment("image", source))),
    ...(yield* Effect.forEach(input.pdf, (source) => attachment("pdf", source)))
  ]
  const words = input.prompt.join(" ")
  const piped = yield* standardInput
  const prompt = [words, piped].filter((part) => part.trim() !== "").join("\n\n")
  if (prompt === "") {
    return yield* usage(
      "There is nothing to ask.",
      "Write the question after `ask`, or send it on standard input. `effect-claude chat` is for talking."
    )
  }
  const schema = Option.isSome(input.schema) ? yield* Files.json(input.schema.value) : undefined
  const request: MessageRequest.MessageRequest = {
    model: input.model,
    max_tokens: input.maxTokens,
    ...(Option.isSome(input.system) ? { system: input.system.value } : undefined),
    ...(Option.isSome(input.temperature) ? { temperature: input.temperature.value } : undefined),
    ...(schema === undefined ? undefined : { output_config: { format: { type: "json_schema", schema } } }),
    messages: [MessageRequest.user(attached.length === 0 ? prompt : [...attached, Content.text(prompt)])]
  }
  return request
})

/** What is piped in. A terminal has nothing to say before it is asked. */
const standardInput = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  if (yield* stdio.stdinIsTerminal) return ""
  return yield* Stream.mkString(Stream.decodeText(stdio.stdin))
})

// -----------------------------------------------------------------------------
// the answer
// -----------------------------------------------------------------------------

const whole = Effect.fnUntraced(function*(request: MessageRequest.MessageRequest) {
  const { out } = yield* Screen
  const message = yield* Messages.create(request)
  yield* out.line(JSON.stringify(message, null, 2))
  return message
})

const streamed = Effect.fnUntraced(function*(request: MessageRequest.MessageRequest, isJson: boolean) {
  const { out, width } = yield* Screen
  const markdown = out.isTerminal && !isJson
    ? Markdown.make({ width: yield* width, style: out.style })
    : undefined
  let shown = ""
  const message = yield* Messages.stream(request).pipe(
    MessageStream.tapText((text) => {
      shown = text
      return out.write(markdown === undefined ? text : markdown.push(text))
    }),
    MessageStream.final,
    // What was shown of a broken answer stays, and ends its line.
    Effect.onExit(() =>
      out.write(markdown === undefined ? (shown === "" || shown.endsWith("\n") ? "" : "\n") : markdown.end())
    )
  )
  return message
})

const conclude = Effect.fnUntraced(function*(message: Message.Message, elapsed: number, quiet: boolean) {
  const { err } = yield* Screen
  const note = Render.incomplete(message)
  if (note !== undefined) yield* err.line(`${err.style.yellow("! ")}${note}`)
  if (!quiet && err.isTerminal) {
    const cost = yield* Cost.ofMessageEffect(message)
    const facts = [
      message.model,
      Render.tokens(Usage.totals(message.usage)),
      Render.cost(Option.map(cost, Cost.total)),
      Render.duration(elapsed),
      message.stop_reason ?? "no stop reason"
    ]
    yield* err.line(err.style.dim(facts.join(" · ")))
  }
  if (note !== undefined) return yield* new Done({ exitCode: ExitCode.incomplete })
})
