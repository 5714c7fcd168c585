import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as StructuredOutput from "@effect-claude/session/StructuredOutput"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Result, Schema, Stream } from "effect"
import { inspect } from "node:util"
import { options, provide, sent, tool } from "./scripted.ts"

const Plan = Schema.Struct({
  title: Schema.String.check(Schema.isMaxLength(20)),
  steps: Schema.Array(Schema.Int)
})

const plan = `{"title":"Launch","steps":[1,2]}`
const spaced = JSON.stringify(JSON.parse(plan), null, 2)
const long = `{"title":"A title that is much too long","steps":[]}`

const request = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [MessageRequest.user("Plan")] }

const configOf = (body: { readonly [field: string]: unknown } | undefined) =>
  body?.["output_config"] as { readonly effort?: string; readonly format: { readonly schema: object } } | undefined

/** The kinds of events, one for several in a row. */
const tags = (events: ReadonlyArray<StructuredOutput.Event<unknown>>) =>
  events.map(({ _tag }) => _tag).filter((tag, n, all) => tag !== all[n - 1])

/** The partial values before and after a repair began. */
const split = (events: ReadonlyArray<StructuredOutput.Event<unknown>>) => {
  const at = events.findIndex(({ _tag }) => _tag === "Repairing")
  const values = (some: typeof events) => some.flatMap((event) => event._tag === "Partial" ? [event.value] : [])
  return [values(events.slice(0, at)), values(events.slice(at))] as const
}

describe("StructuredOutput", () => {
  describe("send", () => {
    it.effect("asks for the schema's form, and returns what the answer says", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, output_config: { effort: "low" } })
        const answer = yield* StructuredOutput.send(session, "Plan", Plan)

        assert.deepStrictEqual(answer.value, { title: "Launch", steps: [1, 2] })
        assert.strictEqual(Message.text(answer.message), plan)
        assert.strictEqual(answer.repairs, 0)
        const config = configOf((yield* sent)[0])
        assert.strictEqual(config?.effort, "low")
        assert.deepStrictEqual(config?.format.schema, {
          type: "object",
          properties: {
            title: { type: "string", description: "(maxLength: 20)" },
            steps: { type: "array", items: { type: "integer" } }
          },
          required: ["title", "steps"],
          additionalProperties: false
        })
      }).pipe(provide(Script.reply(plan))))

    it.effect("leaves the turns that follow as they were", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* StructuredOutput.send(session, "Plan", Plan)
        yield* session.send("Thanks")

        assert.isUndefined(configOf((yield* sent)[1]))
      }).pipe(provide(Script.reply(plan), Script.reply("Welcome"))))

    it.effect("tells the model once what does not match, and takes what it answers then", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const answer = yield* StructuredOutput.send(session, "Plan", Plan, { instructions: "Be brief." })

        assert.deepStrictEqual([answer.value.title, answer.repairs], ["Launch", 1])
        const body = (yield* sent)[1]
        const words = JSON.stringify(body?.messages.at(-1))
        assert.include(words, "Your answer does not have the form that was asked for.")
        assert.include(words, `[\\"title\\"]`)
        assert.include(words, "a length of at most 20")
        assert.isDefined(configOf(body))
        assert.strictEqual(JSON.stringify(body).split("Be brief.").length, 2)
      }).pipe(provide(Script.reply(long), Script.reply(plan))))

    it.effect("is one exchange with its corrections: undo, rewind and the journal take all of it", () =>
      Effect.gen(function*() {
        const session = yield* Session.open({ ...options, id: "ada" })
        yield* session.send("Hello")
        const before = yield* session.history
        const { message } = yield* StructuredOutput.send(session, "Plan", Plan, { id: "plan" })
        const opened = yield* Session.open({ ...options, id: "ada" })
        const known = yield* StructuredOutput.send(opened, "Plan", Plan, { id: "plan" })

        assert.strictEqual((yield* session.history).exchanges, 2)
        for (const { lastResponse } of [session, opened]) {
          assert.deepStrictEqual(Option.map(yield* lastResponse, Message.text), Option.some(plan))
        }
        assert.deepStrictEqual(known.message.content, message.content)
        assert.strictEqual(History.rewind(yield* session.history, 1), before)
        assert.isTrue(yield* session.undo)
        assert.strictEqual(yield* session.history, before)
        assert.lengthOf(yield* sent, 3)
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(Script.reply("Hi"), Script.reply(long), Script.reply(plan))
      ))

    it.effect("is rolled back when its correction fails", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const error = yield* Effect.flip(StructuredOutput.send(session, "Plan", Plan))

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual((yield* session.history).exchanges, 0)
      }).pipe(provide(Script.reply(long), Script.status(529))))

    it.effect.each([[undefined, 2], [0, 1], [2, 3]] as const)(
      "asks again at most so often: %s",
      ([repairs, requests]) =>
        Effect.gen(function*() {
          const session = yield* Session.make(options)
          const error = yield* Effect.flip(StructuredOutput.send(session, "Plan", Plan, { repairs }))

          assert.strictEqual(error._tag === "StructuredOutputError" ? error.reason : error._tag, "mismatch")
          assert.lengthOf(yield* sent, requests)
          assert.deepStrictEqual(History.check(yield* session.history), [])
        }).pipe(provide(Script.forever(Script.reply(long))))
    )

    const failures: ReadonlyArray<readonly [string, Script.Script, number]> = [
      ["refusal", Script.refusal("No."), 1],
      ["truncated", Script.reply({ text: `{"title":"secret`, stop_reason: "max_tokens" }), 1],
      ["notJson", Script.reply("secret words"), 2],
      ["mismatch", Script.reply(`{"title":"secret and much too long","steps":[]}`), 2]
    ]

    it.effect.each(failures)("tells what went wrong: %s", ([reason, script, requests]) =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const error = yield* Effect.flip(StructuredOutput.send(session, "Plan", Plan))

        if (error._tag !== "StructuredOutputError") return assert.fail(error._tag)
        assert.strictEqual(error.reason, reason)
        assert.lengthOf(yield* sent, requests)
        assert.strictEqual(error.text, error.answer === undefined ? "" : Message.text(error.answer))
        if (reason !== "refusal") assert.notStrictEqual(error.text, "")
        assert.notInclude(inspect(error, { depth: 9 }) + JSON.stringify(error), "secret")
      }).pipe(provide(Script.forever(script))))

    it.effect.each(["null", "7", "[]", "{}"])(
      "takes %s for no value where one was to be inside",
      (text) =>
        Effect.gen(function*() {
          const session = yield* Session.make(options)
          const error = yield* Effect.flip(StructuredOutput.send(session, "Numbers", Schema.Array(Schema.Finite)))

          assert.strictEqual(error._tag === "StructuredOutputError" && error.reason, "mismatch")
        }).pipe(provide(Script.forever(Script.reply(text))))
    )

    it.effect.each(
      [
        ["[]", "It does not match at the top."],
        [`{"title":"a","steps":["b"]}`, `It does not match at ["steps"][0].`]
      ] as const
    )("says where an answer does not match: %s", ([text, problem]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(StructuredOutput.create(request, Plan))

        assert.strictEqual(error._tag === "StructuredOutputError" && error.problem, problem)
      }).pipe(provide(Script.forever(Script.reply(text)))))

    it.effect("takes a whole answer that used up max_tokens", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)

        assert.strictEqual((yield* StructuredOutput.send(session, "Plan", Plan)).value.title, "Launch")
      }).pipe(provide(Script.reply({ text: plan, stop_reason: "max_tokens" }))))

    it.effect("answers with what is no object, too, and with what JSON has no value for", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const list = yield* StructuredOutput.send(session, "Numbers", Schema.Array(Schema.Finite))
        const day = yield* StructuredOutput.send(session, "When", Schema.Struct({ day: Schema.DateTimeUtcFromString }))

        assert.deepStrictEqual(list.value, [1, 2])
        assert.strictEqual(DateTime.formatIso(day.value.day), "2026-11-21T00:00:00.000Z")
        assert.deepStrictEqual<unknown>(configOf((yield* sent)[0])?.format.schema, {
          type: "object",
          properties: { value: { type: "array", items: { type: "number" } } },
          required: ["value"],
          additionalProperties: false
        })
      }).pipe(provide(Script.reply(`{"value":[1,2]}`), Script.reply(`{"day":"2026-11-21T00:00:00Z"}`))))

    it.effect("refuses a schema the API cannot be told of, and sends nothing", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const free = Schema.Struct({ any: Schema.Record(Schema.String, Schema.String) })
        const error = yield* Effect.flip(StructuredOutput.send(session, "Anything", free))

        assert.include(error.message, "The answer has no value (schema): properties.any:")
        assert.lengthOf(yield* sent, 0)
      }).pipe(provide()))
  })

  describe("stream", () => {
    it.effect("shows what can be read so far, and in the end the answer", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const events = yield* Stream.runCollect(StructuredOutput.stream(session, "Plan", Plan))

        const partials = events.flatMap((event) => event._tag === "Partial" ? [event.value] : [])
        assert.isAbove(partials.length, 1)
        assert.deepStrictEqual(partials.at(-1), { title: "Launch", steps: [1, 2] })
        assert.notStrictEqual(JSON.stringify(partials[0]), JSON.stringify(partials.at(-1)))
        assert.strictEqual(new Set(partials.map((value) => JSON.stringify(value))).size, partials.length)
        const done = events.at(-1)
        assert.deepStrictEqual(done?._tag === "Done" && done.answer.value, { title: "Launch", steps: [1, 2] })
      }).pipe(provide(Script.reply(spaced).pipe(Script.chunked("perEvent")))))

    it.effect("reads its own answer, whatever was said in the session meanwhile", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const events = yield* StructuredOutput.stream(session, "Plan", Plan).pipe(
          // All of the answer arrives at once: its turn is over before the first of it is seen.
          Stream.tap((event) => event._tag === "Done" ? Effect.void : session.send("Hello")),
          Stream.runCollect
        )
        const done = events.at(-1)

        assert.deepStrictEqual(done?._tag === "Done" && [done.answer.value.title, done.answer.repairs], ["Launch", 0])
        assert.strictEqual(Option.getOrUndefined(Option.map(yield* session.lastResponse, Message.text)), "Hi!")
      }).pipe(provide(Script.reply(plan).pipe(Script.chunked("whole")), Script.forever(Script.reply("Hi!")))))

    it.effect("says where it asks again, and shows what the model answers then", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const events = yield* StructuredOutput.stream(session, "Plan", Plan, { instructions: "Be brief.", rewind: 1 })
          .pipe(Stream.runCollect)

        assert.deepStrictEqual(tags(events), ["Partial", "Repairing", "Partial", "Done"])
        const [before, after] = split(events)
        assert.deepStrictEqual(before.at(-1), { title: "A title that is much too long", steps: [] })
        assert.isAbove(after.length, 1)
        assert.isFalse(JSON.stringify(after[0]).includes("much too long"))
        assert.deepStrictEqual(after.at(-1), { title: "Launch", steps: [1, 2] })
        const repairing = events.find((event) => event._tag === "Repairing")
        assert.deepStrictEqual([repairing?.repair, repairing?.error.reason], [1, "mismatch"])
        assert.strictEqual(repairing?.error.text, long)
        const done = events.at(-1)
        assert.deepStrictEqual(done?._tag === "Done" && [done.answer.value.title, done.answer.repairs], ["Launch", 1])
        assert.strictEqual(done?._tag === "Done" ? Message.text(done.answer.message) : "", spaced)
        const [, body] = yield* sent
        assert.include(JSON.stringify(body?.messages.at(-1)), "Your answer does not have the form")
        assert.isDefined(configOf(body))
        assert.strictEqual(JSON.stringify(body).split("Be brief.").length, 2)
      }).pipe(provide(
        Script.reply(long).pipe(Script.chunked("perEvent")),
        Script.reply(spaced).pipe(Script.chunked("perEvent"))
      )))

    it.effect.each([[undefined, 1], [0, 0], [2, 2]] as const)(
      "asks again at most so often, and fails after what it showed: %s",
      ([repairs, times]) =>
        Effect.gen(function*() {
          const session = yield* Session.make(options)
          const shown: Array<StructuredOutput.Event<typeof Plan.Type>> = []
          const error = yield* StructuredOutput.stream(session, "Plan", Plan, { repairs }).pipe(
            Stream.runForEach((event) => Effect.sync(() => shown.push(event))),
            Effect.flip
          )

          assert.strictEqual(error._tag === "StructuredOutputError" ? error.reason : error._tag, "mismatch")
          assert.deepStrictEqual(
            shown.flatMap((event) => event._tag === "Repairing" ? [event.repair] : []),
            Array.from({ length: times }, (_, n) => n + 1)
          )
          assert.deepStrictEqual(History.check(yield* session.history), [])
          assert.lengthOf(yield* sent, times + 1)
        }).pipe(provide(Script.forever(Script.reply(long))))
    )

    it.effect("is rolled back when it is left while a response is corrected", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* StructuredOutput.stream(session, "Plan", Plan).pipe(
          Stream.takeUntil(({ _tag }) => _tag === "Repairing"),
          Stream.runDrain
        )

        assert.strictEqual((yield* session.history).exchanges, 0)
        assert.strictEqual(session.state.value.phase, "idle")
      }).pipe(provide(Script.reply(long), Script.reply(plan))))

    it.effect("shows the partial values of the corrected response alone", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const events = yield* Stream.runCollect(StructuredOutput.stream(session, "Plan", Plan))
        const after = events.slice(events.findIndex(({ _tag }) => _tag === "Repairing") + 1)

        assert.isTrue(after.every((event) => !JSON.stringify(event).includes("xxxx")))
        assert.strictEqual((yield* session.history).exchanges, 1)
      }).pipe(provide(
        Script.reply(`{"title":"${"x".repeat(30)}","steps":[]}`),
        Script.reply(plan)
      )))

    it.effect("shows what is no object as itself", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const events = yield* Stream.runCollect(
          StructuredOutput.stream(session, "Numbers", Schema.Array(Schema.Finite))
        )

        assert.isTrue(
          events.every((event) => event._tag === "Done" || event._tag === "Partial" && Array.isArray(event.value))
        )
      }).pipe(provide(Script.reply(`{"value":[1,2,3,4,5,6,7,8,9]}`).pipe(Script.chunked("perEvent")))))
  })

  describe("create", () => {
    it.effect("asks for the schema's form beside what else the request says", () =>
      Effect.gen(function*() {
        const answer = yield* StructuredOutput.create({ ...request, output_config: { effort: "low" } }, Plan)

        assert.deepStrictEqual([answer.value, answer.repairs], [{ title: "Launch", steps: [1, 2] }, 0])
        const config = configOf((yield* sent)[0])
        assert.strictEqual(config?.effort, "low")
        assert.isDefined(config?.format)
      }).pipe(provide(Script.reply(plan))))

    it.effect.each([[undefined, [1, 3]], [0, [1]], [2, [1, 3, 5]]] as const)(
      "sends answers that do not match back, with what is wrong, at most so often: %s",
      ([repairs, lengths]) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(StructuredOutput.create(request, Plan, { repairs }))

          assert.strictEqual(error._tag === "StructuredOutputError" && error.reason, "mismatch")
          const bodies = yield* sent
          assert.deepStrictEqual(bodies.map(({ messages }) => messages.length), [...lengths])
          for (const { messages } of bodies) assert.deepStrictEqual(History.check(messages), [])
        }).pipe(provide(Script.forever(Script.reply(long))))
    )

    it.effect("asks as before after an answer that says nothing", () =>
      Effect.gen(function*() {
        const answer = yield* StructuredOutput.create(request, Plan)

        assert.strictEqual(answer.repairs, 1)
        const [first, second] = yield* sent
        assert.deepStrictEqual(second?.messages, first?.messages)
      }).pipe(provide(Script.reply(""), Script.reply(plan))))

    it.effect("does not ask again where the model called a tool", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(StructuredOutput.create({ ...request, tools: [tool] }, Plan))

        assert.strictEqual(error._tag === "StructuredOutputError" && error.reason, "toolUse")
        assert.lengthOf(yield* sent, 1)
      }).pipe(provide(Script.toolCall("weather", {}), Script.reply(plan))))
  })

  describe("createStream", () => {
    it.effect("shows what can be read so far, asks again, and ends with the answer", () =>
      Effect.gen(function*() {
        const events = yield* Stream.runCollect(StructuredOutput.createStream(request, Plan))

        const done = events.at(-1)
        assert.deepStrictEqual(tags(events), ["Partial", "Repairing", "Partial", "Done"])
        assert.deepStrictEqual(done?._tag === "Done" && [done.answer.value.title, done.answer.repairs], ["Launch", 1])
        const bodies = yield* sent
        assert.deepStrictEqual(bodies.map(({ messages }) => messages.length), [1, 3])
      }).pipe(provide(Script.reply(long), Script.reply(plan))))

    it.effect("fails after what could be read of a cut answer", () =>
      Effect.gen(function*() {
        const shown: Array<unknown> = []
        const error = yield* Effect.flip(Stream.runForEach(
          StructuredOutput.createStream(request, Plan),
          (event) => Effect.sync(() => shown.push(event))
        ))

        assert.strictEqual(error._tag === "StructuredOutputError" && error.reason, "truncated")
        assert.deepStrictEqual(shown.at(-1), { _tag: "Partial", value: { title: "Lau" } })
      }).pipe(provide(Script.reply({ text: `{"title":"Lau`, stop_reason: "max_tokens" }))))
  })

  describe("format", () => {
    it("keeps definitions at the top of what it wraps", () => {
      interface Tree {
        readonly kids: ReadonlyArray<Tree>
      }
      const Tree = Schema.Struct({ kids: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)) }).annotate({
        identifier: "Tree"
      })
      const format = Result.getOrThrow(StructuredOutput.format(Schema.Array(Tree)))
      const schema = "schema" in format ? format.schema : undefined

      assert.deepStrictEqual(Object.keys(schema as object).toSorted(), [
        "$defs",
        "additionalProperties",
        "properties",
        "required",
        "type"
      ])
    })
  })
})
