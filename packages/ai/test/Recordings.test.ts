import * as ClaudePrompt from "@effect-claude/ai/ClaudePrompt"
import * as ClaudeResponse from "@effect-claude/ai/ClaudeResponse"
import type { Message } from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Result, Schema, Stream } from "effect"
import { LanguageModel, Prompt, Response, type Toolkit } from "effect/ai"
import * as Recordings from "./recordings.ts"
import { collect, layer, plain } from "./support.ts"

const decodeParts = Schema.decodeUnknownEffect(Schema.Array(Response.AllParts()))

/** The blocks of a prompt that is one turn of the assistant's. */
const assistantBlocks = (parts: ReadonlyArray<Response.AnyPart>): ReadonlyArray<unknown> => {
  const { messages } = Result.getOrThrow(ClaudePrompt.fromPrompt(Prompt.fromResponseParts(parts)))
  const content = messages[0]?.content ?? []
  return typeof content === "string" ? [{ type: "text", text: content }] : content
}

/** What is sent back of an answer: all but blank text. */
const replayed = (content: ReadonlyArray<{ readonly [field: string]: unknown }>): ReadonlyArray<unknown> => {
  const blocks = content.filter(({ text, type }) => type !== "text" || (typeof text === "string" && text.trim() !== ""))
  return blocks.map((block, index) => {
    const isLast = index === blocks.length - 1
    return isLast && typeof block["text"] === "string" ? { ...block, text: block["text"].trimEnd() } : block
  })
}

const foldOf = (text: string): Message => {
  const events = text.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) =>
    JSON.parse(line.slice(5)) as StreamEvent
  )
  return Option.getOrThrow(MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events)))
}

const streams = Recordings.messages.filter(({ kind, response }) =>
  kind === "sse" && response.text?.includes("message_stop") === true
)
const turns = Recordings.messages.flatMap((recording) =>
  Recordings.answers(recording).map((content, index) => ({ recording, content, name: `${recording.file}#${index}` }))
)

describe.skipIf(!Recordings.present)("recorded traffic", () => {
  it.effect.each(turns)(
    "comes back as it was from parts and prompts: $name",
    ({ content, recording }) =>
      Effect.gen(function*() {
        const message = {
          id: "msg_1",
          type: "message",
          role: "assistant",
          model: "claude",
          content,
          usage: { input_tokens: 0, output_tokens: 0 }
        } as unknown as Message

        for (const tools of [Object.values(Recordings.toolkitOf(recording).tools), []]) {
          const parts = yield* decodeParts(ClaudeResponse.fromMessage(message, { tools }))
          assert.deepStrictEqual(assistantBlocks(parts), replayed(content))
        }
      })
  )

  it.effect.each(streams)("streams whole at every chunking: $file", (recording) =>
    Effect.gen(function*() {
      const text = recording.response.text ?? ""
      const whole = foldOf(text)
      const toolkit = Recordings.toolkitOf(recording)
      const read = (chunking: Script.Chunking) =>
        collect(LanguageModel.streamText({
          prompt: "Hello",
          toolkit: { tools: toolkit.tools, handle: () => Effect.die("no handler runs") } as Toolkit.WithHandler<{}>,
          disableToolCallResolution: true
        })).pipe(Effect.provide(layer(
          Script.garbage({ status: 200, contentType: "text/event-stream; charset=utf-8", body: text }).pipe(
            Script.chunked(chunking)
          ),
          {},
          { check: false }
        )))

      let first: ReadonlyArray<unknown> | undefined
      // Byte by byte is slow: a long stream is cut at random instead.
      const fine: Script.Chunking = text.length < 20_000 ? "perByte" : { seed: text.length }
      for (const chunking of ["whole", "perEvent", fine] as const) {
        const { exit, parts } = yield* read(chunking)
        assert.isTrue(Exit.isSuccess(exit), String(exit))
        const shown = parts.map(plain).map(({ timestamp: _, ...part }) => part)
        first ??= shown
        assert.deepStrictEqual(shown, first)
        assert.deepStrictEqual(
          assistantBlocks(parts),
          replayed(whole.content),
          "no block is lost, doubled or changed"
        )
        const finish = parts.filter((part) => part.type === "finish")
        assert.strictEqual(finish.length, 1)
        assert.strictEqual(finish[0]?.metadata.claude?.stop_reason, whole.stop_reason ?? null)
        assert.strictEqual(finish[0]?.usage.outputTokens.total, whole.usage.output_tokens)
      }
    }))

  it.effect.each(streams)("streams the parts a whole answer has: $file", (recording) =>
    Effect.gen(function*() {
      const text = recording.response.text ?? ""
      const tools = Object.values(Recordings.toolkitOf(recording).tools)
      const events = text.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) =>
        JSON.parse(line.slice(5)) as StreamEvent
      )
      const streamed = yield* Stream.fromIterable(events).pipe(
        ClaudeResponse.fromEvents({ tools }),
        Stream.runCollect,
        Effect.flatMap(decodeParts)
      )
      const whole = yield* decodeParts(ClaudeResponse.fromMessage(foldOf(text), { tools }))

      assert.deepStrictEqual(
        Prompt.fromResponseParts(streamed).content.map((message) => message.content),
        Prompt.fromResponseParts(whole).content.map((message) => message.content)
      )
    }))
})
