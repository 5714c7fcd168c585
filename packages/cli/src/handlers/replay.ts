/**
 * `replay`: shows recorded traffic as it went: what was asked, the answer as it
 * was written, what it used, and what an SDK makes of it.
 *
 * Nothing is sent.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as JsonText from "@effect-claude/core/JsonText"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Usage from "@effect-claude/core/Usage"
import * as Wire from "@effect-claude/core/Wire"
import * as EventStream from "@effect-claude/http/EventStream"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as ExitCode from "../ExitCode.ts"
import { Done } from "../Failure.ts"
import * as Files from "../Files.ts"
import * as Layout from "../Layout.ts"
import * as Markdown from "../Markdown.ts"
import * as Recording from "../Recording.ts"
import * as Render from "../Render.ts"
import * as Report from "../Report.ts"
import { Screen } from "../Screen.ts"
import * as TerminalText from "../TerminalText.ts"

/**
 * What `replay` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly file: string
  readonly events: boolean
  readonly pace: Option.Option<number>
}

/**
 * Runs `replay`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const replay = Effect.fnUntraced(function*({ events, file, pace }: Input) {
  const { out } = yield* Screen
  const exchanges = yield* Effect.fromResult(Recording.read(yield* Files.text(file)))
  const delay = Option.getOrElse(pace, () => out.isTerminal && !events ? 15 : 0)
  let worst: ExitCode.ExitCode = ExitCode.ExitCode.ok
  for (const [index, exchange] of exchanges.entries()) {
    if (index > 0) yield* out.line()
    const code = yield* show(
      exchange,
      exchanges.length > 1 ? `${index + 1}/${exchanges.length}  ` : "",
      events,
      delay
    )
    worst = worst === ExitCode.ExitCode.ok ? code : worst
  }
  if (worst !== ExitCode.ExitCode.ok) return yield* new Done({ exitCode: worst })
})

// -----------------------------------------------------------------------------
// an exchange
// -----------------------------------------------------------------------------

const show = Effect.fnUntraced(function*(exchange: Recording.Exchange, number: string, events: boolean, delay: number) {
  const { out, width } = yield* Screen
  const columns = yield* width
  const { style } = out
  yield* out.line(`${style.dim(number)}${style.bold(exchange.endpoint ?? "a response")}`)
  const asked = describe(exchange.request)
  if (asked !== "") yield* out.line(Layout.paragraph(style.dim(TerminalText.sanitize(asked)), columns, "  "))
  const words = lastWords(exchange.request)
  if (words !== "") {
    yield* out.line(
      Layout.paragraph(Layout.truncate(TerminalText.sanitize(words), 400), columns, style.bold(style.cyan("› ")))
    )
  }
  const type = exchange.headers["content-type"] ?? ""
  const color = exchange.status < 300 ? style.green : style.red
  const id = exchange.headers["request-id"]
  yield* out.line(
    `${color(`← ${exchange.status}`)} ${
      style.dim([type.split(";")[0], id].filter((part) => part !== undefined).join(" · "))
    }`
  )
  if (exchange.status >= 300) return yield* failed(exchange)
  return yield* type.startsWith("text/event-stream") ? streamed(exchange, events, delay) : whole(exchange)
})

const describe = (request: unknown): string => {
  if (!Predicate.isObject(request)) return ""
  const text = (name: string) => {
    const value = Predicate.hasProperty(request, name) ? request[name] : undefined
    return value === undefined || value === null || Predicate.isObject(value) ? undefined : String(value)
  }
  const count = (name: string) => {
    const value = Predicate.hasProperty(request, name) ? request[name] : undefined
    return Array.isArray(value) ? value.length : 0
  }
  return [
    text("model"),
    ...(text("max_tokens") === undefined ? [] : [`max_tokens ${text("max_tokens")}`]),
    ...(count("messages") === 0 ? [] : [`${count("messages")} ${count("messages") === 1 ? "turn" : "turns"}`]),
    ...(count("tools") === 0 ? [] : [`${count("tools")} ${count("tools") === 1 ? "tool" : "tools"}`]),
    ...(text("stream") === "true" ? ["stream"] : [])
  ].filter((part) => part !== undefined).join(" · ")
}

const isRequest = Wire.is(MessageRequest.MessageRequest)

/** What the last turn says in words. */
const lastWords = (request: unknown): string => {
  if (!isRequest(request)) return ""
  return MessageRequest.blocks(request.messages.at(-1)?.content)
    .map((block) => block.type === "text" && "text" in block ? String(block.text) : `[${block.type}]`)
    .join(" ")
}

// -----------------------------------------------------------------------------
// answers
// -----------------------------------------------------------------------------

const streamed = Effect.fnUntraced(function*({ body }: Recording.Exchange, events: boolean, delay: number) {
  const { err, out, width } = yield* Screen
  const columns = yield* width
  const markdown = Markdown.make({ width: columns, style: out.style })
  const decoded = Stream.make(new TextEncoder().encode(body)).pipe(
    EventStream.decode(),
    Stream.rechunk(1),
    Stream.tap(() => delay > 0 ? Effect.sleep(delay) : Effect.void),
    Stream.tap((event) => events ? out.line(oneLine(event, columns, out.style.cyan)) : Effect.void)
  )
  const result = yield* decoded.pipe(
    events ? (self) => self : MessageStream.tapText((text) => out.write(markdown.push(text))),
    MessageStream.final,
    Effect.ensuring(Effect.suspend(() => out.write(markdown.end()))),
    Effect.result
  )
  if (result._tag === "Success") return yield* conclude(result.success, events)
  const told = Report.ofClaudeError(result.failure)
  yield* err.line(Report.show(told, columns, err.style))
  return told.exitCode
})

const oneLine = (event: StreamEvent, width: number, paint: (text: string) => string): string => {
  const { type, ...rest } = event
  const details = TerminalText.sanitize(JSON.stringify(rest)).replace(/^\{|\}$/g, "")
  return `${paint(Layout.pad(type, 21))} ${Layout.truncate(details, Math.max(20, width - 22))}`
}

const isMessage = Wire.is(Message.Message)

const whole = Effect.fnUntraced(function*({ body }: Recording.Exchange) {
  const { out, width } = yield* Screen
  const value = Result.getOrUndefined(JsonText.parse(body))
  if (!isMessage(value)) {
    const shown = value === undefined ? body : JSON.stringify(value, null, 2)
    yield* out.line(TerminalText.sanitize(shown.length > 2000 ? `${shown.slice(0, 2000)}\n…` : shown))
    return ExitCode.ExitCode.ok
  }
  yield* out.write(Markdown.render(Message.text(value), { width: yield* width, style: out.style }))
  return yield* conclude(value, false)
})

const conclude = Effect.fnUntraced(function*(message: Message.Message, isQuiet: boolean) {
  const { out } = yield* Screen
  const others = message.content.filter(({ type }) => type !== "text").map((block) =>
    block.type === "tool_use" ? `${block.name}(${JSON.stringify(block.input)})` : block.type
  )
  if (!isQuiet && others.length > 0) {
    yield* out.line(out.style.magenta(TerminalText.sanitize(`[${others.join("] [")}]`)))
  }
  const cost = yield* Cost.ofMessageEffect(message)
  const facts = [
    message.model,
    message.stop_reason ?? "no stop reason",
    Render.tokens(Usage.totals(message.usage)),
    Render.cost(Option.map(cost, Cost.total))
  ]
  yield* out.note(facts.join(" · "))
  const note = Render.incomplete(message)
  if (note !== undefined && message.stop_reason !== "tool_use") {
    yield* out.warn(note)
    return ExitCode.ExitCode.incomplete
  }
  return ExitCode.ExitCode.ok
})

const failed = Effect.fnUntraced(function*({ body, headers, status }: Recording.Exchange) {
  const { err, width } = yield* Screen
  const now = yield* Clock.currentTimeMillis
  const told = Report.ofClaudeError(ErrorResponse.toError({ status, headers, text: body, now }))
  yield* err.line(Report.show(told, yield* width, err.style))
  return told.exitCode
})
