/**
 * Asking until an answer can be read: whole, or shown as it is written.
 *
 * @since 0.1.0
 */
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Form from "./answerForm.ts"
import type { Answer, Event, ReadOptions, StructuredOutputError } from "./answerTypes.ts"

/** How answers are read. */
export interface Reader<A, R> {
  readonly read: (message: Message.Message) => Effect.Effect<A, StructuredOutputError, R>
  readonly schema: Schema.Constraint
}

/** What is asked after an answer that does not match. */
export interface Round {
  /** What the model is told of it. */
  readonly words: string
  /** What was said since the first question. */
  readonly turns: ReadonlyArray<MessageRequest.MessageParam>
  /** Which time it is that the model is asked again. */
  readonly repair: number
}

/** Asks, and asks again where the answer does not match. */
export const ask = Effect.fnUntraced(function*<A, R, E, R2>(
  reader: Reader<A, R>,
  send: (round: Round | undefined) => Effect.Effect<Message.Message, E, R2>,
  options: ReadOptions | undefined
): Effect.fn.Return<Answer<A>, E | StructuredOutputError, R | R2> {
  let round: Round | undefined = undefined
  while (true) {
    const verdict: Verdict<A> = yield* judge(reader, yield* send(round), round, options)
    if (verdict._tag === "Done") return verdict.answer
    round = verdict.round
  }
})

/** Shows answers as they are written, and asks again where one does not match. */
export const follow = <A, R, E, R2>(
  reader: Reader<A, R>,
  send: (round: Round | undefined) => Stream.Stream<StreamEvent, E, R2>,
  options: ReadOptions | undefined,
  round?: Round
): Stream.Stream<Event<A>, E | StructuredOutputError, R | R2> =>
  Stream.suspend(() => {
    let state = MessageAccumulator.initial
    const partials = send(round).pipe(
      Stream.map((event) => {
        state = MessageAccumulator.step(state, event)
        return event
      }),
      Form.partials(reader.schema),
      Stream.map((value): Event<A> => ({ _tag: "Partial", value }))
    )
    const rest = Effect.suspend(() =>
      // A stream that ended well has its message.
      Effect.map(
        judge(reader, Option.getOrThrow(MessageAccumulator.snapshot(state)), round, options),
        (verdict): Stream.Stream<Event<A>, E | StructuredOutputError, R | R2> => {
          if (verdict._tag === "Done") return Stream.succeed(verdict)
          const { error, round } = verdict
          return Stream.concat(
            Stream.succeed<Event<A>>({ _tag: "Repairing", error, repair: round.repair }),
            follow(reader, send, options, round)
          )
        }
      )
    )
    return Stream.concat(partials, Stream.unwrap(rest))
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Verdict<A> =
  | { readonly _tag: "Done"; readonly answer: Answer<A> }
  | { readonly _tag: "Again"; readonly error: StructuredOutputError; readonly round: Round }

/** Reads an answer, and says what the model is told where it does not match. */
const judge = <A, R>(
  { read }: Reader<A, R>,
  message: Message.Message,
  round: Round | undefined,
  options: ReadOptions | undefined
): Effect.Effect<Verdict<A>, StructuredOutputError, R> => {
  const repairs = round?.repair ?? 0
  return Effect.matchEffect(read(message), {
    onSuccess: (value) => Effect.succeed<Verdict<A>>({ _tag: "Done", answer: { value, message, repairs } }),
    onFailure: (error): Effect.Effect<Verdict<A>, StructuredOutputError> => {
      const { cause, problem, reason } = error
      if (repairs >= (options?.repairs ?? 1) || (reason !== "mismatch" && reason !== "notJson")) {
        return Effect.fail(error)
      }
      // The model is told all of it; what is printed quotes nothing of the answer.
      const told = Schema.isSchemaError(cause) ? cause.message : problem
      const words = `Your answer does not have the form that was asked for. ${told} Answer again.`
      // An answer that says nothing cannot be sent back: the question is asked again as it was.
      const answer = Option.toArray(Message.toParam(message))
      const turns = answer.length === 0 ? [] : [...answer, MessageRequest.user(words)]
      return Effect.succeed<Verdict<A>>({
        _tag: "Again",
        error,
        round: { words, turns: [...round?.turns ?? [], ...turns], repair: repairs + 1 }
      })
    }
  })
}
