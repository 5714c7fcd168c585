import type { Message } from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Script from "@effect-claude/testing/Script"
import { describe, expect, it } from "tstyche"

declare const message: Message
declare const events: ReadonlyArray<StreamEvent>

describe("Script", () => {
  it("takes messages and events of the wire, and such as the wire does not have yet", () => {
    expect(Script.message(message)).type.toBe<Script.Script>()
    expect(Script.message({ content: [{ type: "hologram", depth: 3 }] })).type.toBe<Script.Script>()
    expect(Script.events(events)).type.toBe<Script.Script>()
    expect(Script.events([{ type: "hologram_delta", depth: 3 }])).type.toBe<Script.Script>()
    expect(Script.events).type.not.toBeCallableWith([{ depth: 3 }])
  })

  it("changes an answer data first and data last", () => {
    const reply = Script.reply("Hi")

    expect(Script.cutAfter(reply, { bytes: 3 })).type.toBe<Script.Script>()
    expect(reply.pipe(Script.cutAfter({ events: 3 }, { by: "reset" }))).type.toBe<Script.Script>()
    expect(reply.pipe(Script.chunked({ seed: 1 }), Script.slow("1 second"))).type.toBe<Script.Script>()
    expect(Script.when(reply, ({ path }) => path === "/")).type.toBe<Script.Script>()
    expect(Script.times(3)(reply)).type.toBe<Script.Script>()
  })

  it("knows the places and ways there are", () => {
    expect(Script.cutAfter).type.not.toBeCallableWith(Script.silence, { lines: 3 })
    expect(Script.cutAfter).type.not.toBeCallableWith(Script.silence, { bytes: 3 }, { by: "magic" })
    expect(Script.chunked).type.not.toBeCallableWith(Script.silence, "perLine")
    expect(Script.malformed).type.not.toBeCallableWith(Script.silence, "body")
  })
})
