// How do I use Claude from a program written against Effect's own AI modules?
import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schema, Stream } from "effect"
import { AiError, Chat, LanguageModel } from "effect/ai"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const City = Schema.Struct({ name: Schema.String, country: Schema.String })

const program = Effect.gen(function*() {
  // A whole answer, with what it used.
  const { text, usage } = yield* LanguageModel.generateText({ prompt: "Say hello in one sentence." })
  yield* Console.log(`${text}\n(${usage.inputTokens.total} tokens in, ${usage.outputTokens.total} out)`)

  // An answer of a known shape: Claude is held to the schema, and the value is decoded with it.
  const { value } = yield* LanguageModel.generateObject({ prompt: "Where is the Eiffel Tower?", schema: City })
  yield* Console.log(`\n${value.name}, ${value.country}`)

  // A conversation, as it is written. `Chat` keeps the history, thinking and signatures included.
  const chat = yield* Chat.fromPrompt([{ role: "system", content: "You are brief." }])
  for (const prompt of ["My favourite colour is green.", "What is my favourite colour?"]) {
    yield* Console.log(`\n> ${prompt}`)
    yield* chat.streamText({ prompt }).pipe(
      // What only Claude knows is asked for by its name on the wire, for one effect or stream.
      ClaudeLanguageModel.withConfigOverride({ thinking: { type: "adaptive" } }),
      Stream.runForEach((part) =>
        part.type === "text-delta" ? Effect.sync(() => process.stdout.write(part.delta)) : Effect.void
      )
    )
    yield* Console.log("")
  }
}).pipe(
  // Failures are effect/ai's own. A stream that breaks off is one of them; it never just ends.
  Effect.catchIf(AiError.isAiError, (error) => Console.error(`${error.message}\nretry: ${error.isRetryable}`))
)

// `LanguageModel` is some model; this layer makes it Claude, and nothing above knows.
const ModelLive = ClaudeLanguageModel.layer({ model: "claude-sonnet-5-5", max_tokens: 2048 })

// Offline, the structured answer is canned, and a small built-in model says the rest.
const script = Script.sequence(
  Script.reply("Hello, and welcome!"),
  Script.reply(`{"name":"Paris","country":"France"}`),
  Script.model()
)

program.pipe(Effect.provide(ModelLive.pipe(Layer.provide(ClaudeLive.layer(script)))), NodeRuntime.runMain)
