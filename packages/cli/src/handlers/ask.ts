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
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Answer from "../Answer.ts"
import * as Connected from "../Connected.ts"
import { ExitCode } from "../ExitCode.ts"
import { Done } from "../Failure.ts"
import * as Question from "../Question.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"
import * as Thinking from "../Thinking.ts"

/**
 * What `ask` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly prompt: ReadonlyArray<string>
  readonly model: string
  readonly system: Option.Option<string>
  readonly image: ReadonlyArray<string>
  readonly pdf: ReadonlyArray<string>
  readonly maxTokens: number
  readonly temperature: Option.Option<number>
  readonly thinking: boolean
  readonly schema: Option.Option<string>
  readonly json: boolean
  readonly dryRun: boolean
  readonly quiet: boolean
}

/**
 * Runs `ask`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const ask = Effect.fnUntraced(function*(input: Input) {
  const { out } = yield* Screen
  const asked = yield* Question.compose(input)
  const request = input.thinking
    ? { ...asked, ...(yield* Thinking.fields(asked.model, asked.max_tokens)) }
    : asked
  if (input.dryRun) return yield* out.line(JSON.stringify(request, null, 2))
  const start = yield* Clock.currentTimeMillis
  const message = yield* Connected.connected(
    input.json ? whole(request) : streamed(request, Option.isSome(input.schema), input.thinking)
  )
  const elapsed = (yield* Clock.currentTimeMillis) - start
  yield* conclude(message, elapsed, input.quiet)
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
