import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as Agent from "@effect-claude/session/Agent"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Latch, Layer, Option, Ref, Schema, Stream, Tracer } from "effect"
import { McpClient, McpProtocol, Prompt, Tool, Toolkit } from "effect/ai"
import { ChildProcess } from "effect/process"
import { TestClock } from "effect/testing"
import { fileURLToPath } from "node:url"
import { finish, options, provide, sent, user } from "./scripted.ts"

const Weather = Tool.make("weather", {
  description: "Returns the weather of a city.",
  parameters: Schema.Struct({ city: Schema.String, days: Schema.optional(Schema.Int) }),
  success: Schema.Struct({ sky: Schema.String }),
  failure: Schema.Struct({ reason: Schema.String })
})

const toolkit = Toolkit.make(Weather)

type Handler = (parameters: { readonly city: string; readonly days?: number | undefined }) => Effect.Effect<
  { readonly sky: string },
  { readonly reason: string }
>

const handled = (weather: Handler) => Effect.provide(toolkit.toLayer({ weather }))

const sunny: Handler = ({ city }) => Effect.succeed({ sky: `sunny in ${city}` })

const call = (...cities: ReadonlyArray<unknown>) =>
  Script.toolCalls(cities.map((city, n) => ({ name: "weather", input: { city }, id: `toolu_${n}` })))

const done = Script.reply("Done.")

/** The results that went back in the second request. */
const results = Effect.map(sent, (bodies) => {
  const content = bodies[1]?.messages.at(-1)?.content
  return Array.isArray(content)
    ? (content as ReadonlyArray<Content.ToolResult>).map(({ content, is_error }) => [content, is_error === true])
    : []
})

/** The first bytes of files. */
const samples:
  & { readonly [mediaType: string]: string }
  & Record<"image/png" | "image/jpeg" | "image/gif" | "image/webp" | "application/pdf", string> = {
    "image/png": "iVBORw0KGgo=",
    "image/jpeg": "/9j/4AAQ",
    "image/gif": "R0lGODlh",
    "image/webp": "UklGRgAAAQBXRUJQ",
    "application/pdf": "JVBERi0x"
  }

describe("Agent", () => {
  describe("run", () => {
    it.effect("runs tools until the model has an answer", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const outcome = yield* Agent.run(session, "Weather?", { toolkit })

        assert.strictEqual(Message.text(outcome.message), "Done.")
        assert.deepStrictEqual([outcome.turns, outcome.calls, outcome.end], [3, 3, "finished"])
        const bodies = yield* sent
        assert.deepStrictEqual(bodies.map(({ messages }) => messages.map(({ role }) => role).join()), [
          "user",
          "user,assistant,user",
          "user,assistant,user,assistant,user"
        ])
        assert.deepStrictEqual(bodies[1]?.messages.at(-1)?.content, [
          Content.toolResult("toolu_0", `{"sky":"sunny in Paris"}`),
          Content.toolResult("toolu_1", `{"sky":"sunny in Rome"}`)
        ])
        assert.deepStrictEqual(History.check(yield* session.history), [])
      }).pipe(
        handled(sunny),
        provide(call("Paris", "Rome"), Script.toolCall("weather", { city: "Oslo" }, { toolUseId: "toolu_9" }), done)
      ))

    it.effect("tells the model of the toolkit's tools beside those of the session", () =>
      Effect.gen(function*() {
        const search = { type: "web_search_20250305", name: "web_search" } as const
        const session = yield* Session.make({ ...options, tools: [search] })
        yield* Agent.run(session, "Hello", { toolkit })

        const tools = (yield* sent)[0]?.["tools"] as ReadonlyArray<{ readonly name: string }>
        assert.deepStrictEqual(tools.map(({ name }) => name), ["web_search", "weather"])
      }).pipe(handled(sunny), provide(done)))

    it.effect("tells the model of the tools its turns are given instead of the session's", () =>
      Effect.gen(function*() {
        const fetch = { type: "web_fetch_20250910", name: "web_fetch" } as const
        const session = yield* Session.make({
          ...options,
          tools: [{ type: "web_search_20250305", name: "web_search" }]
        })
        yield* Agent.run(session, "Hello", { toolkit, turn: { tools: [fetch] } })

        const tools = (yield* sent)[0]?.["tools"] as ReadonlyArray<{ readonly name: string }>
        assert.deepStrictEqual(tools.map(({ name }) => name), ["web_fetch", "weather"])
      }).pipe(handled(sunny), provide(done)))

    it.effect("asks for plain answers, and for streams where text is to be shown as it comes", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Hello", { toolkit })
        yield* Stream.runDrain(Agent.stream(session, "Hello", { toolkit }))

        assert.deepStrictEqual((yield* sent).map((body) => body["stream"] === true), [false, true])
      }).pipe(handled(sunny), provide(done, done)))

    it.effect("goes back in the order of the calls, whichever tool is done first", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const fiber = yield* Effect.forkChild(Agent.run(session, "Weather?", { toolkit }))
        yield* finish(fiber)

        assert.deepStrictEqual((yield* results).map(([content]) => content), [
          `{"sky":"3"}`,
          `{"sky":"1"}`,
          `{"sky":"2"}`
        ])
      }).pipe(
        handled(({ city }) => Effect.as(Effect.sleep(Number(city) * 1000), { sky: city })),
        provide(call("3", "1", "2"), done)
      ))

    it.effect.each([[2, 2], [undefined, 4], ["unbounded", 6]] as const)(
      "runs at most so many tools at once: %s",
      ([concurrency, expected]) =>
        Effect.gen(function*() {
          let now = 0
          let most = 0
          const session = yield* Session.make(options)
          const fiber = yield* Agent.run(session, "Weather?", { toolkit, concurrency }).pipe(
            handled(() =>
              Effect.sync(() => {
                most = Math.max(most, ++now)
              }).pipe(
                Effect.andThen(Effect.sleep("1 second")),
                Effect.andThen(Effect.sync(() => {
                  now--
                  return { sky: "blue" }
                }))
              )
            ),
            Effect.forkChild
          )
          yield* finish(fiber)

          assert.strictEqual(most, expected)
        }).pipe(provide(call("1", "2", "3", "4", "5", "6"), done))
    )

    it.effect("tells the model of a tool that fails, in the words of the tool's schema, and harms no sibling", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Weather?", { toolkit })

        assert.deepStrictEqual(yield* results, [
          [`{"sky":"sunny in Paris"}`, false],
          [`{"reason":"no such city"}`, true],
          [`{"sky":"sunny in Rome"}`, false]
        ])
      }).pipe(
        handled(({ city }) => city === "Nowhere" ? Effect.fail({ reason: "no such city" }) : sunny({ city })),
        provide(call("Paris", "Nowhere", "Rome"), done)
      ))

    it.effect("tells the model of a failure that is no JSON as it prints", () =>
      Effect.gen(function*() {
        const Weigh = Tool.make("weather", {
          parameters: Schema.Struct({ city: Schema.String }),
          failure: Schema.Unknown
        })
        const scales = Toolkit.make(Weigh)
        const itself: { [name: string]: unknown } = { too: "heavy" }
        itself["itself"] = itself
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Weather?", { toolkit: scales }).pipe(
          Effect.provide(scales.toLayer({
            weather: ({ city }) => Effect.fail(city === "Paris" ? { grams: 12n } : itself)
          }))
        )

        assert.deepStrictEqual(yield* results, [[`{"grams":12n}`, true], [
          `{"too":"heavy","itself":[Circular]}`,
          true
        ]])
      }).pipe(provide(call("Paris", "Rome"), done)))

    it.effect("tells the model of a tool that dies, is interrupted, or takes too long", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const fiber = yield* Effect.forkChild(Agent.run(session, "Weather?", { toolkit, timeout: "3 seconds" }))
        yield* finish(fiber)

        assert.deepStrictEqual(yield* results, [
          ["The tool failed unexpectedly.", true],
          ["The tool was interrupted.", true],
          ["The tool did not finish within 3s.", true],
          [`{"sky":"sunny in Rome"}`, false]
        ])
      }).pipe(
        handled(({ city }) =>
          city === "die"
            ? Effect.die(new Error("secret"))
            : city === "interrupt"
            ? Effect.interrupt
            : city === "hang"
            ? Effect.never
            : sunny({ city })
        ),
        provide(call("die", "interrupt", "hang", "Rome"), done)
      ))

    it.effect("gives each tool its own time, and all of them five minutes by default", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const own = yield* Effect.forkChild(
          Agent.run(session, "Weather?", { toolkit, timeout: (tool) => tool === "weather" ? "1 second" : "1 hour" })
        )
        yield* finish(own)
        const fiber = yield* Effect.forkChild(Agent.run(session, "Weather?", { toolkit }))
        const start = yield* Clock.currentTimeMillis
        yield* finish(fiber)

        assert.closeTo((yield* Clock.currentTimeMillis) - start, 300_000, 5000)
      }).pipe(
        handled(() => Effect.never),
        provide(call("Paris"), done, Script.toolCall("weather", { city: "Rome" }), done)
      ))

    it.effect("tells the model which tools there are when it calls another", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Weather?", { toolkit })

        assert.deepStrictEqual(yield* results, [[`There is no tool "wether". There are: weather.`, true]])
      }).pipe(handled(sunny), provide(Script.toolCall("wether"), done)))

    it.effect("does not mistake a toolset's member for a tool of the same name", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Weather?", { toolkit })

        assert.deepStrictEqual((yield* results)[0]?.[1], true)
        assert.include(JSON.stringify((yield* sent)[1]), `"toolset_name":"browser"`)
      }).pipe(
        handled(sunny),
        provide(
          Script.message({
            content: [
              {
                type: "tool_use",
                id: "toolu_1",
                name: "weather",
                input: { city: "Paris" },
                toolset_name: "browser"
              } as never
            ],
            stop_reason: "tool_use"
          }),
          done
        )
      ))

    it.effect("sends an input that does not match back with what is wrong with it", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Weather?", { toolkit })

        const [[text, isError] = []] = yield* results
        assert.isTrue(isError)
        assert.include(String(text), `["city"]`)
      }).pipe(handled(sunny), provide(call(7), done)))

    it.effect("sends an input that was cut back with where it broke off", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Stream.runDrain(Agent.stream(session, "Weather?", { toolkit }))

        assert.deepStrictEqual(yield* results, [[
          `The input is not a complete JSON object. It ends in "{\\"city\\":\\"Par". Call the tool again with the complete input.`,
          true
        ]])
      }).pipe(
        handled(sunny),
        provide(
          Script.events([
            {
              type: "message_start",
              message: {
                id: "msg_1",
                type: "message",
                role: "assistant",
                model: "claude-sonnet-5-5",
                content: [],
                stop_reason: null,
                stop_sequence: null,
                usage: { input_tokens: 1, output_tokens: 1 }
              }
            } as never,
            {
              type: "content_block_start",
              index: 0,
              content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {} }
            } as never,
            {
              type: "content_block_delta",
              index: 0,
              delta: { type: "input_json_delta", partial_json: `{"city":"Par` }
            } as never,
            { type: "content_block_stop", index: 0 } as never,
            {
              type: "message_delta",
              delta: { stop_reason: "max_tokens", stop_sequence: null },
              usage: { output_tokens: 9 }
            } as never,
            { type: "message_stop" }
          ]),
          done
        )
      ))

    it.effect("ends after so many turns, with the session waiting for results", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options })
        const outcome = yield* Agent.run(session, "Weather?", { toolkit, maxTurns: 2 })
        const waiting = (yield* session.history).status

        assert.deepStrictEqual([outcome.turns, outcome.calls, outcome.end], [2, 1, "turnLimit"])
        assert.strictEqual(waiting, "awaitingToolResults")
      }).pipe(
        handled(sunny),
        provide(call("Paris"), Script.toolCall("weather", { city: "Rome" }, { toolUseId: "toolu_9" }))
      ))

    it.effect("ends after sixteen turns by default", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)

        assert.strictEqual((yield* Agent.run(session, "Weather?", { toolkit })).turns, 16)
      }).pipe(
        handled(sunny),
        provide(...Array.from({ length: 20 }, (_, n) =>
          Script.toolCall("weather", { city: "Rome" }, { toolUseId: `toolu_${n}` })))
      ))

    it.effect("continues with open calls when it has no input", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Weather?", { toolkit, maxTurns: 1 })
        const { calls, end } = yield* Agent.run(session, undefined, { toolkit })

        assert.deepStrictEqual([calls, end], [1, "finished"])
      }).pipe(handled(sunny), provide(call("Paris"), done)))

    it.effect("gives the first turn its instructions and its rewind, and no other", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("One")
        yield* Agent.run(session, "Uno", { toolkit, turn: { rewind: 1, instructions: "Be brief.", max_tokens: 7 } })

        const bodies = (yield* sent).slice(1)
        assert.deepStrictEqual(bodies.map((body) => body.messages.filter(({ role }) => role === "system").length), [
          1,
          1
        ])
        assert.deepStrictEqual(bodies.map((body) => body["max_tokens"]), [7, 7])
        assert.strictEqual((yield* session.history).exchanges, 1)
      }).pipe(handled(sunny), provide(Script.reply("1"), call("Paris"), done)))

    it.effect("refuses two tools of one name, and a tool that cannot be described", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const twice = yield* Effect.flip(
          Agent.run(session, "Weather?", { toolkit, sources: [Agent.source(yield* toolkit)] })
        )

        assert.strictEqual(twice.message, `The tool "weather" cannot be described: there are two.`)
        assert.lengthOf(yield* sent, 0)
      }).pipe(handled(sunny), provide()))

    it.effect("sends what a tool shows instead of its result", () =>
      Effect.gen(function*() {
        const Shot = Tool.make("shot", {
          success: Schema.String,
          toModelOutput: (name) => [
            Prompt.textPart({ text: name }),
            ...["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "audio/wav"].map((mediaType) =>
              Prompt.filePart({ mediaType, data: samples[mediaType] ?? "aGk=" })
            ),
            ...["image/png", "application/pdf"].flatMap((mediaType) => [
              Prompt.filePart({
                mediaType,
                data: Uint8Array.from(atob(samples[mediaType] ?? ""), (letter) => letter.charCodeAt(0))
              }),
              Prompt.filePart({ mediaType, data: new URL("https://example.com/a") })
            ])
          ]
        })
        const shots = Toolkit.make(Shot)
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Look", { toolkit: shots }).pipe(
          Effect.provide(shots.toLayer({ shot: () => Effect.succeed("a.png") }))
        )

        assert.deepStrictEqual((yield* results)[0]?.[0], [
          Content.text("a.png"),
          Content.imageBase64(samples["image/png"], "image/png"),
          Content.imageBase64(samples["image/jpeg"], "image/jpeg"),
          Content.imageBase64(samples["image/gif"], "image/gif"),
          Content.imageBase64(samples["image/webp"], "image/webp"),
          Content.pdfBase64(samples["application/pdf"]),
          Content.text("[audio/wav omitted]"),
          Content.imageBase64(samples["image/png"], "image/png"),
          Content.imageUrl("https://example.com/a"),
          Content.pdfBase64(samples["application/pdf"]),
          Content.pdfUrl("https://example.com/a")
        ])
      }).pipe(provide(Script.toolCall("shot"), done)))

    it.effect("keeps what tools are given out of the spans of others", () =>
      Effect.gen(function*() {
        const spans: Array<Tracer.Span> = []
        const tracer = Tracer.make({
          span: (options) => {
            const span = new Tracer.NativeSpan(options)
            spans.push(span)
            return span
          }
        })
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Weather?", { toolkit }).pipe(
          Effect.withSpan("outer"),
          handled(({ city }) => Effect.withSpan(sunny({ city }), "inner")),
          Effect.provideService(Tracer.Tracer, tracer)
        )

        const attributes = spans.map(({ attributes, name }) => [name, JSON.stringify([...attributes])])
        assert.notInclude(JSON.stringify(attributes), "Paris")
        const outer = spans.find(({ name }) => name === "outer")
        assert.strictEqual(spans.find(({ name }) => name === "inner")?.traceId, outer?.traceId)
      }).pipe(provide(call("Paris"), done)))
  })

  describe("approve", () => {
    const Read = Tool.make("read", { success: Schema.String }).annotate(Tool.Readonly, true)
    const Act = Tool.make("act", { success: Schema.String })
    const Free = Tool.make("free", { success: Schema.String, needsApproval: false })
    const Guarded = Tool.make("guarded", { success: Schema.String, needsApproval: true }).annotate(Tool.Readonly, true)
    const Asking = Tool.make("asking", {
      parameters: Schema.Struct({ amount: Schema.Finite }),
      success: Schema.String,
      needsApproval: ({ amount }) => Effect.succeed(amount > 10)
    })
    const all = Toolkit.make(Read, Act, Free, Guarded, Asking)
    const done_ = () => Effect.succeed("ok")
    const live = all.toLayer({ read: done_, act: done_, free: done_, guarded: done_, asking: done_ })
    const calls = Script.toolCalls([
      { name: "read" },
      { name: "act" },
      { name: "free" },
      { name: "guarded" },
      { name: "asking", input: { amount: 1 } },
      { name: "asking", input: { amount: 11 } }
    ])

    it.effect("is asked before tools that act or say that they need it", () =>
      Effect.gen(function*() {
        const asked: Array<readonly [string, boolean]> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit: all,
          approve: ({ call, required }) =>
            Effect.sync(() => {
              asked.push([call.name, required])
              return call.name === "act" ? false : call.name === "guarded" ? "not on a Sunday" : true
            })
        })

        assert.deepStrictEqual(asked.toSorted(), [["act", false], ["asking", true], ["guarded", true]])
        assert.deepStrictEqual(yield* results, [
          ["ok", false],
          ["The call was denied.", true],
          ["ok", false],
          ["The call was denied: not on a Sunday", true],
          ["ok", false],
          ["ok", false]
        ])
      }).pipe(Effect.provide(live), provide(calls, done)))

    it.effect("is not asked about an input that the tool does not take, and sees what the schema made of it", () =>
      Effect.gen(function*() {
        const Pay = Tool.make("pay", {
          parameters: Schema.Struct({ amount: Schema.FiniteFromString }),
          success: Schema.String,
          needsApproval: ({ amount }) => amount === 7
        })
        const paying = Toolkit.make(Pay)
        const asked: Array<readonly [unknown, boolean]> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit: paying,
          approve: ({ call, required }) => Effect.sync(() => asked.push([call.input, required]) > 1)
        }).pipe(Effect.provide(paying.toLayer({ pay: () => Effect.succeed("paid") })))

        assert.deepStrictEqual(asked, [[{ amount: "7" }, true]])
        assert.deepStrictEqual((yield* results).map(([, isError]) => isError), [true, true, false])
      }).pipe(provide(
        Script.toolCalls([
          { name: "pay", input: { amount: "lots" } },
          { name: "pay", input: { amount: "7" } },
          { name: "pay", input: { amount: "8" } }
        ]),
        done
      )))

    it.effect("is needed by tools that say so: without it they wait", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const { end, pending } = yield* Agent.run(session, "Go", { toolkit: all })

        assert.strictEqual(end, "awaitingApproval")
        assert.deepStrictEqual(pending.map(({ needs }) => needs), ["approval", "approval"])
        assert.strictEqual((yield* sent).length, 1)
      }).pipe(Effect.provide(live), provide(calls, done)))
  })

  describe("when it is interrupted", () => {
    const interruptedIn = (agentOptions: { readonly whenInterrupted?: "close" | "rollback" }) =>
      Effect.gen(function*() {
        const hanging = yield* Latch.make()
        const session = yield* Session.open({ ...options, id: "ada" })
        yield* session.send("Hello")
        const before = yield* session.history
        const fiber = yield* Agent.run(session, "Weather?", { toolkit, ...agentOptions }).pipe(
          handled(({ city }) => city === "Rome" ? Effect.andThen(hanging.open, Effect.never) : sunny({ city })),
          Effect.forkChild
        )
        yield* hanging.await
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        return { session, before, exit: yield* Fiber.await(fiber) }
      })

    it.effect("keeps the results there are, and closes the other calls with an error that says so", () =>
      Effect.gen(function*() {
        const { exit, session } = yield* interruptedIn({})
        const again = yield* Session.open({ ...options, id: "ada" })
        const answer = yield* session.resume()

        assert.isTrue(Exit.hasInterrupts(exit))
        assert.strictEqual(Message.text(answer), "Done.")
        assert.deepStrictEqual((yield* sent).at(-1)?.messages.at(-1)?.content, [
          Content.toolResult("toolu_0", `{"sky":"sunny in Paris"}`),
          Content.toolResult("toolu_1", "The call was interrupted before it had a result.", { isError: true })
        ])
        assert.strictEqual((yield* again.history).status, "awaitingReply")
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(Script.reply("Hi"), call("Paris", "Rome"), done)))

    it.effect("goes back to before the run where so chosen", () =>
      Effect.gen(function*() {
        const { before, session } = yield* interruptedIn({ whenInterrupted: "rollback" })
        const again = yield* Session.open({ ...options, id: "ada" })

        assert.strictEqual(yield* session.history, before)
        assert.deepStrictEqual(History.entries(yield* again.history), History.entries(before))
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(Script.reply("Hi"), call("Paris", "Rome"))))

    it.effect("goes back to before the run though room was made in it, in the store, too", () =>
      Effect.gen(function*() {
        const session = yield* Session.open({
          ...options,
          id: "ada",
          contextWindow: { strategies: [ContextWindow.dropExchanges()], fillTo: 0 }
        })
        yield* Effect.forEach(["one", "two", "three"], (words) => session.send(words))
        const before = yield* session.history
        yield* Effect.flip(Agent.run(session, "Weather?", { toolkit, whenInterrupted: "rollback" }))
        const again = yield* Session.open({ ...options, id: "ada" })

        assert.strictEqual(yield* session.history, before)
        assert.deepStrictEqual(History.entries(yield* again.history), History.entries(before))
        assert.deepStrictEqual(Option.map(yield* session.lastResponse, Message.text), Option.some("3"))
        assert.strictEqual((yield* sent).at(-1)?.messages.length, 3, "space was made")
      }).pipe(
        handled(sunny),
        Effect.provide(SessionStore.layerMemory),
        provide(
          ...["1", "2", "3"].map((text) => Script.reply(text)),
          Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" }),
          call("Paris"),
          Script.status(529)
        )
      ))

    it.effect("forgets nothing that tools did when the model cannot be asked again", () =>
      Effect.gen(function*() {
        const ran = yield* Ref.make(0)
        const session = yield* Session.make(options)
        const error = yield* Agent.run(session, "Weather?", { toolkit }).pipe(
          handled(({ city }) => Effect.andThen(Ref.update(ran, (n) => n + 1), sunny({ city }))),
          Effect.flip
        )
        yield* session.resume()

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual(yield* Ref.get(ran), 1)
        assert.deepStrictEqual((yield* sent).at(-1)?.messages, (yield* sent).at(-2)?.messages)
      }).pipe(provide(call("Paris"), Script.status(529), done)))
  })

  describe("from inside a tool", () => {
    it.effect("a turn of the same session fails, whatever fiber sends it, and a fork talks", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const reentrant = (send: Effect.Effect<unknown, Session.TurnError>) =>
          Effect.map(Effect.flip(send), (error) => error._tag === "SessionBusyError" && error.reentrant)
        yield* Agent.run(session, "Weather?", { toolkit }).pipe(handled(({ city }) => {
          if (city === "direct") {
            return Effect.map(Effect.orDie(reentrant(session.send("x"))), (sky) => ({ sky: String(sky) }))
          }
          if (city === "forked") {
            return Effect.map(
              Effect.orDie(
                Effect.flatMap(Effect.forkChild(reentrant(Stream.runDrain(session.stream("x")))), Fiber.join)
              ),
              (sky) => ({ sky: String(sky) })
            )
          }
          return session.fork().pipe(
            Effect.flatMap((fork) => fork.send("x")),
            Effect.map((message) => ({ sky: Message.text(message) })),
            Effect.orDie
          )
        }))

        const content = (yield* sent).at(-1)?.messages.at(-1)?.content
        assert.deepStrictEqual(
          content,
          [true, true, "Fine"].map((sky, n) => Content.toolResult(`toolu_${n}`, `{"sky":"${sky}"}`))
        )
      }).pipe(provide(
        call("direct", "forked", "fork"),
        Script.respondWith(({ body }) => JSON.stringify(body).includes(`"text":"x"`) ? Script.reply("Fine") : done),
        done
      )))
  })

  it.effect("from inside a tool of another session's run, a turn fails, too", () =>
    Effect.gen(function*() {
      const [outer, inner] = yield* Effect.all([Session.make(options), Session.make(options)])
      const within = Effect.flip(outer.send("x")).pipe(
        Effect.map(({ _tag }) => ({ sky: _tag })),
        Effect.orDie
      )
      yield* Agent.run(outer, "Weather?", { toolkit }).pipe(handled(() =>
        Agent.run(inner, "Weather?", { toolkit }).pipe(
          handled(() => within),
          Effect.orDie,
          Effect.as({ sky: "blue" })
        )
      ))

      assert.include(JSON.stringify((yield* sent)[2]?.messages), "SessionBusyError")
    }).pipe(provide(call("Paris"), call("Rome"), done, done)))

  describe("stream", () => {
    it.effect("tells what happens, as it happens", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const events = yield* Stream.runCollect(Agent.stream(session, "Weather?", { toolkit }))

        const shown = events.map((event) => {
          switch (event._tag) {
            case "TurnStarted":
              return `turn ${event.turn}`
            case "Text":
            case "Thinking":
              return `${event._tag} ${event.text}`
            case "ToolInput":
              return `${event.id} ${event.name} ${event.json}`
            case "ToolStarted":
              return `start ${event.call.id}`
            case "ToolProgress":
              return `progress ${JSON.stringify(event.result)}`
            case "ToolFinished":
              return `finish ${event.result.tool_use_id}`
            case "TurnCommitted":
              return `committed ${event.turn}`
            case "Finished":
              return `${event.outcome.end} ${event.outcome.turns}`
          }
        })
        assert.deepStrictEqual(shown, [
          "turn 1",
          "Text Let me see.",
          `toolu_1 weather {"city":"Paris"}`,
          "committed 1",
          "start toolu_1",
          "finish toolu_1",
          "turn 2",
          "Thinking Sunny.",
          "Text Done.",
          "committed 2",
          "finished 2"
        ])
        assert.deepStrictEqual(History.toMessages(yield* session.history).length, 4)
      }).pipe(
        handled(sunny),
        provide(
          Script.toolCall("weather", { city: "Paris" }, { toolUseId: "toolu_1", text: "Let me see." }).pipe(
            Script.chunked("whole")
          ),
          Script.reply({ text: "Done.", thinking: "Sunny." }).pipe(Script.chunked("whole"))
        )
      ))

    it.effect("tells what a tool shows before it is done", () =>
      Effect.gen(function*() {
        const Slow = Toolkit.make(Tool.make("slow", { success: Schema.Finite }))
        const live = Slow.toLayer({
          slow: (_, { preliminary }) => Effect.as(Effect.andThen(preliminary(1), preliminary(2)), 3)
        })
        const session = yield* Session.make(options)
        const events = yield* Stream.runCollect(Agent.stream(session, "Go", { toolkit: Slow })).pipe(
          Effect.provide(live)
        )

        assert.deepStrictEqual(events.flatMap((event) => event._tag === "ToolProgress" ? [event.result] : []), [1, 2])
        assert.deepStrictEqual((yield* results)[0], ["3", false])
      }).pipe(provide(Script.toolCall("slow"), done)))

    it.effect("tells of a prompt that fills much of the window, before it is sent, whoever else is told", () =>
      Effect.gen(function*() {
        const told: Array<number> = []
        const session = yield* Session.make({
          ...options,
          contextWindow: { warnAt: 0.5, onWarning: ({ tokens }) => Effect.sync(() => void told.push(tokens)) }
        })
        const events = yield* Stream.runCollect(Agent.stream(session, "Weather?", { toolkit }))
        const own = yield* Stream.runCollect(
          Agent.stream(session, "Weather?", { toolkit, turn: { contextWindow: { warnAt: 0.9 } } })
        )

        const tags = events.map(({ _tag }) => _tag)
        assert.deepStrictEqual(tags.filter((tag) => tag !== "ToolInput"), [
          "TurnStarted",
          "TurnCommitted",
          "ToolStarted",
          "ToolFinished",
          "TurnStarted",
          "WindowWarning",
          "Text",
          "TurnCommitted",
          "Finished"
        ])
        const warnings = events.flatMap((event) => event._tag === "WindowWarning" ? [event.warning] : [])
        assert.isAtLeast(warnings[0]?.tokens ?? 0, 600_000)
        assert.deepStrictEqual(told, warnings.map(({ tokens }) => tokens))
        assert.isFalse(own.some(({ _tag }) => _tag === "WindowWarning"))
      }).pipe(
        handled(sunny),
        provide(
          ...["toolu_0", "toolu_1"].flatMap((id) => [
            Script.message({
              content: [{ type: "tool_use", id, name: "weather", input: { city: "Paris" } }],
              stop_reason: "tool_use",
              usage: { input_tokens: 600_000, output_tokens: 10 }
            }),
            done
          ])
        )
      ))

    it.effect("interrupts the run when it is left", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.stream(session, "Weather?", { toolkit }).pipe(
          Stream.takeUntil(({ _tag }) => _tag === "ToolStarted"),
          Stream.runDrain,
          handled(() => Effect.never)
        )
        yield* session.resume()

        assert.include(JSON.stringify((yield* sent).at(-1)), "The call was interrupted before it had a result.")
      }).pipe(provide(call("Paris"), done)))

    it.effect("that is left lying gives way to whoever waits, and fails when it is read on", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const reader = yield* Agent.stream(session, "Weather?", { toolkit }).pipe(
          Stream.runForEach(({ _tag }) => _tag === "ToolStarted" ? Effect.sleep("1 hour") : Effect.void),
          Effect.flip,
          handled(() => Effect.never),
          Effect.forkChild
        )
        yield* TestClock.adjust("1 second")
        const answer = yield* finish(yield* Effect.forkChild(session.send("Me too")))
        yield* TestClock.adjust("1 hour")
        const error = yield* Fiber.join(reader)

        assert.strictEqual(Message.text(answer), "Done.")
        assert.deepInclude(error, { _tag: "TurnAbandonedError" })
        const content = (yield* sent).at(-1)?.messages.at(-1)?.content
        assert.deepStrictEqual(content, [
          Content.toolResult("toolu_0", "The call was interrupted before it had a result.", { isError: true }),
          Content.text("Me too")
        ])
      }).pipe(provide(call("Paris"), done)))

    it.effect("that is read keeps the session, however long a tool takes", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const reader = yield* Effect.forkChild(Stream.runDrain(Agent.stream(session, "Weather?", { toolkit })))
        yield* TestClock.adjust("1 second")
        const other = yield* Effect.forkChild(session.send("Me too"))
        yield* finish(reader)
        yield* finish(other)

        assert.deepStrictEqual((yield* sent).map(({ messages }) => messages.length), [1, 3, 5])
      }).pipe(
        handled(({ city }) => Effect.as(Effect.sleep("2 minutes"), { sky: city })),
        provide(call("Paris"), done, Script.reply("Hello"))
      ))

    it.effect("fails as the run fails", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const error = yield* Effect.flip(Stream.runDrain(Agent.stream(session, "Weather?", { toolkit })))

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual(yield* session.history, History.empty)
      }).pipe(handled(sunny), provide(Script.status(529))))

    it.effect("refuses its consumer the session, and has given it up when it is finished", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const tags = yield* Agent.stream(session, "Weather?", { toolkit }).pipe(
          Stream.mapEffect((event): Effect.Effect<string, unknown> =>
            event._tag === "Finished"
              ? Effect.map(session.send("And now?"), Message.text)
              : event._tag === "ToolStarted"
              ? Effect.map(Effect.flip(session.send("x")), ({ _tag }) => _tag)
              : Effect.succeed("")
          ),
          Stream.filter((tag) => tag !== ""),
          Stream.runCollect
        )

        assert.deepStrictEqual(tags, ["SessionBusyError", "Bye"])
      }).pipe(handled(sunny), provide(call("Paris"), done, Script.reply("Bye"))))
  })

  describe("source", () => {
    it.effect("adds the tools of another origin", () =>
      Effect.gen(function*() {
        const remote = Toolkit.make(Tool.dynamic("remote_time", {
          parameters: { type: "object", properties: { zone: { type: "string" } } },
          success: Schema.String
        }))
        const handlers = yield* Effect.provide(remote, remote.toLayer({ remote_time: () => Effect.succeed("noon") }))
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Time?", { toolkit, sources: [Agent.source(handlers)] })

        assert.deepStrictEqual(yield* results, [["noon", false]])
        const tools = (yield* sent)[0]?.["tools"] as ReadonlyArray<{ readonly name: string }>
        assert.deepStrictEqual(tools.map(({ name }) => name), ["weather", "remote_time"])
      }).pipe(handled(sunny), provide(Script.toolCall("remote_time", { zone: "UTC" }), done)))

    it.live("runs the tools of an MCP server that is another process", () =>
      Effect.gen(function*() {
        const client = yield* McpClient.McpClient
        const remote = yield* McpClient.toolkit(client, "sums__")
        const session = yield* Session.make(options)
        const outcome = yield* Agent.run(session, "Add", { toolkit, sources: [Agent.source(remote)] })

        assert.strictEqual(outcome.calls, 4)
        const back = yield* results
        assert.deepStrictEqual(back[0], ["5", false])
        assert.include(String(back[1]?.[0]), "Not today.")
        assert.strictEqual(back[1]?.[1], true)
        assert.include(String(back[2]?.[0]), "b")
        assert.strictEqual(back[2]?.[1], true)
        assert.deepStrictEqual(back[3], [`{"sky":"sunny in Paris"}`, false])
        const tools = (yield* sent)[0]?.["tools"] as ReadonlyArray<
          { readonly name: string; readonly input_schema: { readonly properties?: object } }
        >
        assert.deepStrictEqual(tools.map(({ name }) => name), ["weather", "sums__add", "sums__refuse"])
        assert.hasAllKeys(tools[1]?.input_schema.properties ?? {}, ["a", "b"])
        assert.deepStrictEqual(History.check(yield* session.history), [])
      }).pipe(
        handled(sunny),
        Effect.provide(Layer.provide(
          McpClient.layerStdio({
            name: "test",
            version: "1.0.0",
            command: ChildProcess.make(process.execPath, [fileURLToPath(new URL("./mcp/server.ts", import.meta.url))]),
            protocol: McpProtocol.v2025_11_25
          }),
          NodeServices.layer
        )),
        provide(
          Script.toolCalls([
            { name: "sums__add", input: { a: 2, b: 3 }, id: "toolu_0" },
            { name: "sums__refuse", input: {}, id: "toolu_1" },
            { name: "sums__add", input: { a: 2 }, id: "toolu_2" },
            { name: "weather", input: { city: "Paris" }, id: "toolu_3" }
          ]),
          done
        )
      ), 30_000)
  })

  it.effect("leaves the server's own tools to the server", () =>
    Effect.gen(function*() {
      const Search = Tool.providerDefined({
        id: "claude.web_search_20250305",
        customName: "ClaudeWebSearch",
        providerName: "web_search",
        args: Schema.Struct({ type: Schema.String, name: Schema.String })
      })({ type: "web_search_20250305", name: "web_search" })
      const mixed = Toolkit.make(Weather, Search)
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Weather?", { toolkit: mixed }).pipe(handled(sunny))

      const tools = (yield* sent)[0]?.["tools"] as ReadonlyArray<{ readonly name: string }>
      assert.deepStrictEqual(tools.map(({ name }) => name), ["weather", "web_search"])
      assert.deepStrictEqual(yield* results, [[`There is no tool "web_search". There are: weather.`, true]])
    }).pipe(provide(Script.toolCall("web_search"), done)))

  it.effect("holds the session for all of its run", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const fiber = yield* Agent.run(session, "Weather?", { toolkit }).pipe(
        handled(({ city }) => Effect.andThen(Effect.sleep("1 second"), sunny({ city }))),
        Effect.forkChild
      )
      yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(1)
      const other = yield* Effect.forkChild(session.send("Me too"))
      yield* finish(fiber)
      yield* finish(other)

      assert.deepStrictEqual((yield* sent).at(-1)?.messages.at(-1), user("Me too"))
      assert.lengthOf((yield* sent).at(-1)?.messages ?? [], 5)
    }).pipe(provide(call("Paris"), done, Script.reply("Hello"))))
})
