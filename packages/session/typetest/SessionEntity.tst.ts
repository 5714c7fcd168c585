import type * as Message from "@effect-claude/core/Message"
import * as SessionEntity from "@effect-claude/session/SessionEntity"
import type { SessionMap } from "@effect-claude/session/SessionMap"
import type { Effect, Layer, Stream } from "effect"
import type { ClusterError, Sharding } from "effect/cluster"
import { describe, expect, test } from "tstyche"

const Chat = SessionEntity.make("Chat")

type Ask = ReturnType<Effect.Success<typeof Chat.client>>

type InTheWay =
  | SessionEntity.SessionEntityError
  | ClusterError.AlreadyProcessingMessage
  | ClusterError.EntityNotAssignedToRunner
  | ClusterError.MailboxFull
  | ClusterError.PersistenceError

interface Archive {
  readonly archive: unique symbol
}

declare const archived: Effect.Effect<Message.Message, { readonly _tag: "Full"; readonly message: string }, Archive>
declare const untagged: Effect.Effect<Message.Message, Error>

describe("SessionEntity", () => {
  describe("make", () => {
    test("keeps the name", () => {
      expect(Chat).type.toBe<SessionEntity.SessionEntity<"Chat">>()
    })

    test("gives a client that returns answers, and fails with what can be told or is in the way", () => {
      expect<Effect.Success<ReturnType<Ask["Send"]>>>().type.toBe<Message.Message>()
      expect<Effect.Error<ReturnType<Ask["Send"]>>>().type.toBe<InTheWay>()
      expect<Stream.Success<ReturnType<Ask["Text"]>>>().type.toBe<string>()
    })

    test("asks for words and their id", () => {
      expect<Ask["Send"]>().type.toBeCallableWith({ id: "1", input: "Hello" })
      expect<Ask["Send"]>().type.toBeCallableWith({ id: "1", input: [{ type: "text", text: "Hello" }] })
      expect<Ask["Send"]>().type.not.toBeCallableWith({ input: "Hello" })
    })
  })

  describe("layer", () => {
    test("needs the sessions and a cluster", () => {
      expect(SessionEntity.layer(Chat)).type.toBe<Layer.Layer<never, never, Sharding.Sharding | SessionMap>>()
    })

    test("needs what its options need", () => {
      const layer = SessionEntity.layer(Chat, { send: () => archived })
      expect(layer).type.toBe<Layer.Layer<never, never, Sharding.Sharding | SessionMap | Archive>>()
    })

    test("refuses failures that say nothing of what failed", () => {
      expect(SessionEntity.layer).type.not.toBeCallableWith(Chat, { send: () => untagged })
    })
  })
})
