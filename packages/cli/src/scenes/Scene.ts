/**
 * A scene of the demonstration: one thing the SDK does or one way the API can
 * fail, small enough for a screen, played against the scripted API.
 *
 * Scenes are real programs: what they print came over the wire.
 *
 * @since 0.1.0
 */
import * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import type { Claude } from "@effect-claude/http/Claude"
import type { Options } from "@effect-claude/http/ClaudeConfig"
import type { Script } from "@effect-claude/testing/Script"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layout from "../Layout.ts"
import * as Markdown from "../Markdown.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"
import * as TerminalText from "../TerminalText.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A scene.
 *
 * @category models
 * @since 0.1.0
 */
export interface Scene {
  /** The word it is asked for by. */
  readonly name: string
  readonly kind: "feature" | "scenario" | "error"
  readonly title: string
  /** What is to be seen. */
  readonly about: string
  /** What a program writes for it. */
  readonly code: string
  /** What the scripted API does; by default it answers as a small model. */
  readonly script?: Script | undefined
  /** Options of the SDK's layer. */
  readonly options?: Options | undefined
  readonly run: Effect.Effect<void, unknown, Claude | HttpClient | Screen>
}

// -----------------------------------------------------------------------------
// what scenes say
// -----------------------------------------------------------------------------

/**
 * The model that scenes ask.
 *
 * @category constants
 * @since 0.1.0
 */
export const model = "claude-sonnet-5-5"

/**
 * A request with one question.
 *
 * @category requests
 * @since 0.1.0
 */
export const question = (
  text: string,
  fields?: Partial<MessageRequest.MessageRequest>
): MessageRequest.MessageRequest => ({
  model,
  max_tokens: 1024,
  messages: [{ role: "user", content: text }],
  ...fields
})

/**
 * Prints a line, wrapped to the screen.
 *
 * @category output
 * @since 0.1.0
 */
export const say = Effect.fnUntraced(function*(text: string, indent = "  ") {
  const { out, width } = yield* Screen
  yield* out.line(Layout.paragraph(TerminalText.sanitize(text), yield* width, indent))
})

/**
 * Prints a fact: its name, and what it is.
 *
 * @category output
 * @since 0.1.0
 */
export const fact = Effect.fnUntraced(function*(name: string, value: string) {
  const { out, width } = yield* Screen
  const label = Layout.pad(name, Math.max(14, Layout.width(name) + 2))
  yield* out.line(Layout.paragraph(TerminalText.sanitize(value), yield* width, `  ${out.style.dim(label)}`))
})

/**
 * Prints text as it comes, wrapped to the screen.
 *
 * @category output
 * @since 0.1.0
 */
export const flow = <A, E, R>(
  use: (write: (text: string) => Effect.Effect<void>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Screen> =>
  Effect.gen(function*() {
    const { out, width } = yield* Screen
    const markdown = Markdown.make({ width: yield* width, style: out.style })
    return yield* use((text) => out.write(markdown.push(text))).pipe(
      Effect.ensuring(Effect.suspend(() => out.write(markdown.end())))
    )
  })

/**
 * Prints an answer: its text, why it ended, what it used.
 *
 * @category output
 * @since 0.1.0
 */
export const answer = Effect.fnUntraced(function*(message: Message.Message) {
  yield* fact("answer", Message.text(message) === "" ? "(no text)" : Message.text(message))
  yield* fact("stop_reason", message.stop_reason ?? "none")
  yield* fact("usage", Render.tokens(Usage.totals(message.usage)))
})
