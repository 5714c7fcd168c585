import * as Content from "@effect-claude/core/Content"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Agent from "@effect-claude/session/Agent"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { options, provide, sent } from "./scripted.ts"

const png = "iVBORw0KGgo="
const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0))

/** The content of the first result that is sent back for a call of `look`. */
const resultOf = Effect.fnUntraced(function*(look: Effect.Effect<unknown, unknown>) {
  const toolkit = Toolkit.make(
    Tool.make("look", { parameters: Schema.Struct({}), success: Schema.Unknown, failure: Schema.Unknown })
  )
  const session = yield* Session.make(options)
  yield* Agent.run(session, "Go", { toolkit }).pipe(Effect.provide(toolkit.toLayer({ look: () => look })))
  const [result] = MessageRequest.blocks((yield* sent)[1]?.messages[2]?.content)
  return result?.type === "tool_result" ? result : undefined
})

const called = provide(Script.toolCall("look"), Script.reply("ok"))

describe("the result of a tool", () => {
  it.effect("that is content blocks is sent as such", () =>
    Effect.gen(function*() {
      const blocks = [Content.text("a shot"), Content.imageBase64(png, "image/png")]

      assert.deepStrictEqual((yield* resultOf(Effect.succeed(blocks)))?.content, blocks)
    }).pipe(called))

  it.effect.each([
    ["an array of other values", [{ type: "row", id: 1 }]],
    ["an empty array", []],
    ["an object", { type: "text", text: "no array" }]
  ])("that is %s is sent as JSON", ([, value]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* resultOf(Effect.succeed(value)))?.content, JSON.stringify(value))
    }).pipe(called))

  const mcp = (content: ReadonlyArray<unknown>, isError?: boolean) =>
    Effect.fail({ _tag: "McpClientError", reason: { _tag: "UnsupportedError", result: { content, isError } } })

  it.effect("of an MCP server keeps its images and resources", () =>
    Effect.gen(function*() {
      const result = yield* resultOf(mcp([
        { type: "text", text: "a shot" },
        { type: "image", data: bytes, mimeType: "image/png" },
        { type: "resource", resource: { uri: "file:///a", text: "a file" } },
        { type: "resource_link", uri: "file:///b", name: "b" },
        { type: "audio", data: bytes, mimeType: "audio/wav" }
      ]))

      assert.isUndefined(result?.is_error)
      assert.deepStrictEqual(result?.content, [
        Content.text("a shot"),
        Content.imageBase64(png, "image/png"),
        Content.text("a file"),
        Content.text("Resource: file:///b"),
        Content.text("[audio/wav omitted]")
      ])
    }).pipe(called))

  it.effect("of an MCP server that is an error has the server's text", () =>
    Effect.gen(function*() {
      const result = yield* resultOf(mcp([{ type: "text", text: "Not today." }], true))

      assert.deepStrictEqual([result?.content, result?.is_error], ["Not today.", true])
    }).pipe(called))
})

describe("a toolset", () => {
  const browser = Tool.providerDefined({
    id: "claude.browser_toolset",
    customName: "ClaudeBrowserToolset",
    providerName: "browser",
    requiresHandler: true,
    args: Schema.Struct({ type: Schema.Literal("browser_toolset_20260801") }),
    parameters: Schema.Struct({ member: Schema.String, input: Schema.Record(Schema.String, Schema.Json) }),
    success: Schema.Unknown
  })

  it.effect("runs its members by its one handler, and names itself in the results", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(browser({ type: "browser_toolset_20260801" }))
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", { toolkit }).pipe(
        Effect.provide(toolkit.toLayer({ ClaudeBrowserToolset: (call) => Effect.succeed(call) }))
      )

      assert.deepStrictEqual(MessageRequest.blocks((yield* sent)[1]?.messages[2]?.content), [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          toolset_name: "browser",
          content: `{"member":"navigate","input":{"url":"https://example.com"}}`
        },
        {
          type: "tool_result",
          tool_use_id: "toolu_2",
          toolset_name: "computer",
          is_error: true,
          content: `There is no tool "screenshot". There are no tools.`
        }
      ])
    }).pipe(provide(
      Script.message({
        content: [
          {
            type: "tool_use",
            id: "toolu_1",
            name: "navigate",
            toolset_name: "browser",
            input: { url: "https://example.com" }
          },
          { type: "tool_use", id: "toolu_2", name: "screenshot", toolset_name: "computer", input: {} }
        ],
        stop_reason: "tool_use"
      }),
      Script.reply("ok")
    )))

  const steps = provide(
    Script.message({
      content: ["click", "type", "screenshot"].map((name) => ({
        type: "tool_use",
        id: `toolu_${name}`,
        name,
        toolset_name: "browser",
        input: {}
      })),
      stop_reason: "tool_use"
    }),
    Script.reply("ok")
  )

  it.effect("runs its members one after the other, in the order of their calls", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const toolkit = Toolkit.make(browser({ type: "browser_toolset_20260801" }))
      const handlers = toolkit.toLayer({
        ClaudeBrowserToolset: ({ member }) =>
          Effect.sync(() => ran.push(`${member} starts`)).pipe(
            Effect.andThen(Effect.yieldNow),
            Effect.andThen(Effect.sync(() => ran.push(`${member} ends`)))
          )
      })
      yield* Agent.run(yield* Session.make(options), "Go", { toolkit }).pipe(Effect.provide(handlers))

      assert.deepStrictEqual(
        ran,
        ["click", "type", "screenshot"].flatMap((member) => [`${member} starts`, `${member} ends`])
      )
    }).pipe(steps))

  it.effect("does not run a member after one that waits, until it is resumed", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const toolkit = Toolkit.make(browser({ type: "browser_toolset_20260801" }))
      const handlers = toolkit.toLayer({
        ClaudeBrowserToolset: ({ member }) => Effect.sync(() => ran.push(member))
      })
      const session = yield* Session.make(options)
      const { pending } = yield* Agent.run(session, "Go", {
        toolkit,
        approve: ({ call }) => Effect.succeed(call.name === "type" ? undefined : true)
      }).pipe(Effect.provide(handlers))
      const before = [...ran]
      yield* Agent.resume(session, { toolkit }).pipe(Effect.provide(handlers))

      assert.deepStrictEqual(pending.map(({ call, needs }) => [call.name, needs]), [
        ["type", "approval"],
        ["screenshot", "run"]
      ])
      assert.deepStrictEqual([before, ran], [["click"], ["click", "type", "screenshot"]])
    }).pipe(steps))
})
