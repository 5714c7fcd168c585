import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as EventStream from "@effect-claude/http/EventStream"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { layer, question } from "./support.ts"

// -----------------------------------------------------------------------------
// streams in any order
// -----------------------------------------------------------------------------

type Kind = "text" | "thinking" | "tool_use"

const Step = Schema.Struct({
  what: Schema.Literals(["start", "add", "add", "add", "add", "stop", "sign", "cite", "ping"]),
  index: Schema.Literals([0, 1, 2, 40]),
  kind: Schema.Literals(["text", "thinking", "tool_use"]),
  /** Whether a delta has the kind of its block, where it has one. */
  fits: Schema.Literals([true, true, true, true, true, true, true, false]),
  piece: Schema.Literals(["", "a", "{\"a\":", "1}", "\"\\n é", "x".repeat(1100)])
})

type Step = typeof Step.Type

const usage = { input_tokens: 1, output_tokens: 1 }
const shell = { id: "m", type: "message", role: "assistant", model: "m", content: [], usage } as const

const blockOf = (kind: Kind, piece: string) =>
  kind === "text"
    ? { type: kind, text: piece } as const
    : kind === "thinking"
    ? { type: kind, thinking: piece, signature: "" } as const
    : { type: kind, id: "t", name: "f", input: {} } as const

const deltaOf = (kind: Kind, piece: string) =>
  kind === "text"
    ? { type: "text_delta", text: piece } as const
    : kind === "thinking"
    ? { type: "thinking_delta", thinking: piece } as const
    : { type: "input_json_delta", partial_json: piece } as const

const citation = {
  type: "char_location",
  cited_text: "x",
  document_index: 0,
  start_char_index: 0,
  end_char_index: 1
} as const

/** Writes steps as events. Nearly every event has a place in the message. */
const eventsOf = (steps: ReadonlyArray<Step>): ReadonlyArray<StreamEvent> => {
  const kinds = new Map<number, Kind>()
  const body = steps.map((step): StreamEvent => {
    const { fits, index, piece } = step
    const kind = fits ? kinds.get(index) ?? step.kind : step.kind
    switch (step.what) {
      case "start":
        kinds.set(index, step.kind)
        return { type: "content_block_start", index, content_block: blockOf(step.kind, piece) }
      case "add":
        return { type: "content_block_delta", index, delta: deltaOf(kind, piece) }
      case "sign":
        return { type: "content_block_delta", index, delta: { type: "signature_delta", signature: piece } }
      case "cite":
        return { type: "content_block_delta", index, delta: { type: "citations_delta", citation } }
      case "stop":
        return { type: "content_block_stop", index }
      case "ping":
        return { type: "ping" }
    }
  })
  return [
    { type: "message_start", message: shell },
    ...body,
    { type: "message_delta", delta: { stop_reason: "end_turn" } },
    { type: "message_stop" }
  ]
}

// -----------------------------------------------------------------------------
// what was handed out
// -----------------------------------------------------------------------------

interface Handed {
  readonly kind: string
  open: boolean
  text: string
  signature: string
  citations: number
}

/** Adds up what events hand out, by index. Returns the position of the first that has no place. */
const handedOut = (events: ReadonlyArray<StreamEvent>) => {
  const blocks = new Map<number, Handed>()
  const lost = events.findIndex((event) => {
    if (event.type === "content_block_stop") {
      const block = blocks.get(event.index)
      if (block !== undefined) block.open = false
      return false
    }
    if (event.type === "content_block_start") {
      if (blocks.has(event.index)) return true
      const block = event.content_block
      const text = block.type === "text" ? block.text : block.type === "thinking" ? block.thinking : ""
      blocks.set(event.index, { kind: block.type, open: true, text, signature: "", citations: 0 })
      return false
    }
    if (event.type !== "content_block_delta") return false
    const { delta, index } = event
    const block = blocks.get(index)
    const isOf = (kind: Kind) => block?.open === true && block.kind === kind
    const add = (kind: Kind, piece: string): boolean => {
      if (isOf(kind)) block!.text += piece
      return !isOf(kind) && piece !== ""
    }
    switch (delta.type) {
      case "text_delta":
        return add("text", delta.text)
      case "thinking_delta":
        return add("thinking", delta.thinking)
      case "input_json_delta":
        return add("tool_use", delta.partial_json)
      case "signature_delta":
        if (isOf("thinking")) block!.signature = delta.signature
        return !isOf("thinking")
      case "citations_delta":
        if (isOf("text")) block!.citations++
        return !isOf("text")
      default:
        return false
    }
  })
  return { blocks: [...blocks].toSorted(([a], [b]) => a - b).map(([, block]) => block), lost }
}

/** What a message holds, in the same terms. The text of an input that was read is compared as JSON. */
const assertHolds = (
  content: ReadonlyArray<MessageAccumulator.Block["block"]> | undefined,
  blocks: ReadonlyArray<Handed>
) => {
  assert.strictEqual(content?.length ?? 0, blocks.length)
  for (const [at, { citations, kind, signature, text }] of blocks.entries()) {
    const block = content![at]!
    assert.strictEqual(block.type, kind)
    if (block.type === "text") {
      assert.strictEqual(block.text, text)
      assert.strictEqual(block.citations?.length ?? 0, citations)
    } else if (block.type === "thinking") {
      assert.deepStrictEqual([block.thinking, block.signature], [text, signature])
    } else if (block.type === "tool_use") {
      const whole = Result.getOrUndefined(Result.try(() => JSON.parse(text)))
      const isWhole = typeof whole === "object" || text === ""
      const raw = JSON.stringify(block.input) === JSON.stringify({ INVALID_JSON: text })
      assert.isTrue(raw || (isWhole && JSON.stringify(block.input) === JSON.stringify(whole ?? {})))
    }
  }
}

const steps = Schema.Array(Step)
const opened: ReadonlyArray<Step> = ([[0, "text"], [1, "tool_use"], [2, "thinking"]] as const).map(([index, kind]) => ({
  what: "start",
  index,
  kind,
  fits: true,
  piece: ""
}))

describe("everything handed out is in the final message, or the stream fails", () => {
  it.effect.prop(
    "in the fold, one event or many at a time",
    { steps, isOpened: Schema.Boolean },
    ({ isOpened, steps }) =>
      Effect.sync(() => {
        const events = eventsOf(isOpened ? [...opened, ...steps] : steps)
        const { blocks, lost } = handedOut(events)
        const state = MessageAccumulator.stepAll(MessageAccumulator.initial, events)
        const stepped = events.reduce<MessageAccumulator.MessageAccumulator>(
          (self, event) => MessageAccumulator.step(self, event),
          MessageAccumulator.initial
        )

        assert.deepStrictEqual(stepped.problem, state.problem)
        assert.deepStrictEqual(MessageAccumulator.snapshot(stepped), MessageAccumulator.snapshot(state))
        assert.strictEqual(state.problem !== undefined, lost !== -1)
        assert.strictEqual(state.done, lost === -1)
        assertHolds(Option.getOrThrow(MessageAccumulator.snapshot(state)).content, blocks)
      }),
    { arbitrary: { runs: 1000 } }
  )

  it.effect.prop(
    "in decoded bytes, however they are cut and written",
    { steps, size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 500 })), isRead: Schema.Boolean },
    ({ isRead, size, steps }) =>
      Effect.gen(function*() {
        const events = eventsOf([...opened, ...steps])
        const { blocks, lost } = handedOut(events)
        // A comment leaves the frame to the parsers.
        const text = events.map((event) =>
          `${isRead ? ":\n" : ""}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
        )
        const bytes = new TextEncoder().encode(text.join(""))
        const chunks = Array.from(
          { length: Math.ceil(bytes.length / size) },
          (_, at) => bytes.subarray(at * size, (at + 1) * size)
        )
        const handed: Array<StreamEvent> = []
        const exit = yield* Stream.fromIterable(chunks).pipe(
          EventStream.decode(),
          Stream.runForEachArray((some) => Effect.sync(() => handed.push(...some))),
          Effect.result
        )

        assert.deepStrictEqual(handed, lost === -1 ? events : events.slice(0, lost))
        assert.strictEqual(Result.isFailure(exit), lost !== -1)
        if (Result.isFailure(exit)) assertHolds(exit.failure.partial?.content, blocks)
      }),
    { arbitrary: { runs: 300 } }
  )

  it.effect.prop(
    "in a call, streamed or folded, at every chunking",
    {
      steps,
      chunking: Schema.Literals(["perEvent", "perByte", "whole"]),
      seed: Schema.Natural,
      isSeeded: Schema.Boolean
    },
    ({ chunking, isSeeded, seed, steps }) =>
      Effect.gen(function*() {
        const events = eventsOf([...opened, ...steps])
        const { blocks, lost } = handedOut(events)
        const handed: Array<StreamEvent> = []
        const script = Script.chunked(
          Script.sequence(Script.events(events), Script.events(events)),
          isSeeded ? { seed } : chunking
        )
        const [streamed, created] = yield* Effect.all([
          Messages.stream(question).pipe(
            Stream.runForEachArray((some) => Effect.sync(() => handed.push(...some))),
            Effect.result
          ),
          Effect.result(Messages.create(question, { wire: "stream" }))
        ]).pipe(Effect.provide(layer(script, { retry: RetryPolicy.never })))

        assert.strictEqual(Result.isFailure(streamed), lost !== -1)
        assert.strictEqual(Result.isFailure(created), lost !== -1)
        assertHolds(Result.isFailure(created) ? created.failure.partial?.content : created.success.content, blocks)
        if (Result.isFailure(streamed)) assertHolds(streamed.failure.partial?.content, blocks)
        else assert.deepStrictEqual(handed, events)
      }),
    { arbitrary: { runs: 60 } }
  )
})
