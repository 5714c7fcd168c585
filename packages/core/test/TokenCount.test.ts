import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as TokenCount from "@effect-claude/core/TokenCount"
import { assert, describe, it } from "@effect/vitest"

describe("TokenCount", () => {
  it("keeps every field of a count, drops the other known ones, and keeps unknown ones", () => {
    const all = Object.fromEntries([...Object.keys(MessageRequest.fields), "from_tomorrow"].map((name) => [name, name]))
    const counted = TokenCount.fromRequest({ ...all, model: "m", messages: [] })

    assert.sameMembers(Object.keys(counted), [...Object.keys(TokenCount.fields), "from_tomorrow"])
  })

  it("keeps the prompt of a request", () => {
    const counted = TokenCount.fromRequest({
      model: "m",
      max_tokens: 5,
      stream: true,
      temperature: 1,
      stop_sequences: ["x"],
      messages: [{ role: "user", content: "a" }],
      system: "s",
      tools: [],
      thinking: { type: "adaptive" }
    })

    assert.deepStrictEqual(counted, {
      model: "m",
      messages: [{ role: "user", content: "a" }],
      system: "s",
      tools: [],
      thinking: { type: "adaptive" }
    })
  })
})
