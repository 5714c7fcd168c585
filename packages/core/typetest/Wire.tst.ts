import type * as Content from "@effect-claude/core/Content"
import * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as Model from "@effect-claude/core/Model"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import type * as Wire from "@effect-claude/core/Wire"
import { hole } from "effect"
import { describe, expect, it } from "tstyche"

const block = hole<ContentBlock.ContentBlock>()

describe("an open union", () => {
  it("narrows by its type", () => {
    if (block.type === "text") expect(block.text).type.toBe<string>()
    if (block.type === "tool_use") expect(block.input).type.toBe<unknown>()
    if (block.type !== "text") expect(block).type.not.toBeAssignableTo<{ readonly type: "text" }>()
  })

  it("leaves the unknown variant once every known one is dealt with", () => {
    const delta = hole<StreamEvent.Delta>()
    switch (delta.type) {
      case "text_delta":
      case "input_json_delta":
      case "thinking_delta":
      case "signature_delta":
      case "citations_delta":
      case "compaction_delta":
        break
      default:
        expect(delta).type.toBe<Wire.Unknown>()
    }
  })

  it("narrows by its own guard", () => {
    if (ContentBlock.ContentBlock.isUnknown(block)) expect(block).type.toBe<Wire.Unknown>()
  })

  it("is matched exhaustively, in both styles", () => {
    const Delta = hole<typeof StreamEvent.Delta>()
    const cases = {
      text_delta: () => 1,
      input_json_delta: () => 1,
      thinking_delta: () => 1,
      signature_delta: () => 1,
      citations_delta: () => 1,
      compaction_delta: () => 1
    }

    expect(Delta.match({ ...cases, Unknown: () => 1 })).type.toBe<(variant: StreamEvent.Delta) => number>()
    expect(Delta.match(hole<StreamEvent.Delta>(), { ...cases, Unknown: () => 1 })).type.toBe<number>()
    expect(Delta.match).type.not.toBeCallableWith(cases)
  })

  it("rejects a misspelt or incomplete variant of a known type", () => {
    expect<Content.Content>().type.not.toBeAssignableFrom({ type: "text", txt: "a" } as const)
    expect<Content.Content>().type.not.toBeAssignableFrom({ type: "hologram" } as const)
  })
})

describe("an answer", () => {
  it("goes back into a request as it came", () => {
    expect<Content.Content>().type.toBeAssignableFrom<ContentBlock.ContentBlock>()
  })
})

describe("a model id", () => {
  it("is any string", () => {
    expect<Model.Model>().type.toBeAssignableFrom<string>()
    expect<Model.Model>().type.toBeAssignableFrom<"claude-tomorrow">()
  })
})

describe("a request", () => {
  it("is written as the API documents it", () => {
    expect<MessageRequest.MessageRequest>().type.toBeAssignableFrom(
      {
        model: "claude-sonnet-5-5",
        max_tokens: 1,
        messages: [{ role: "user", content: "hi" }]
      } as const
    )
  })

  it("has no field that is misspelt", () => {
    const send = hole<(request: MessageRequest.MessageRequest) => void>()

    expect(send).type.not.toBeCallableWith({ model: "m", maxTokens: 1, messages: [] })
  })
})
