import * as TokenCount from "@effect-claude/core/TokenCount"
import { assert, describe, it } from "@effect/vitest"

describe("TokenCount", () => {
  it("counts what a request says, without what only matters to the answer", () => {
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
