import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import type { Claude } from "@effect-claude/http/Claude"
import * as Session from "@effect-claude/session/Session"
import type { SessionBusyError, ToolResultsPendingError, TurnAbandonedError } from "@effect-claude/session/SessionError"
import type { SessionMap } from "@effect-claude/session/SessionMap"
import type { SessionConflictError, SessionStore, SessionStoreError } from "@effect-claude/session/SessionStore"
import type { Effect, Layer, Stream } from "effect"
import { describe, expect, test } from "tstyche"

declare const session: Session.Session
declare const sessions: SessionMap["Service"]
declare const used: Effect.Effect<number, "wrong", "needed">

const options = { model: "claude-sonnet-5-5", max_tokens: 100 } as const

describe("Session", () => {
  describe("make", () => {
    test("needs a Claude and cannot fail", () => {
      expect(Session.make(options)).type.toBe<Effect.Effect<Session.Session, never, Claude>>()
    })

    test("refuses what is no parameter, and parameters that are missing", () => {
      expect(Session.make).type.not.toBeCallableWith({ ...options, maxTokens: 1 })
      expect(Session.make).type.not.toBeCallableWith({ model: "claude-sonnet-5-5" })
      expect(Session.make).type.not.toBeCallableWith({ ...options, messages: [] })
    })

    test("takes models of tomorrow", () => {
      expect(Session.make).type.toBeCallableWith({ ...options, model: "claude-tomorrow" })
    })
  })

  describe("open", () => {
    test("needs a store besides, and can fail to read it", () => {
      expect(Session.open({ ...options, id: "ada" })).type.toBe<
        Effect.Effect<Session.Session, SessionStoreError, Claude | SessionStore>
      >()
    })

    test("needs an id", () => {
      expect(Session.open).type.not.toBeCallableWith(options)
    })
  })

  describe("layer", () => {
    test("provides the session of a program", () => {
      expect(Session.layer(options)).type.toBe<Layer.Layer<Session.CurrentSession, never, Claude>>()
    })
  })

  describe("send", () => {
    test("needs nothing, and fails with what the API, the session and its store can refuse", () => {
      expect(session.send("Hello")).type.toBe<Effect.Effect<Message.Message, Session.TurnError>>()
      expect<Session.TurnError>().type.toBe<
        | ClaudeError.ClaudeError
        | SessionBusyError
        | SessionConflictError
        | SessionStoreError
        | ToolResultsPendingError
        | TurnAbandonedError
      >()
    })

    test("takes parameters and policy for one turn, and nothing else", () => {
      expect(session.send).type.toBeCallableWith("Hello", { max_tokens: 10, onInterrupt: "keep", instructions: "Go" })
      expect(session.send).type.not.toBeCallableWith("Hello", { budget: undefined })
      expect(session.send).type.not.toBeCallableWith("Hello", { onInterrupt: "forget" })
      expect(session.send).type.not.toBeCallableWith(1)
    })
  })

  describe("stream", () => {
    test("is of the events of the answer", () => {
      expect(session.stream("Hello")).type.toBe<Stream.Stream<StreamEvent.StreamEvent, Session.TurnError>>()
    })
  })
})

describe("SessionMap", () => {
  describe("use", () => {
    test("gives what is done with the session, and can fail to open it", () => {
      expect(sessions.use("ada", () => used)).type.toBe<
        Effect.Effect<number, "wrong" | SessionStoreError, "needed">
      >()
    })
  })
})
