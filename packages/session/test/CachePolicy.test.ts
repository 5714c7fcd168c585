import * as Content from "@effect-claude/core/Content"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as CachePolicy from "@effect-claude/session/CachePolicy"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Result, Stream } from "effect"
import { apply, Steps, toolUse } from "./builders.ts"
import { finish, options, provide, sent, tool } from "./scripted.ts"

const { text } = Content
const { cached } = Content
const { user } = MessageRequest

const base = { model: "claude-sonnet-5-5", max_tokens: 100 }

const turns = [
  user([text("one")]),
  MessageRequest.assistant([text("1")]),
  user([text("two")]),
  MessageRequest.assistant([text("2")]),
  user([text("three"), text("and four")])
]

/** The paths of all breakpoints, in the order of the prompt. */
const marks = (request: MessageRequest.MessageRequest): ReadonlyArray<string> => {
  const isMarked = (part: object) => "cache_control" in part && part.cache_control !== undefined
  return [
    ...(request.tools ?? []).flatMap((tool, n) => isMarked(tool) ? [`tools ${n}`] : []),
    ...(typeof request.system === "object" ? request.system : []).flatMap((block, n) =>
      isMarked(block) ? [`system ${n}`] : []
    ),
    ...request.messages.flatMap((turn, n) =>
      MessageRequest.blocks(turn.content).flatMap((block, at) => isMarked(block) ? [`messages ${n} ${at}`] : [])
    )
  ]
}

describe("CachePolicy", () => {
  describe("apply", () => {
    it("marks the tools, the system prompt, and the last two turns of the user", () => {
      const request = CachePolicy.apply({
        ...base,
        tools: [tool, { ...tool, name: "b" }],
        system: "s",
        messages: turns
      }, "auto")

      assert.deepStrictEqual(marks(request), ["tools 1", "system 0", "messages 2 0", "messages 4 1"])
      assert.deepStrictEqual(request.system, [{ type: "text", text: "s", cache_control: { type: "ephemeral" } }])
    })

    it("marks what there is", () => {
      assert.deepStrictEqual(marks(CachePolicy.apply({ ...base, messages: turns.slice(0, 1) }, "auto")), [
        "messages 0 0"
      ])
      assert.deepStrictEqual(marks(CachePolicy.apply({ ...base, system: "", tools: [], messages: [] }, "auto")), [])
    })

    it("keeps prompts for as long as it is told", () => {
      const request = CachePolicy.apply({ ...base, system: "s", messages: turns }, { ttl: "1h" })

      assert.deepStrictEqual(request.system, [
        { type: "text", text: "s", cache_control: { type: "ephemeral", ttl: "1h" } }
      ])
    })

    it("leaves alone each part that has breakpoints of its own", () => {
      const own = {
        ...base,
        tools: [cached({ ...tool, type: "custom" }), tool],
        system: [cached(text("a")), text("b")],
        messages: [user([cached(text("one")), text("two")])]
      }

      assert.deepStrictEqual(marks(CachePolicy.apply(own, "auto")), ["tools 0", "system 0", "messages 0 0"])
      assert.deepStrictEqual(marks(CachePolicy.apply({ ...own, tools: [tool] }, "auto")), [
        "tools 0",
        "system 0",
        "messages 0 0"
      ])
    })

    it("never makes them more than four, and spends them on what comes last", () => {
      const system = [1, 2, 3].map((n) => cached(text(String(n))))

      assert.deepStrictEqual(marks(CachePolicy.apply({ ...base, tools: [tool], system, messages: turns }, "auto")), [
        "system 0",
        "system 1",
        "system 2",
        "messages 4 1"
      ])
      const markedTool = { ...tool, cache_control: { type: "ephemeral" } } as const
      const marked = { ...base, tools: [markedTool, markedTool], system: system.slice(0, 1), messages: turns }
      assert.deepStrictEqual(marks(CachePolicy.apply(marked, "auto")), [
        "tools 0",
        "tools 1",
        "system 0",
        "messages 4 1"
      ])
    })

    it("marks the end of a system prompt that comes as blocks, unless that is blank", () => {
      const apply = (...system: ReadonlyArray<string>) =>
        marks(CachePolicy.apply({ ...base, system: system.map((words) => text(words)), messages: [] }, "auto"))

      assert.deepStrictEqual(apply("a", "b"), ["system 1"])
      assert.deepStrictEqual(apply("a", " "), [])
      assert.deepStrictEqual(apply(), [])
    })

    it("leaves it to the API where the request itself is marked", () => {
      const request = { ...base, cache_control: { type: "ephemeral" }, system: "s", messages: turns } as const

      assert.strictEqual(CachePolicy.apply(request, "auto"), request)
    })

    it("marks the last tool that is there from the start, and no block of tomorrow", () => {
      const later = { ...tool, name: "later", defer_loading: true }
      const tomorrow = JSON.parse(`{"type":"hologram"}`) as Content.Content

      assert.deepStrictEqual(
        marks(CachePolicy.apply({ ...base, tools: [tool, later], messages: [user([tomorrow])] }, "auto")),
        ["tools 0"]
      )
    })

    it("changes nothing where it is manual, and removes all where it is off", () => {
      const request = {
        ...base,
        cache_control: { type: "ephemeral" },
        tools: [cached({ ...tool, type: "custom" as const })],
        system: [cached(text("s"))],
        messages: [user([cached(text("a"))]), MessageRequest.assistant("b"), user("c")]
      } as const
      const off = CachePolicy.apply(request, "off")

      assert.strictEqual(CachePolicy.apply(request, "manual"), request)
      assert.notInclude(JSON.stringify(off), "cache_control")
      assert.deepStrictEqual(JSON.parse(JSON.stringify(off)), {
        ...base,
        tools: [{ ...tool, type: "custom" }],
        system: [text("s")],
        messages: [user([text("a")]), MessageRequest.assistant("b"), user("c")]
      })
    })

    it.prop("breakpoints are at most four, and what one request marks last the next reads", [Steps], ([steps]) => {
      let history = History.empty
      let before: MessageRequest.MessageRequest | undefined
      for (const step of steps) {
        history = apply(history, step._tag === "Rewind" ? { ...step, count: 0 } : step)
        if (history.status !== "awaitingReply") continue
        const plain = { ...base, system: "s", tools: [tool], messages: History.toMessages(history) }
        const after = CachePolicy.apply(plain, "auto")

        assert.isAtMost(JSON.stringify(after).split("cache_control").length - 1, 4)
        if (
          before !== undefined && Option.isNone(CachePolicy.changeOf(before, after)) &&
          JSON.stringify(plain).includes("cache_control") === false
        ) {
          const last = marks(before).at(-1) ?? ""
          const turn = Number(last.split(" ")[1])
          const grew = after.messages.length > before.messages.length
          const users = after.messages.slice(turn + 1).filter(({ role }) => role === "user").length
          if (grew && users === 1) assert.include(marks(after), last)
        }
        before = after
      }
    })
  })

  describe("in a session", () => {
    it.effect("is automatic unless told otherwise", () =>
      Effect.gen(function*() {
        const { cache: _, ...plain } = options
        const session = yield* Session.make({ ...plain, system: "s" })
        yield* session.send("one")
        yield* session.send("two", { cache: "off" })
        yield* session.send("three")

        const found = (yield* sent).map((body) => marks(body as unknown as MessageRequest.MessageRequest))
        assert.deepStrictEqual(found, [
          ["system 0", "messages 0 0"],
          [],
          ["system 0", "messages 2 0", "messages 4 0"]
        ])
      }).pipe(provide(Script.reply("1"), Script.reply("2"), Script.reply("3"))))

    it.effect("says what changed where nothing was read from the cache", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, system: "It is noon.", tools: [tool] })
        const missed = (run: Effect.Effect<unknown, unknown>) =>
          Effect.map(run, () => Option.getOrUndefined(Option.map(session.state.value.cacheMiss, ({ path }) => path)))

        assert.isUndefined(yield* missed(session.send("one")))
        assert.isUndefined(yield* missed(session.send("two")))
        yield* session.configure({ system: "It is one." })
        assert.strictEqual(yield* missed(session.send("three")), "system[0]")
        assert.isUndefined(yield* missed(Stream.runDrain(session.stream("four"))))
        const other = { ...tool, description: "Another." }
        assert.strictEqual(yield* missed(Stream.runDrain(session.stream("five", { tools: [other] }))), "tools[0]")
        // It was read after all, so there is nothing to explain.
        assert.isUndefined(yield* missed(session.send("six", { tools: [tool] })))
        assert.strictEqual(yield* missed(session.edit(1, "another six")), "messages[10].content[0]")
      }).pipe(provide(
        ...Array.from({ length: 5 }, () => Script.reply("Yes.")),
        Script.reply({ text: "Yes.", usage: { cache_read_input_tokens: 9 } }),
        Script.reply("Yes.")
      )))

    it.effect("still says so when the prompt is tried again", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one")
        yield* session.configure({ system: "New." })
        const fiber = yield* Effect.forkChild(Stream.runDrain(session.stream("two")))
        yield* finish(fiber)

        assert.lengthOf(yield* sent, 3)
        assert.deepStrictEqual(session.state.value.cacheMiss, Option.some({ part: "system", path: "system[0]" }))
      }).pipe(Effect.provide(
        Claude.layer({
          apiKey: Redacted.make("sk-ant-test"),
          retry: Result.getOrThrow(RetryPolicy.make({ maxRetries: 1 }))
        }).pipe(Layer.provideMerge(ClaudeTest.layer(Script.sequence(
          Script.reply("Yes."),
          Script.reply("Yes.").pipe(Script.cutAfter({ events: 1 })),
          Script.reply("Yes.")
        ))))
      )))
  })

  describe("report", () => {
    const answer = (usage: object, model = "claude-haiku-4-5") => ({
      model,
      usage: { input_tokens: 0, output_tokens: 0, ...usage }
    })

    it("says how much was read from the cache, which prompts were not, and what it saved", () => {
      const report = CachePolicy.report([
        answer({ input_tokens: 1000, cache_creation_input_tokens: 1_000_000 }),
        answer({ input_tokens: 1000, cache_read_input_tokens: 1_000_000 })
      ])

      assert.deepStrictEqual([report.read, report.written, report.misses], [1_000_000, 1_000_000, [0]])
      assert.closeTo(report.hitRate, 1_000_000 / 2_002_000, 1e-9)
      assert.closeTo(Option.getOrThrow(report.saved), 0.9 - 0.25, 1e-6)
    })

    it("knows no savings where a price is not known, and nothing of nothing", () => {
      assert.deepStrictEqual(CachePolicy.report([answer({ input_tokens: 1 }, "claude-tomorrow")]).saved, Option.none())
      assert.deepStrictEqual(CachePolicy.report([]), {
        hitRate: 0,
        misses: [],
        read: 0,
        written: 0,
        saved: Option.some(0)
      })
    })
  })

  describe("changeOf", () => {
    const before = { ...base, tools: [tool], system: "s", messages: turns.slice(0, 3) }
    const path = (after: Partial<MessageRequest.MessageRequest>) =>
      Option.getOrUndefined(CachePolicy.changeOf(before, { ...before, ...after }))?.path

    it("finds nothing where a request only goes on", () => {
      assert.isUndefined(path({}))
      assert.isUndefined(path({ messages: turns, max_tokens: 7 }))
      assert.isUndefined(path({ system: [cached(text("s"))] }))
    })

    it("finds the first part that is not what it was", () => {
      assert.strictEqual(path({ model: "claude-opus-5-5", tools: [] }), "model")
      assert.strictEqual(path({ tools: [{ ...tool, description: "new" }], system: "t" }), "tools[0]")
      assert.strictEqual(path({ tools: [tool, { ...tool, name: "b" }] }), "tools[1]")
      assert.strictEqual(path({ tools: [] }), "tools[0]")
      assert.strictEqual(path({ system: "t", messages: [] }), "system[0]")
      assert.strictEqual(
        path({ messages: [turns[0]!, MessageRequest.assistant([text("uno")]), turns[2]!] }),
        "messages[1].content[0]"
      )
      assert.strictEqual(path({ messages: turns.slice(0, 1) }), "messages[1].content[0]")
      assert.strictEqual(
        path({ messages: [turns[0]!, MessageRequest.assistant([toolUse("t")])] }),
        "messages[1].content[0]"
      )
    })

    it("finds the same whether two prompts share their turns or only say the same", () => {
      for (let different = 0; different < 3; different++) {
        const messages = turns.map((turn, index) => index === different ? { ...turn, content: "else" } : turn)

        assert.strictEqual(path({ messages }), `messages[${different}].content[0]`)
        assert.strictEqual(path({ messages: structuredClone(messages) }), `messages[${different}].content[0]`)
      }
      assert.isUndefined(path({ messages: structuredClone(turns) }))
    })

    it("does not look into the turns that two prompts share", () => {
      let looked = 0
      const content = [{
        type: "text",
        get text() {
          looked++
          return "a"
        }
      }] as const
      const first = { ...before, messages: [{ role: "user", content }, MessageRequest.assistant("b")] } as const

      const after = { ...first, messages: [...first.messages, MessageRequest.user("c")] }
      assert.isTrue(Option.isNone(CachePolicy.changeOf(first, after)))
      assert.strictEqual(looked, 0)
    })
  })
})
