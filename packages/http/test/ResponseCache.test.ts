import * as Message from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Pacing from "@effect-claude/http/Pacing"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import type { TrafficEntry } from "@effect-claude/http/TrafficEntry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Persistence from "effect/persistence/Persistence"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { key, question, scripted } from "./scripted.ts"

const numbered = Script.forever(Script.respondWith(({ index }) => Script.reply(`Answer ${index}`)))

const caching = (
  script: Script.Script = numbered,
  options?: ResponseCache.Options
): Layer.Layer<Claude.Claude | ClaudeTest.ClaudeTest, ClaudeConfig.ClaudeConfigError> =>
  Layer.provideMerge(ResponseCache.layer(options), scripted(script, { retry: RetryPolicy.never }))

const ask = (request: Partial<MessageRequest> = {}) =>
  Effect.map(Messages.create({ ...question, ...request }), Message.text)

const sent = Effect.flatMap(ClaudeTest.ClaudeTest, ({ requests }) => Effect.map(requests, ({ length }) => length))

describe("ResponseCache", () => {
  describe("layer", () => {
    it.effect("answers what was asked before, and sends nothing", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* ask(), "Answer 0")
        assert.strictEqual(yield* ask(), "Answer 0")
        assert.strictEqual(yield* sent, 1)
      }).pipe(Effect.provide(caching())))

    it.effect("returns the answer as it was, and says where it comes from", () =>
      Effect.gen(function*() {
        const [first, sentMeta] = yield* Messages.createWithMeta(question)
        const [second, meta] = yield* Messages.createWithMeta(question)

        assert.deepStrictEqual(second, first)
        assert.isUndefined(sentMeta.cached)
        assert.deepStrictEqual(meta, { cached: true, attempts: 0, wire: "json" })
      }).pipe(Effect.provide(caching(Script.thinking("Let me see.", "Hi!")))))

    it.effect("answers a stream from a plain answer, and the reverse", () =>
      Effect.gen(function*() {
        yield* ask()
        const text = yield* Stream.mkString(MessageStream.text(Messages.stream(question)))
        const haiku = { ...question, model: "claude-haiku-4-5" }
        const streamed = yield* MessageStream.final(Messages.stream(haiku))
        const folded = yield* Messages.create(haiku, { wire: "stream" })

        assert.strictEqual(text, "Answer 0")
        assert.deepStrictEqual(folded, streamed)
        assert.strictEqual(yield* sent, 2)
      }).pipe(Effect.provide(caching())))

    it.effect("streams a new answer as it arrives", () =>
      Effect.gen(function*() {
        const types: Array<StreamEvent["type"]> = []
        yield* Messages.stream(question).pipe(
          Stream.take(2),
          Stream.runForEach(({ type }) => Effect.sync(() => types.push(type)))
        )

        assert.deepStrictEqual(types, ["message_start", "content_block_start"])
        assert.strictEqual(yield* ask(), "Answer 1", "what was left early is not kept")
      }).pipe(Effect.provide(caching())))

    it.effect("forgets an answer after its time", () =>
      Effect.gen(function*() {
        yield* ask()
        yield* TestClock.adjust("59 minutes")
        assert.strictEqual(yield* ask(), "Answer 0")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* ask(), "Answer 1")
      }).pipe(Effect.provide(caching())))

    it.effect("keeps answers for as long as is said", () =>
      Effect.gen(function*() {
        yield* ask()
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* ask(), "Answer 1")
      }).pipe(Effect.provide(caching(numbered, { timeToLive: "10 seconds" }))))

    it.effect("is for the requests a function says", () =>
      Effect.gen(function*() {
        yield* ask()
        assert.strictEqual(yield* ask(), "Answer 1")
        yield* ask({ temperature: 0 })
        assert.strictEqual(yield* ask({ temperature: 0 }), "Answer 2")
      }).pipe(Effect.provide(caching(numbered, { isFor: ({ temperature }) => temperature === 0 }))))
  })

  describe("the key", () => {
    it.effect("is the same whatever the order of fields, and whether or not a stream is asked for", () =>
      Effect.gen(function*() {
        yield* ask({ system: "Be brief.", temperature: 0.5 })
        const { messages, ...rest } = question
        const reordered = { temperature: 0.5, messages, ...rest, system: "Be brief.", stream: true } as const

        assert.strictEqual(Message.text(yield* Messages.create(reordered)), "Answer 0")
      }).pipe(Effect.provide(caching())))

    it.effect("tells everything apart that may change the answer", () =>
      Effect.gen(function*() {
        const answers = [
          yield* ask(),
          yield* ask({ model: "claude-haiku-4-5" }),
          yield* ask({ max_tokens: 10 }),
          yield* ask({ system: "Be brief." }),
          yield* ask({ messages: [{ role: "user", content: "Bye" }] }),
          yield* ask({ messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }] }),
          yield* Claude.withVersion(ask(), "2026-10-21"),
          yield* Claude.withBetas(ask(), ["context-1m-2025-08-07"])
        ]

        assert.strictEqual(new Set(answers).size, answers.length)
      }).pipe(Effect.provide(caching())))

    it.effect("and what is stored hold no credential, and the key nothing of the prompt", () =>
      Effect.gen(function*() {
        const stored: Array<readonly [string, object]> = []
        const spying = Layer.provide(
          Persistence.layer,
          Layer.succeed(Persistence.BackingPersistence, {
            make: () =>
              Effect.succeed({
                get: () => Effect.undefined,
                getMany: () => Effect.die("not used"),
                set: (key, value) => Effect.sync(() => stored.push([key, value])),
                setMany: () => Effect.void,
                remove: () => Effect.void,
                clear: Effect.void
              })
          })
        )
        yield* Effect.provide(ask(), Layer.provide(ResponseCache.layerStore(), [spying, scripted(numbered)]))

        assert.strictEqual(stored.length, 1)
        assert.match(stored[0]![0], /^[0-9a-f]{64}$/)
        assert.notInclude(JSON.stringify(stored), key)
        assert.notInclude(JSON.stringify(stored), "Hello")
      }))
  })

  describe("never", () => {
    const isAskedTwice = (script: Script.Script, request: Partial<MessageRequest> = {}) =>
      Effect.gen(function*() {
        yield* Effect.exit(ask(request))
        yield* Effect.exit(ask(request))
        assert.strictEqual(yield* sent, 2)
      }).pipe(Effect.provide(caching(Script.forever(script))))

    it.effect("keeps a failure", () => isAskedTwice(Script.status(529)))

    it.effect("keeps a refusal", () => isAskedTwice(Script.refusal()))

    it.effect("keeps an answer that was cut off", () =>
      isAskedTwice(Script.reply({ text: "Hi", stop_reason: "max_tokens" })))

    it.effect("keeps the call of a tool", () => isAskedTwice(Script.toolCall("look")))

    it.effect("is for tools that act on the server", () =>
      isAskedTwice(Script.reply("Hi!"), { tools: [{ type: "web_search_20250305", name: "web_search" }] }))
  })

  describe("withMode", () => {
    it.effect("refresh asks again, and keeps the new answer", () =>
      Effect.gen(function*() {
        yield* ask()
        assert.strictEqual(yield* ResponseCache.withMode(ask(), "refresh"), "Answer 1")
        assert.strictEqual(yield* ask(), "Answer 1")
      }).pipe(Effect.provide(caching())))

    it.effect("bypass asks again, and keeps nothing", () =>
      Effect.gen(function*() {
        yield* ask()
        assert.strictEqual(yield* ResponseCache.withMode(ask(), "bypass"), "Answer 1")
        assert.strictEqual(yield* ask(), "Answer 0")
      }).pipe(Effect.provide(caching())))

    it.effect("holds for a stream", () =>
      Effect.gen(function*() {
        yield* ask()
        const again = Messages.stream(question).pipe(MessageStream.text, ResponseCache.withMode("bypass"))

        assert.strictEqual(yield* Stream.mkString(again), "Answer 1")
      }).pipe(Effect.provide(caching())))
  })

  describe("with other layers", () => {
    it.effect("asks nothing of those within it, and is seen by those around it", () =>
      Effect.gen(function*() {
        const entries: Array<TrafficEntry> = []
        const stack = TrafficLog.layer((entry) => Effect.sync(() => entries.push(entry))).pipe(
          Layer.provide(ResponseCache.layer()),
          Layer.provide(Pacing.layer({ limits: { requests: 1 }, maxWait: 0 })),
          Layer.provide(scripted(numbered))
        )
        yield* Effect.gen(function*() {
          yield* ask()
          yield* ask()
          yield* Stream.runDrain(Messages.stream(question))
        }).pipe(Effect.provide(stack))

        assert.deepStrictEqual(
          entries.map(({ attempts, cached, outcome }) => ({ attempts, cached, outcome })),
          [
            { attempts: 1, cached: undefined, outcome: "completed" },
            { attempts: 0, cached: true, outcome: "completed" },
            { attempts: 0, cached: true, outcome: "completed" }
          ]
        )
      }))
  })

  describe("a store that fails", () => {
    it.effect("costs a call, not the answer", () =>
      Effect.gen(function*() {
        const warnings: Array<unknown> = []
        const down = Effect.fail(new Persistence.PersistenceError({ message: "the disk is gone" }))
        const broken = Layer.provide(
          Persistence.layer,
          Layer.succeed(Persistence.BackingPersistence, {
            make: () =>
              Effect.succeed({
                get: () => down,
                getMany: () => down,
                set: () => down,
                setMany: () => down,
                remove: () => down,
                clear: down
              })
          })
        )
        const answer = yield* ask().pipe(
          Effect.provide(Layer.provide(ResponseCache.layerStore(), [broken, scripted(numbered)])),
          Effect.provide(Logger.layer([Logger.make(({ message }) => warnings.push(message))]))
        )

        assert.strictEqual(answer, "Answer 0")
        assert.match(String(warnings[0]), /response cache cannot be used.*disk is gone/)
      }))

    it.effect("or holds something else is asked again", () =>
      Effect.gen(function*() {
        const strange = Layer.provide(
          Persistence.layer,
          Layer.succeed(Persistence.BackingPersistence, {
            make: () =>
              Effect.succeed({
                get: () => Effect.succeed({ _tag: "Success", value: "{\"not\": \"a message\"}" }),
                getMany: () => Effect.die("not used"),
                set: () => Effect.void,
                setMany: () => Effect.void,
                remove: () => Effect.void,
                clear: Effect.void
              })
          })
        )

        assert.strictEqual(
          yield* Effect.provide(ask(), Layer.provide(ResponseCache.layerStore(), [strange, scripted(numbered)])),
          "Answer 0"
        )
      }))
  })
})
