import * as Message from "@effect-claude/core/Message"
import * as PartialJson from "@effect-claude/core/PartialJson"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { errorOf } from "./fixtures.ts"
import { layer, question } from "./support.ts"

const answer = Messages.stream(question)

const perEvent = (script: Script.Script) => script.pipe((self) => Script.chunked(self, "perEvent"))

describe("MessageStream", () => {
  describe("text", () => {
    it.effect("keeps the text, piece by piece", () =>
      Effect.gen(function*() {
        const pieces = yield* Stream.runCollect(MessageStream.text(answer))

        assert.isAbove(pieces.length, 1)
        assert.isFalse(pieces.includes(""))
        assert.strictEqual(pieces.join(""), "Hello there, how are you?")
      }).pipe(Effect.provide(layer(perEvent(Script.reply({ text: "Hello there, how are you?", thinking: "Hm." }))))))

    it.effect("includes the text a block starts with", () =>
      Effect.gen(function*() {
        const events: ReadonlyArray<StreamEvent> = [
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "Hel" } },
          { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "lo" } }
        ]

        assert.deepStrictEqual(yield* Stream.runCollect(MessageStream.text(Stream.fromArray(events))), ["Hel", "lo"])
      }))
  })

  describe("thinking", () => {
    it.effect("keeps the thinking, piece by piece", () =>
      Effect.gen(function*() {
        const pieces = yield* Stream.runCollect(MessageStream.thinking(answer))

        assert.strictEqual(pieces.join(""), "Let me think about it.")
      }).pipe(Effect.provide(layer(perEvent(Script.thinking("Let me think about it.", "Hello"))))))
  })

  describe("toolInputs", () => {
    it.effect("shows the input as it is written, and when it is complete", () =>
      Effect.gen(function*() {
        const steps = yield* Stream.runCollect(MessageStream.toolInputs(answer))
        const last = steps.at(-1)

        assert.deepStrictEqual(last?.value, { city: "Paris", days: [1, 2, 3] })
        assert.deepStrictEqual(steps.map(({ done }) => done), steps.map((_, i) => i === steps.length - 1))
        assert.strictEqual(steps.map(({ delta }) => delta).join(""), last?.json)
        assert.strictEqual(last?.name, "weather")
        assert.strictEqual(last?.id, "toolu_1")
        assert.isTrue(steps.some(({ done, value }) => !done && JSON.stringify(value)?.includes("Par")))
      }).pipe(Effect.provide(layer(
        perEvent(
          Script.toolCall("weather", { city: "Paris", days: [1, 2, 3] }, { toolUseId: "toolu_1", text: "Let me look." })
        )
      ))))

    it.effect("follows one call after the other, and begins anew on each run", () =>
      Effect.gen(function*() {
        const inputs = MessageStream.toolInputs(answer).pipe(
          Stream.filter(({ done }) => done),
          Stream.map(({ id, index, value }) => [index, id, value]),
          Stream.runCollect
        )
        const expected = [[0, "a", { x: 1 }], [1, "b", {}]]

        assert.deepStrictEqual(yield* inputs, expected)
        assert.deepStrictEqual(yield* inputs, expected)
      }).pipe(Effect.provide(layer(Script.forever(
        Script.toolCalls([{ name: "f", id: "a", input: { x: 1 } }, { name: "g", id: "b" }])
      )))))

    it.effect("takes a call for complete when its own block ends", () =>
      Effect.gen(function*() {
        const events: ReadonlyArray<StreamEvent> = [
          {
            type: "content_block_start",
            index: 1,
            content_block: { type: "tool_use", id: "a", name: "f", input: {} }
          },
          { type: "content_block_stop", index: 0 },
          { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{}" } },
          { type: "content_block_stop", index: 1 }
        ]
        const steps = yield* Stream.runCollect(MessageStream.toolInputs(Stream.fromArray(events)))

        assert.deepStrictEqual(steps.map(({ done }) => done), [false, true])
      }))

    it.effect.prop(
      "shows what each text says, in whatever order it is looked at, and keeps showing it",
      [Schema.Json, Schema.Array(Schema.Natural), Schema.Array(Schema.Natural)],
      ([input, at, looks]) =>
        Effect.gen(function*() {
          const json = JSON.stringify(input)
          const places = [0, ...at.map((n) => n % (json.length + 1)).toSorted((a, b) => a - b), json.length]
          const events: ReadonlyArray<StreamEvent> = [
            {
              type: "content_block_start",
              index: 0,
              content_block: { type: "tool_use", id: "a", name: "f", input: {} }
            },
            ...places.slice(1).map((end, i): StreamEvent => ({
              type: "content_block_delta",
              index: 0,
              delta: { type: "input_json_delta", partial_json: json.slice(places[i], end) }
            })),
            { type: "content_block_stop", index: 0 }
          ]
          const steps = yield* Stream.runCollect(MessageStream.toolInputs(Stream.fromArray(events)))
          const order = [...looks.map((n) => n % steps.length), ...steps.keys()]
          const seen = order.map((i) => ({ json: steps[i]!.json, value: steps[i]!.value }))

          for (const { json, value } of seen) {
            assert.deepStrictEqual(value, json === "" ? {} : PartialJson.parse(json).value)
          }
        })
    )

    it.effect("gives each piece to its call where several are open, and ends what is open at the end", () =>
      Effect.gen(function*() {
        const call = (index: number): StreamEvent => ({
          type: "content_block_start",
          index,
          content_block: { type: "tool_use", id: `toolu_${index}`, name: "f", input: {} }
        })
        const piece = (index: number, partial_json: string): StreamEvent => ({
          type: "content_block_delta",
          index,
          delta: { type: "input_json_delta", partial_json }
        })
        const events: ReadonlyArray<StreamEvent> = [
          call(0),
          call(1),
          piece(1, "{\"b\":"),
          piece(0, "{\"a\":1}"),
          { type: "content_block_stop", index: 0 },
          piece(1, "2}"),
          { type: "message_stop" }
        ]
        const steps = yield* Stream.runCollect(MessageStream.toolInputs(Stream.fromArray(events)))

        assert.deepStrictEqual(steps.map(({ delta, done, id, json, value }) => [id, delta, json, value, done]), [
          ["toolu_1", "{\"b\":", "{\"b\":", {}, false],
          ["toolu_0", "{\"a\":1}", "{\"a\":1}", { a: 1 }, false],
          ["toolu_0", "", "{\"a\":1}", { a: 1 }, true],
          ["toolu_1", "2}", "{\"b\":2}", { b: 2 }, false],
          ["toolu_1", "", "{\"b\":2}", { b: 2 }, true]
        ])
      }))

    it.effect("shows the input a call starts with", () =>
      Effect.gen(function*() {
        const events: ReadonlyArray<StreamEvent> = [
          {
            type: "content_block_start",
            index: 0,
            content_block: { type: "tool_use", id: "a", name: "f", input: { x: 1 } }
          },
          { type: "content_block_stop", index: 0 }
        ]
        const steps = yield* Stream.runCollect(MessageStream.toolInputs(Stream.fromArray(events)))

        assert.deepStrictEqual(steps.map(({ done, value }) => [done, value]), [[true, { x: 1 }]])
      }))
  })

  describe("snapshots", () => {
    it.effect("shows the message grow", () =>
      Effect.gen(function*() {
        const shown = yield* Stream.runCollect(MessageStream.snapshots(answer))
        const texts = shown.map(Message.text)

        assert.strictEqual(texts.at(-1), "One two three four five")
        for (const [i, text] of texts.entries()) assert.isTrue(text.startsWith(texts[i - 1] ?? ""))
        assert.strictEqual(shown.at(-1)?.stop_reason, "end_turn")
      }).pipe(Effect.provide(layer(perEvent(Script.reply("One two three four five"))))))
  })

  describe("tapText", () => {
    it.effect("sees each piece of text and passes every event on", () =>
      Effect.gen(function*() {
        const pieces: Array<string> = []
        const events = yield* answer.pipe(
          MessageStream.tapText((text) => Effect.sync(() => pieces.push(text))),
          Stream.runCollect
        )

        assert.strictEqual(pieces.join(""), "One two three")
        assert.strictEqual(events.at(-1)?.type, "message_stop")
      }).pipe(Effect.provide(layer(Script.reply("One two three")))))

    it.effect("fails with the effect's own error", () =>
      Effect.gen(function*() {
        const error = yield* answer.pipe(
          MessageStream.tapText(() => Effect.fail("mine" as const)),
          Stream.runDrain,
          Effect.flip
        )

        assert.strictEqual(error, "mine")
      }).pipe(Effect.provide(layer(Script.reply("One two three")))))
  })

  describe("tapThinking", () => {
    it.effect("sees each piece of thinking, none of the text, and passes every event on", () =>
      Effect.gen(function*() {
        const pieces: Array<string> = []
        const message = yield* answer.pipe(
          MessageStream.tapThinking((thinking) => Effect.sync(() => pieces.push(thinking))),
          MessageStream.final
        )

        assert.strictEqual(pieces.join(""), "One two")
        assert.strictEqual(Message.text(message), "three")
      }).pipe(Effect.provide(layer(Script.thinking("One two", "three")))))

    it.effect("fails with the effect's own error", () =>
      Effect.gen(function*() {
        const error = yield* answer.pipe(
          MessageStream.tapThinking(() => Effect.fail("mine" as const)),
          Stream.runDrain,
          Effect.flip
        )

        assert.strictEqual(error, "mine")
      }).pipe(Effect.provide(layer(Script.thinking("One two", "three")))))
  })

  describe("restart", () => {
    const cut = Script.reply("One two three four").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 5 }))

    const restarted = (options?: MessageStream.RestartOptions) =>
      Effect.gen(function*() {
        const fiber = yield* answer.pipe(
          MessageStream.restart(options),
          Stream.runCollect,
          Effect.exit,
          Effect.forkChild
        )
        yield* TestClock.adjust("1 hour")
        return yield* Fiber.join(fiber)
      })

    it.effect("begins again after content, with a seam that says so", () =>
      Effect.gen(function*() {
        const exit = yield* restarted()
        const events = Exit.isSuccess(exit) ? exit.value : []
        const at = events.findIndex(MessageStream.isRestarted)
        const seam = events[at]
        const after = events.slice(at + 1).filter((event): event is StreamEvent => !MessageStream.isRestarted(event))

        assert.strictEqual(at, 5)
        assert.strictEqual(events.filter(MessageStream.isRestarted).length, 1)
        assert.strictEqual(seam?.type === "~restarted" && seam.error._tag, "StreamTruncatedError")
        assert.strictEqual(seam?.type === "~restarted" && seam.n, 1)
        assert.strictEqual(Message.text(yield* MessageStream.final(Stream.fromArray(after))), "Two!")
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 2)
      }).pipe(Effect.provide(layer(Script.sequence(cut, Script.reply("Two!"))))))

    it.effect("gives up as the policy says, with the error that says so", () =>
      Effect.gen(function*() {
        const error = errorOf(yield* restarted())

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(error.contentHandedOut, true)
        assert.isDefined(error.partial)
        // The first, and the two restarts of the interactive policy.
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 3)
      }).pipe(Effect.provide(layer(Script.forever(cut)))))

    it.effect("does not begin again after what no retry helps, nor before content", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        assert.strictEqual(errorOf(yield* restarted())._tag, "AuthenticationError")
        assert.strictEqual((yield* requests).length, 1)
        assert.strictEqual(errorOf(yield* restarted())._tag, "InvalidRequestError")
        assert.strictEqual((yield* requests).length, 2)
      }).pipe(Effect.provide(layer(Script.sequence(
        Script.status(401),
        Script.errorInStream(Script.reply("One two three four"), { after: 5, status: 400 })
      )))))

    it.effect("leaves to the call's own policy what fails before content", () =>
      Effect.gen(function*() {
        const error = errorOf(yield* restarted())

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, error.attempts?.count)
      }).pipe(Effect.provide(layer(Script.forever(Script.status(529))))))

    it.effect("is off under a policy that never retries", () =>
      Effect.gen(function*() {
        yield* restarted({ policy: RetryPolicy.never })

        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)
      }).pipe(Effect.provide(layer(Script.forever(cut)))))
  })

  describe("share", () => {
    it.effect("shows several consumers one stream from its start, with one request", () =>
      Effect.gen(function*() {
        const shared = yield* MessageStream.share(answer)
        const text = Effect.map(Stream.runCollect(MessageStream.text(shared)), (pieces) => pieces.join(""))
        const [folded, first, second] = yield* Effect.all([MessageStream.final(shared), text, text], {
          concurrency: "unbounded"
        })
        const late = yield* text

        assert.deepStrictEqual(
          [Message.text(folded), first, second, late],
          Array.from({ length: 4 }, () => "One two three")
        )
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)
      }).pipe(Effect.scoped, Effect.provide(layer(perEvent(Script.reply("One two three"))))))

    it.effect("goes on for others when one leaves, and shows all of them its failure", () =>
      Effect.gen(function*() {
        const shared = yield* MessageStream.share(answer)
        const leaving = shared.pipe(Stream.take(1), Stream.runDrain)
        const [, first] = yield* Effect.all([leaving, Effect.exit(Stream.runDrain(shared))], {
          concurrency: "unbounded"
        })
        const late = yield* Effect.exit(Stream.runDrain(shared))

        assert.strictEqual(errorOf(first)._tag, "StreamTruncatedError")
        assert.strictEqual(errorOf(late)._tag, "StreamTruncatedError")
      }).pipe(
        Effect.scoped,
        Effect.provide(layer(
          Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 5 }))
        ))
      ))

    it.effect("ends the request when its scope closes", () =>
      Effect.gen(function*() {
        const { aborted, open } = yield* ClaudeTest.ClaudeTest
        yield* Effect.scoped(Effect.gen(function*() {
          const shared = yield* MessageStream.share(answer)
          yield* shared.pipe(Stream.take(1), Stream.runDrain)
          assert.strictEqual(yield* open, 1)
        }))

        assert.strictEqual(yield* open, 0)
        assert.strictEqual(yield* aborted, 1)
      }).pipe(Effect.provide(layer(
        Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.stall({ after: { events: 5 } }))
      ))))
  })

  describe("events that do not make one message", () => {
    const events: ReadonlyArray<StreamEvent> = [
      {
        type: "message_start",
        message: {
          id: "msg_1",
          type: "message",
          role: "assistant",
          model: "m",
          content: [],
          usage: { input_tokens: 1, output_tokens: 1 }
        }
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "a" } },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "lost" } },
      { type: "message_stop" }
    ]
    const combinators = {
      final: (self: Stream.Stream<StreamEvent>) => Effect.asVoid(MessageStream.final(self)),
      snapshots: (self: Stream.Stream<StreamEvent>) => Stream.runDrain(MessageStream.snapshots(self))
    }
    for (const [name, run] of Object.entries(combinators)) {
      it.effect(`fail ${name}, with what came before`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(run(Stream.fromArray(events)))

          assert.strictEqual(error._tag, "ResponseDecodeError")
          assert.include(error.message, "adds to block 1, which has not started")
          assert.deepStrictEqual(error.partial?.content, [{ type: "text", text: "a" }])
        }))
    }
  })

  describe("final", () => {
    it.effect("is the message create returns", () =>
      Effect.gen(function*() {
        const folded = yield* MessageStream.final(answer)
        const created = yield* Messages.create(question)

        assert.deepStrictEqual<unknown>(
          { ...folded, id: "", usage: null },
          { ...created, id: "", usage: null }
        )
      }).pipe(Effect.provide(layer(Script.sequence(Script.reply("Hi!"), Script.reply("Hi!"))))))

    it.effect("fails with the partial message when the stream is left early", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          answer.pipe(Stream.takeUntil(({ type }) => type === "content_block_delta"), MessageStream.final)
        )

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(error.outcome, "partial")
        assert.isDefined(error.partial)
      }).pipe(Effect.provide(layer(perEvent(Script.reply("One two three"))))))

    it.effect("fails when nothing came at all", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(MessageStream.final(Stream.empty))

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(error.outcome, "unknown")
      }))
  })
})
