import * as Message from "@effect-claude/core/Message"
import * as Claude from "@effect-claude/http/Claude"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Messages from "@effect-claude/http/Messages"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { patiently, question, scripted } from "./scripted.ts"

/** An interceptor that writes down everything it sees. */
const recording = (log: Ref.Ref<ReadonlyArray<string>>, name = ""): Interceptor.Interceptor => {
  const note = (line: string) => Ref.update(log, (lines) => [...lines, `${name}${line}`])
  return (call) =>
    Effect.as(note(`begin ${call.exchange.operation}`), {
      attempt: (attempt, number) =>
        note(`attempt ${number}`).pipe(
          Effect.andThen(attempt),
          Effect.tap(() => note("relied on")),
          Effect.tapError((error) => note(error._tag))
        ),
      exchange: (exchange) => Effect.tap(Effect.andThen(note("exchange"), exchange), () => note("head")),
      onRetry: ({ delay }) => note(`retry after ${Duration.format(delay)}`),
      onContent: note("content"),
      onEnd: (ending) =>
        note(
          ending._tag === "Failed" ? `end ${ending.error._tag}` : `end ${ending._tag} ${ending.message?.content.length}`
        )
    })
}

const followed = (
  script: Script.Script,
  use: Effect.Effect<unknown, unknown, Claude.Claude>
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    const log = yield* Ref.make<ReadonlyArray<string>>([])
    const stack = Layer.provide(Interceptor.layer(Effect.succeed(recording(log))), scripted(script))
    yield* patiently(Effect.exit(Effect.provide(use, stack)))
    return yield* Ref.get(log)
  })

describe("Interceptor", () => {
  describe("layer", () => {
    it.effect("follows a plain answer from its beginning to its end", () =>
      Effect.gen(function*() {
        const log = yield* followed(Script.reply("Hi!"), Messages.create(question))

        assert.deepStrictEqual(log, [
          "begin messages.create",
          "attempt 1",
          "exchange",
          "head",
          "relied on",
          "end Completed 1"
        ])
      }))

    it.effect("follows a folded answer, and tells when its content arrives", () =>
      Effect.gen(function*() {
        const log = yield* followed(
          Script.reply("Hi! How are you today?").pipe(Script.chunked("perEvent")),
          Messages.create(question, { wire: "stream" })
        )

        assert.deepStrictEqual(log, [
          "begin messages.stream",
          "attempt 1",
          "exchange",
          "head",
          "content",
          "relied on",
          "end Completed 1"
        ])
      }))

    it.effect("follows a stream, whose attempt ends with its first content", () =>
      Effect.gen(function*() {
        const log = yield* followed(Script.reply("Hi!"), Stream.runDrain(Messages.stream(question)))

        assert.deepStrictEqual(log, [
          "begin messages.stream",
          "attempt 1",
          "exchange",
          "head",
          "relied on",
          "content",
          "end Completed 1"
        ])
      }))

    it.effect("goes around each attempt, and tells of each wait between them", () =>
      Effect.gen(function*() {
        const log = yield* followed(
          Script.sequence(Script.status(529), Script.overloadedInStream(), Script.reply("Hi!")),
          Stream.runDrain(Messages.stream(question))
        )

        assert.deepStrictEqual(log, [
          "begin messages.stream",
          "attempt 1",
          "exchange",
          "OverloadedError",
          "retry after 1s",
          "attempt 2",
          "exchange",
          "head",
          "OverloadedError",
          "retry after 2s",
          "attempt 3",
          "exchange",
          "head",
          "relied on",
          "content",
          "end Completed 1"
        ])
      }))

    it.effect("tells of a call that fails, once", () =>
      Effect.gen(function*() {
        const plain = yield* followed(Script.status(401), Messages.create(question))
        const opening = yield* followed(Script.status(401), Stream.runDrain(Messages.stream(question)))
        const cut = yield* followed(
          Script.reply("Hi! How are you?").pipe(Script.cutAfter({ events: 4 })),
          Stream.runDrain(Messages.stream(question))
        )

        for (const log of [plain, opening]) {
          assert.deepStrictEqual(log.filter((line) => line.startsWith("end")), ["end AuthenticationError"])
        }
        assert.deepStrictEqual(cut.filter((line) => line.startsWith("end")), ["end StreamTruncatedError"])
      }))

    it.effect("tells of a stream that is left early, with what had arrived", () =>
      Effect.gen(function*() {
        const log = yield* followed(
          Script.reply("Hi! How are you?").pipe(Script.chunked("perEvent")),
          Stream.runDrain(Stream.take(Messages.stream(question), 3))
        )

        assert.strictEqual(log.at(-1), "end Abandoned 1")
      }))

    it.effect("tells of a call that is interrupted", () =>
      Effect.gen(function*() {
        const log = yield* Ref.make<ReadonlyArray<string>>([])
        const stack = Layer.provide(
          Interceptor.layer(Effect.succeed(recording(log))),
          scripted(Script.reply("Hi!").pipe(Script.stall({ after: "headers" })))
        )
        for (const call of [Messages.create(question), Stream.runDrain(Messages.stream(question))]) {
          const fiber = yield* Effect.forkChild(Effect.provide(call, stack))
          yield* TestClock.adjust("1 second")
          yield* Fiber.interrupt(fiber)
        }

        assert.deepStrictEqual((yield* Ref.get(log)).filter((line) => line.startsWith("end")), [
          "end Abandoned undefined",
          "end Abandoned undefined"
        ])
      }))

    it.effect("does not follow a request that is refused before it is sent", () =>
      Effect.gen(function*() {
        const log = yield* followed(Script.empty, Messages.create({ ...question, max_tokens: "many" as never }))

        assert.deepStrictEqual(log, [])
      }))
  })

  describe("around and inside", () => {
    const nested = [
      [
        "around puts the interceptor outside those that are there",
        (log: Ref.Ref<ReadonlyArray<string>>) => (claude: Claude.Claude["Service"]) =>
          Interceptor.around(Interceptor.around(claude, recording(log, "inner ")), recording(log, "outer "))
      ],
      [
        "inside puts it within those that are there",
        (log: Ref.Ref<ReadonlyArray<string>>) => (claude: Claude.Claude["Service"]) =>
          Interceptor.inside(Interceptor.inside(claude, recording(log, "outer ")), recording(log, "inner "))
      ]
    ] as const
    for (const [title, both] of nested) {
      it.effect(title, () =>
        Effect.gen(function*() {
          const log = yield* Ref.make<ReadonlyArray<string>>([])
          yield* patiently(
            Messages.create(question, { wire: "stream" }).pipe(
              Effect.provideServiceEffect(Claude.Claude, Effect.map(Claude.Claude, both(log))),
              Effect.provide(scripted(Script.sequence(Script.status(529), Script.reply("Hi!"))))
            )
          )

          assert.deepStrictEqual(yield* Ref.get(log), [
            "outer begin messages.stream",
            "inner begin messages.stream",
            "outer attempt 1",
            "inner attempt 1",
            "outer exchange",
            "inner exchange",
            "inner OverloadedError",
            "outer OverloadedError",
            "inner retry after 1s",
            "outer retry after 1s",
            "outer attempt 2",
            "inner attempt 2",
            "outer exchange",
            "inner exchange",
            "inner head",
            "outer head",
            "inner content",
            "outer content",
            "inner relied on",
            "outer relied on",
            "inner end Completed 1",
            "outer end Completed 1"
          ])
        }))
    }

    it.effect("the outermost that knows the answer gives it", () =>
      Effect.gen(function*() {
        const whole = yield* Messages.create(question).pipe(Effect.provide(scripted(Script.reply("From the API"))))
        const knows = (text: string | undefined): Interceptor.Interceptor => () =>
          Effect.succeed({
            answer: Effect.succeed(text === undefined ? undefined : { ...whole, content: [{ type: "text", text }] })
          })
        const answered = (...interceptors: ReadonlyArray<Interceptor.Interceptor>) =>
          Messages.create(question).pipe(
            Effect.map(Message.text),
            Effect.provideServiceEffect(
              Claude.Claude,
              Effect.map(Claude.Claude, (claude) => interceptors.reduce(Interceptor.inside, claude))
            ),
            Effect.provide(scripted(Script.reply("From the API")))
          )

        assert.strictEqual(yield* answered(knows("outer"), knows("inner")), "outer")
        assert.strictEqual(yield* answered(knows(undefined), knows("inner")), "inner")
        assert.strictEqual(yield* answered(knows(undefined), knows(undefined)), "From the API")
        assert.strictEqual(yield* answered(knows("outer"), () => Effect.succeed({})), "outer")
        assert.strictEqual(yield* answered(() => Effect.succeed({}), knows("inner")), "inner")
      }))
  })
})
