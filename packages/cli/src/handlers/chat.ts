/**
 * `chat`: a conversation in the terminal.
 *
 * Ctrl-C stops the answer and keeps the conversation valid; once more leaves.
 * What fails is said, and the conversation goes on as it was before.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as History from "@effect-claude/session/History"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Answer from "../Answer.ts"
import * as Connected from "../Connected.ts"
import * as Conversation from "../Conversation.ts"
import { ExitCode } from "../ExitCode.ts"
import { Done } from "../Failure.ts"
import * as Files from "../Files.ts"
import * as Flags from "../Flags.ts"
import { type Input as Typed, LineReader, type Lines } from "../LineReader.ts"
import * as Render from "../Render.ts"
import * as Report from "../Report.ts"
import { Screen } from "../Screen.ts"
import * as Slash from "../Slash.ts"

/**
 * What `chat` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly model: Option.Option<string>
  readonly system: Option.Option<string>
  readonly maxTokens: number
  readonly thinking: boolean
  readonly load: Option.Option<string>
}

/**
 * Runs `chat`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const chat = (input: Input) =>
  Connected.connected(Effect.scoped(Effect.gen(function*() {
    const reader = yield* LineReader
    const loaded = Option.isNone(input.load)
      ? undefined
      : yield* Effect.fromResult(Conversation.decode(yield* Files.json(input.load.value)))
    const settings: Conversation.Settings = {
      model: Option.getOrUndefined(input.model) ?? loaded?.model ?? (yield* Flags.usualModel),
      system: Option.getOrElse(input.system, () => loaded?.system),
      maxTokens: input.maxTokens,
      thinking: input.thinking || loaded?.thinking === true
    }
    const conversation = yield* Conversation.make(settings, loaded?.history)
    const lines = yield* reader.open({ complete: Slash.complete })
    yield* greet(conversation, lines)
    const failed = yield* Ref.make<ExitCode>(ExitCode.ok)
    yield* goodbye(yield* talk(conversation, lines, failed), lines)
    // A person has seen what failed; a script is told.
    const exitCode = yield* Ref.get(failed)
    if (!lines.isTerminal && exitCode !== ExitCode.ok) return yield* new Done({ exitCode })
  })))

// -----------------------------------------------------------------------------
// the loop
// -----------------------------------------------------------------------------

const talk = Effect.fnUntraced(function*(initial: Conversation.Conversation, lines: Lines, failed: Ref.Ref<ExitCode>) {
  const { err, out } = yield* Screen
  const prompt = out.style.bold(out.style.cyan("› "))
  let conversation = initial
  // Whether the latest thing that was pressed was Ctrl-C: another one leaves.
  let leaving = false
  while (true) {
    const input = yield* read(lines, prompt, out.style.dim("… "))
    switch (input._tag) {
      case "End":
        return conversation
      case "Interrupt":
        if (leaving && !input.cleared) return conversation
        if (!input.cleared) {
          leaving = true
          yield* err.note("Ctrl-C again, or /quit, leaves.")
        }
        continue
      case "Line": {
        leaving = false
        if (input.text.trim() === "") continue
        if (Slash.is(input.text)) {
          const next = yield* command(conversation, input.text, failed)
          if (Option.isNone(next)) return conversation
          conversation = next.value
          if (lines.isTerminal) yield* out.line()
          continue
        }
        leaving = yield* turn(conversation, input.text, lines, failed)
      }
    }
  }
})

/** Runs a command. Several that were pasted at once are run one after the other. */
const command = Effect.fnUntraced(function*(
  initial: Conversation.Conversation,
  text: string,
  failed: Ref.Ref<ExitCode>
) {
  let conversation = initial
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const next = yield* Effect.result(Slash.run(conversation, line))
    if (next._tag === "Failure") {
      yield* complain(next.failure, failed)
      break
    }
    if (Option.isNone(next.success)) return next.success
    conversation = next.success.value
  }
  return Option.some(conversation)
})

/** A line; one that ends in a backslash goes on in the next. */
const read = Effect.fnUntraced(function*(lines: Lines, prompt: string, more: string): Effect.fn.Return<Typed> {
  let text = ""
  while (true) {
    const input = yield* lines.next(text === "" ? prompt : more)
    if (input._tag !== "Line") return text === "" || input._tag === "End" ? input : { _tag: "Interrupt", cleared: true }
    if (!input.text.endsWith("\\")) return { _tag: "Line", text: text + input.text }
    text += `${input.text.slice(0, -1)}\n`
  }
})

// -----------------------------------------------------------------------------
// a turn
// -----------------------------------------------------------------------------

/** Takes a turn, and returns whether Ctrl-C stopped it. */
const turn = Effect.fnUntraced(function*(
  conversation: Conversation.Conversation,
  text: string,
  lines: Lines,
  failed: Ref.Ref<ExitCode>
) {
  const { err, out } = yield* Screen
  const before = yield* conversation.session.history
  const stopped = yield* Effect.raceFirst(
    Effect.as(answer(conversation, text, failed), false),
    Effect.as(lines.interrupt, true)
  ).pipe(Effect.catch((error) => Effect.as(complain(error, failed), false)))
  if (stopped) {
    const after = yield* conversation.session.history
    yield* err.note(
      after.size > before.size
        ? "Stopped. What was said so far is kept; /undo takes it back."
        : "Stopped before anything was said. Your words are not kept; ↑ brings them back."
    )
  }
  if (lines.isTerminal) yield* out.line()
  return stopped
})

const answer = Effect.fnUntraced(function*(
  conversation: Conversation.Conversation,
  text: string,
  failed: Ref.Ref<ExitCode>
) {
  const { err } = yield* Screen
  const start = yield* Clock.currentTimeMillis
  const shown = yield* Answer.make()
  const message = yield* conversation.session.stream(text).pipe(
    conversation.settings.thinking ? MessageStream.tapThinking(shown.think) : identity,
    MessageStream.tapText(shown.say),
    MessageStream.final,
    Effect.onExit(() => shown.end)
  )
  const elapsed = (yield* Clock.currentTimeMillis) - start
  const note = Render.incomplete(message) ?? ((yield* shown.hasText) ? undefined : "The answer has no text.")
  if (note !== undefined) {
    yield* err.warn(note)
    yield* fail(failed, ExitCode.incomplete)
  }
  if (err.isTerminal) {
    const cost = yield* Cost.ofMessageEffect(message)
    const facts = [
      Render.tokens(Usage.totals(message.usage)),
      Render.cost(Option.map(cost, Cost.total)),
      Render.duration(elapsed)
    ]
    yield* err.note(facts.join(" · "))
  }
  yield* warnOfWindow(conversation)
})

/** Says so once the window is nearly full. */
const warnOfWindow = Effect.fnUntraced(function*(conversation: Conversation.Conversation) {
  const { err } = yield* Screen
  const catalog = yield* ModelCatalog.Current
  const { used } = yield* Conversation.context(conversation)
  const warning = TokenEstimate.warnAt(conversation.settings.model, used, { catalog })
  if (Option.isNone(warning)) return
  const { contextWindow, share, tokens } = warning.value
  const words = `The conversation takes ${Render.count(tokens)} of the model's ${Render.count(contextWindow)} tokens (${
    Math.floor(100 * share)
  } %). Soon nothing fits any more: /undo, or ask for a summary and begin anew with /clear.`
  yield* err.warn(words)
})

const complain = Effect.fnUntraced(function*(error: unknown, failed: Ref.Ref<ExitCode>) {
  const { err, width } = yield* Screen
  const told = Report.of(error)
  if (told === undefined) return
  yield* err.line(Report.show(told, yield* width, err.style))
  yield* fail(failed, told.exitCode)
})

/** The first failure is the one the others may come from. */
const fail = (failed: Ref.Ref<ExitCode>, code: ExitCode): Effect.Effect<void> =>
  Ref.update(failed, (before) => before === ExitCode.ok ? code : before)

// -----------------------------------------------------------------------------
// beginning and end
// -----------------------------------------------------------------------------

const greet = Effect.fnUntraced(function*({ session, settings }: Conversation.Conversation, lines: Lines) {
  const { out } = yield* Screen
  if (!lines.isTerminal) return
  const history = yield* session.history
  yield* out.line(`${out.style.bold("effect-claude")} ${out.style.dim("·")} ${settings.model}`)
  const hints = ["/help lists commands", "Ctrl-C stops an answer, twice leaves", "a \\ at the end goes on"]
  if (history.size > 0) hints.push(`${Slash.turns(history)} so far`)
  yield* out.note(hints.join(" · "))
  yield* out.line()
  const last = History.lastReply(history)
  if (Option.isSome(last)) yield* Slash.showHistory(history)
})

const goodbye = Effect.fnUntraced(function*(conversation: Conversation.Conversation, lines: Lines) {
  const { err } = yield* Screen
  if (!lines.isTerminal) return
  const { cost, tokens } = yield* Conversation.spent(conversation)
  const history = yield* conversation.session.history
  const summary = [Slash.turns(history), Render.tokens(tokens), Render.cost(Option.map(cost, Cost.total))]
  yield* err.note(summary.join(" · "))
})
