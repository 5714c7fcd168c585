import * as ToolInput from "@effect-claude/core/ToolInput"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { options, provide } from "./scripted.ts"

const json = "{\"city\": Paris}"

const incompleteCall = Script.events([
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5-5",
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 }
    }
  },
  {
    type: "content_block_start",
    index: 0,
    content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {} }
  },
  { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: json } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "tool_use" } },
  { type: "message_stop" }
])

describe("a tool input that is not a whole JSON object", () => {
  it.effect("is still recognised in a session that is opened again from its store", () =>
    Effect.gen(function*() {
      const session = yield* Session.open({ ...options, id: "ada" })
      yield* Stream.runDrain(session.stream("Weather?"))
      const again = yield* Session.open({ ...options, id: "ada" })
      const [call] = History.pendingTools(yield* again.history)

      assert.deepStrictEqual(call?.input, { INVALID_JSON: json })
      assert.isFalse(call !== undefined && ToolInput.of(call).complete)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(call)), call)
    }).pipe(Effect.provide(SessionStore.layerMemory), provide(incompleteCall)))
})
