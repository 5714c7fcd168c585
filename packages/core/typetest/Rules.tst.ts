import * as Rules from "@effect-claude/core/Rules"
import { describe, expect, it } from "tstyche"

describe("Rules", () => {
  it("completes the names of rules, and takes those of one's own", () => {
    expect<{ readonly prefill: "off" }>().type.toBeAssignableTo<Rules.Levels>()
    expect<{ readonly ours: "refuse" }>().type.toBeAssignableTo<Rules.Levels>()
    expect<"prefill" | "unansweredToolUse">().type.toBeAssignableTo<Rules.Name>()
    expect<"ours">().type.not.toBeAssignableTo<Rules.Name>()
  })

  it("rejects levels there are not", () => {
    expect<{ readonly prefill: "error" }>().type.not.toBeAssignableTo<Rules.Levels>()
  })

  it("checks requests that lack fields, and rejects what is no request", () => {
    expect(Rules.check).type.toBeCallableWith({ model: "claude-sonnet-5-5" })
    expect(Rules.check).type.not.toBeCallableWith("claude-sonnet-5-5")
    expect(Rules.check).type.not.toBeCallableWith({}, { levels: {} })
  })
})
