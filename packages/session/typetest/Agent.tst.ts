import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Agent from "@effect-claude/session/Agent"
import type { AgentEvent, Outcome } from "@effect-claude/session/AgentEvent"
import type { Session } from "@effect-claude/session/Session"
import type { Effect, Stream } from "effect"
import { Schema } from "effect"
import type { McpClient } from "effect/ai"
import { Tool, Toolkit } from "effect/ai"
import { describe, expect, test } from "tstyche"

const toolkit = Toolkit.make(
  Tool.make("now", { success: Schema.String }),
  Tool.make("later", { parameters: Schema.Struct({ days: Schema.Int }), success: Schema.String })
)

declare const session: Session
declare const mcp: Effect.Success<ReturnType<typeof McpClient.toolkit>>

describe("Agent", () => {
  describe("run", () => {
    const run = Agent.run(session, "Hello", { toolkit })

    test("needs the handlers of its tools and nothing else", () => {
      expect<Effect.Services<typeof run>>().type.toBe<Tool.Handler<"now"> | Tool.Handler<"later">>()
    })

    test("fails with what a turn can fail with, and tools that cannot be described", () => {
      expect<Effect.Error<typeof run>>().type.toBe<Agent.AgentError>()
      expect<ClaudeError.OverloadedError>().type.toBeAssignableTo<Effect.Error<typeof run>>()
    })

    test("returns how it ended", () => {
      expect<Effect.Success<typeof run>>().type.toBe<Outcome>()
    })

    test("refuses a misspelt option", () => {
      expect(Agent.run).type.not.toBeCallableWith(session, "Hello", { toolkit, maxTurn: 1 })
    })
  })

  describe("source", () => {
    test("takes the tools of an MCP server, which need nothing", () => {
      expect(Agent.source(mcp)).type.toBe<Agent.Source<never>>()
      expect(Agent.run(session, "Hello", { toolkit: mcp })).type.toBe<Effect.Effect<Outcome, Agent.AgentError>>()
    })
  })

  describe("stream", () => {
    test("is a stream of typed events", () => {
      expect<Stream.Success<ReturnType<typeof Agent.stream>>>().type.toBe<AgentEvent>()
    })
  })
})
