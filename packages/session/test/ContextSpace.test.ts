import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Agent from "@effect-claude/session/Agent"
import type { AgentEvent } from "@effect-claude/session/AgentEvent"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { options, provide, sent } from "./scripted.ts"

const toolkit = Toolkit.make(Tool.make("read", { parameters: Schema.Struct({}), success: Schema.String }))

const reads = (text: string) => Effect.provide(toolkit.toLayer({ read: () => Effect.succeed(text) }))

/** How many tokens a prompt has: four characters are one. */
const tokensOf = (body: unknown): number => Math.ceil(JSON.stringify(body).length / 4)

interface Window {
  readonly tokens: number
  readonly rounds: number
}

/** A model with a window that calls a tool for a number of rounds. It refuses what does not fit. */
const model = ({ rounds, tokens }: Window): Script.Script => {
  let round = 0
  return Script.respondWith(({ body }) => {
    const { messages } = body as { readonly messages: ReadonlyArray<MessageRequest.MessageParam> }
    const size = tokensOf(messages)
    if (size > tokens) {
      return Script.status(400, { message: `prompt is too long: ${size} tokens > ${tokens} maximum` })
    }
    const usage = { input_tokens: size, output_tokens: 20 }
    if (JSON.stringify(messages.at(-1)).includes("Summarise our conversation")) {
      return Script.reply({ text: `Read ${round} files.`, usage })
    }
    round++
    return round > rounds
      ? Script.reply({ text: "Done", usage })
      : Script.message({
        content: [{ type: "tool_use", id: `toolu_${round}`, name: "read", input: {} }],
        stop_reason: "tool_use",
        usage
      })
  })
}

const strategies = {
  dropRounds: [ContextWindow.dropRounds()],
  clearToolResults: [ContextWindow.clearToolResults()],
  compact: [ContextWindow.compact()]
} as const

describe("a long run", () => {
  it.effect.each(["dropRounds", "clearToolResults", "compact"] as const)(
    "of 200 rounds of 8 KB finishes in a window of 100,000 tokens with %s",
    (strategy) =>
      Effect.gen(function*() {
        const session = yield* Session.make({
          ...options,
          contextWindow: { strategies: strategies[strategy], tokens: 100_000 }
        })
        const outcome = yield* Agent.run(session, "Read all files.", { toolkit, maxTurns: 300 })
        const history = yield* session.history

        assert.deepStrictEqual([outcome.end, outcome.calls, outcome.turns], ["finished", 200, 201])
        assert.deepStrictEqual(History.check(history), [])
        assert.isTrue(JSON.stringify(History.toMessages(history)[0]).includes("Read all files."))
        // Nothing is lost: all 200 results are entries of the history.
        const results = History.entries(history).filter((entry) =>
          entry._tag === "User" && entry.content.some((block) => block.type === "tool_result")
        )
        assert.lengthOf(results, 200)
      }).pipe(reads("x".repeat(8000)), provide(model({ rounds: 200, tokens: 100_000 }))),
    120_000
  )

  it.effect.each(["dropRounds", "clearToolResults", "compact"] as const)(
    "finishes with %s when the window is smaller than the program knows",
    (strategy) =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, contextWindow: { strategies: strategies[strategy] } })
        const events = yield* Stream.runCollect(
          Agent.stream(session, "Read all files.", { toolkit, maxTurns: 300 })
        )
        const edits = events.flatMap((event: AgentEvent) => event._tag === "ContextEdited" ? [event.edit] : [])

        assert.strictEqual(events.at(-1)?._tag, "Finished")
        assert.isAbove(edits.length, 0)
        assert.isTrue(edits.every((edit) => "freed" in edit && edit.freed > 0))
      }).pipe(reads("x".repeat(8000)), provide(model({ rounds: 60, tokens: 40_000 }))),
    120_000
  )

  it.effect("combines strategies in their order", () =>
    Effect.gen(function*() {
      const session = yield* Session.make({
        ...options,
        contextWindow: {
          strategies: [ContextWindow.clearToolResults({ keep: 4 }), ContextWindow.dropRounds()],
          tokens: 10_000,
          fillTo: 0.2
        }
      })
      yield* Agent.run(session, "Read all files.", { toolkit, maxTurns: 300 })
      const edits = History.entries(yield* session.history).flatMap((entry) =>
        entry._tag === "Edit" ? [entry.edit.type] : []
      )

      assert.strictEqual(edits[0], "clear_tool_results")
      assert.include(edits, "drop_rounds")
    }).pipe(reads("x".repeat(4000)), provide(model({ rounds: 40, tokens: 10_000 }))))

  it.effect("finishes with compact when the conversation is several windows long", () =>
    Effect.gen(function*() {
      const session = yield* Session.make({ ...options, contextWindow: { strategies: strategies.compact } })
      for (let n = 0; n < 20; n++) yield* session.send(`Document ${n}: ${"x".repeat(40_000)}`)
      // The same conversation, with a model of a smaller window.
      const size = tokensOf((yield* sent).at(-1)?.messages)
      yield* Ref.set((yield* ClaudeTest.ClaudeTest).script, model({ rounds: 0, tokens: 40_000 }))
      yield* session.send("And now?")

      assert.isAbove(size, 4 * 40_000)
      assert.isAtMost(tokensOf((yield* sent).at(-1)?.messages), 40_000)
    }).pipe(provide(model({ rounds: 0, tokens: 1_000_000 }))))

  it.effect("sends a summary with whole characters", () =>
    Effect.gen(function*() {
      const session = yield* Session.open({
        ...options,
        id: "ada",
        contextWindow: { strategies: [ContextWindow.compact({ keep: 0 })] }
      })
      yield* session.send("x".repeat(4000))
      yield* session.send("And now?")
      yield* (yield* Session.open({ ...options, id: "ada" })).send("And then?")

      for (const body of (yield* sent).slice(-2)) {
        assert.include(JSON.stringify(body.messages), "Half: \ufffd")
        assert.notInclude(JSON.stringify(body.messages), "\\ud83d")
      }
    }).pipe(
      Effect.provide(SessionStore.layerMemory),
      provide(
        Script.reply("ok"),
        Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" }),
        Script.reply("Half: \ud83d"),
        Script.reply("ok"),
        Script.reply("ok")
      )
    ))

  it.effect("keeps the space that it made when it fails, and the next input is accepted", () =>
    Effect.gen(function*() {
      const session = yield* Session.make({ ...options, contextWindow: { strategies: strategies.dropRounds } })
      yield* Effect.flip(Agent.run(session, "Read all files.", { toolkit, maxTurns: 300 }))
      yield* session.send("Never mind; say hello")

      const bodies = yield* sent
      assert.isBelow(tokensOf(bodies.at(-1)?.messages), 3000)
      assert.strictEqual(bodies.length, 6)
    }).pipe(
      reads("x".repeat(4000)),
      provide(
        ...[1, 2, 3].map((n) => Script.toolCall("read", {}, { toolUseId: `toolu_${n}` })),
        Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" }),
        Script.status(529),
        Script.reply("Hello")
      )
    ))
})

describe("a result", () => {
  const long = "a".repeat(100_000) + "b".repeat(100_000)

  it.effect("that is too long is cut in its middle, and says how much is missing", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Read.", { toolkit })

      const content = contentOf((yield* sent)[1])
      assert.isTrue(content.startsWith("aaa") && content.endsWith("bbb"))
      assert.include(content, "[100000 of 200000 characters left out: the result was too long]")
      assert.isBelow(content.length, 100_100)
    }).pipe(reads(long), provide(Script.toolCall("read"), Script.reply("ok"))))

  it.effect("has the limit that it is given", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Read.", { toolkit, maxResultLength: 10 })

      assert.include(contentOf((yield* sent)[1]), "[199990 of 200000 characters left out: the result was too long]")
    }).pipe(reads(long), provide(Script.toolCall("read"), Script.reply("ok"))))

  it.effect("that fits is sent as it is", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Read.", { toolkit, maxResultLength: 200_000 })

      assert.strictEqual(contentOf((yield* sent)[1]), long)
    }).pipe(reads(long), provide(Script.toolCall("read"), Script.reply("ok"))))

  it.effect("that does not fit the window is replaced by an error that says so", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const { end } = yield* Agent.run(session, "Read.", { toolkit })
      yield* session.send("And now?")

      assert.strictEqual(end, "finished")
      assert.include(contentOf((yield* sent)[2]), "The API refused the result of this call.")
      assert.include(contentOf((yield* sent)[2]), "prompt is too long")
    }).pipe(reads(long), provide(model({ rounds: 1, tokens: 20_000 }))))
})

const contentOf = (body: { readonly messages: ReadonlyArray<MessageRequest.MessageParam> } | undefined): string => {
  const [block] = body?.messages[2]?.content ?? []
  return typeof block === "object" && block.type === "tool_result" ? String(block.content) : ""
}
