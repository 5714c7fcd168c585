import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import type { Claude } from "@effect-claude/http/Claude"
import type { Session, TurnError } from "@effect-claude/session/Session"
import * as StructuredOutput from "@effect-claude/session/StructuredOutput"
import type { Context, DateTime, Effect, Result, Stream } from "effect"
import { Schema } from "effect"
import { describe, expect, test } from "tstyche"

const Launch = Schema.Struct({ title: Schema.String, day: Schema.DateTimeUtcFromString })

interface Launch {
  readonly title: string
  readonly day: DateTime.Utc
}

declare class Calendar extends Context.Service<Calendar, { readonly isFree: (day: string) => boolean }>()("Calendar") {}

declare const Day: Schema.Codec<number, string, Calendar>

declare const session: Session
declare const request: MessageRequest.MessageRequest
declare const message: StructuredOutput.Answer<unknown>["message"]

describe("StructuredOutput", () => {
  describe("send", () => {
    const send = StructuredOutput.send(session, "Plan", Launch)

    test("returns what the schema decodes to", () => {
      expect<Effect.Success<typeof send>>().type.toBe<StructuredOutput.Answer<Launch>>()
    })

    test("fails with what a turn can fail with, and answers without a value", () => {
      expect<Effect.Error<typeof send>>().type.toBe<TurnError | StructuredOutput.StructuredOutputError>()
    })

    test("needs nothing but what decoding needs", () => {
      expect<Effect.Services<typeof send>>().type.toBe<never>()
      expect(StructuredOutput.send(session, "When", Day)).type.toBe<
        Effect.Effect<StructuredOutput.Answer<number>, TurnError | StructuredOutput.StructuredOutputError, Calendar>
      >()
    })

    test("takes schemas of what is no object, too", () => {
      expect<Effect.Success<ReturnType<typeof list>>["value"]>().type.toBe<ReadonlyArray<number>>()
      const list = () => StructuredOutput.send(session, "Numbers", Schema.Array(Schema.Finite))
    })

    test("refuses what is no schema, and a misspelt option", () => {
      expect(StructuredOutput.send).type.not.toBeCallableWith(session, "Plan", { type: "object" })
      expect(StructuredOutput.send).type.not.toBeCallableWith(session, "Plan", Launch, { repair: 1 })
      expect(StructuredOutput.send).type.toBeCallableWith(session, "Plan", Launch, { repairs: 1, instructions: "Go" })
    })
  })

  describe("stream", () => {
    const stream = StructuredOutput.stream(session, "Plan", Launch)

    test("is of events whose last has what the schema decodes to", () => {
      expect<Stream.Success<typeof stream>>().type.toBe<StructuredOutput.Event<Launch>>()
      expect<Extract<Stream.Success<typeof stream>, { _tag: "Done" }>["answer"]["value"]>().type.toBe<Launch>()
    })

    test("knows nothing of partial values, and all of what was wrong", () => {
      expect<Extract<Stream.Success<typeof stream>, { _tag: "Partial" }>["value"]>().type.toBe<unknown>()
      expect<Extract<Stream.Success<typeof stream>, { _tag: "Repairing" }>["error"]>().type.toBe<
        StructuredOutput.StructuredOutputError
      >()
    })

    test("fails with what a turn can fail with, and needs what decoding needs", () => {
      expect<Stream.Error<typeof stream>>().type.toBe<TurnError | StructuredOutput.StructuredOutputError>()
      expect<Stream.Services<typeof stream>>().type.toBe<never>()
      expect<Stream.Services<ReturnType<typeof days>>>().type.toBe<Calendar>()
      const days = () => StructuredOutput.stream(session, "When", Day)
    })
  })

  describe("create", () => {
    test("returns what the schema decodes to, and needs a Claude", () => {
      expect(StructuredOutput.create(request, Launch)).type.toBe<
        Effect.Effect<
          StructuredOutput.Answer<Launch>,
          ClaudeError.ClaudeError | StructuredOutput.StructuredOutputError,
          Claude
        >
      >()
    })

    test("needs what decoding needs besides", () => {
      expect<Effect.Services<ReturnType<typeof day>>>().type.toBe<Claude | Calendar>()
      const day = () => StructuredOutput.create(request, Day)
    })

    test("has no options of a turn", () => {
      expect(StructuredOutput.create).type.not.toBeCallableWith(request, Launch, { instructions: "Go" })
    })
  })

  describe("createStream", () => {
    test("is of the same events, and needs a Claude", () => {
      expect(StructuredOutput.createStream(request, Launch)).type.toBe<
        Stream.Stream<
          StructuredOutput.Event<Launch>,
          ClaudeError.ClaudeError | StructuredOutput.StructuredOutputError,
          Claude
        >
      >()
    })
  })

  describe("decode", () => {
    test("is of the schema's type", () => {
      expect(StructuredOutput.decode(message, Day)).type.toBe<
        Effect.Effect<number, StructuredOutput.StructuredOutputError, Calendar>
      >()
    })
  })

  describe("format", () => {
    test("is what a request takes, or why there is none", () => {
      expect(StructuredOutput.format(Launch)).type.toBe<
        Result.Result<NonNullable<MessageRequest.OutputConfig["format"]>, StructuredOutput.StructuredOutputError>
      >()
    })
  })
})
