/**
 * Requests corrections until a response can be read as a schema says.
 *
 * In a session, a response and its corrections are one turn: it is committed,
 * undone and rolled back as a whole.
 *
 * @since 0.1.0
 */
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Form from "./answerForm.ts"
import type { Answer, Event, ReadOptions, StructuredOutputError } from "./answerTypes.ts"
import type * as TurnState from "./turnState.ts"

/** Reads responses. */
export interface Reader<A, R> {
  readonly read: (message: Message.Message) => Effect.Effect<A, StructuredOutputError, R>
  readonly schema: Schema.Constraint
}

/** A request for a correction. */
export interface Round {
  /** What the model is told about the response before. */
  readonly text: string
  /** The messages since the first request. */
  readonly messages: ReadonlyArray<MessageRequest.MessageParam>
  /** Which correction it is, from 1. */
  readonly repair: number
}

/** Reviews a response within its turn: see `TurnState.Options`. */
export type Review = NonNullable<TurnState.Options["review"]>

// -----------------------------------------------------------------------------
// single requests
// -----------------------------------------------------------------------------

/** Sends requests until a response matches. */
export const request = Effect.fnUntraced(function*<A, R, E, R2>(
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

/** Streams requests until a response matches. */
export const requestStream = <A, R, E, R2>(
  reader: Reader<A, R>,
  send: (round: Round | undefined) => Stream.Stream<StreamEvent, E, R2>,
  options: ReadOptions | undefined,
  round?: Round
): Stream.Stream<Event<A>, E | StructuredOutputError, R | R2> =>
  Stream.suspend(() => {
    let state = MessageAccumulator.initial
    const partialsOf = Form.partials(reader.schema)
    const partials = Stream.flattenIterable(Stream.map(send(round), (event) => {
      state = MessageAccumulator.step(state, event)
      return partialsOf(event).map((value): Event<A> => ({ _tag: "Partial", value }))
    }))
    const rest = Effect.suspend(() =>
      // A stream that ended well has its message.
      Effect.map(
        judge(reader, Option.getOrThrow(MessageAccumulator.snapshot(state)), round, options),
        (verdict): Stream.Stream<Event<A>, E | StructuredOutputError, R | R2> =>
          verdict._tag === "Done"
            ? Stream.succeed(verdict)
            : Stream.concat(
              Stream.succeed(repairing(verdict)),
              requestStream(reader, send, options, verdict.round)
            )
      )
    )
    return Stream.concat(partials, Stream.unwrap(rest))
  })

// -----------------------------------------------------------------------------
// turns
// -----------------------------------------------------------------------------

/** Runs a turn that is committed once its response matches, or cannot be corrected any more. */
export const turn = <A, R, E>(
  reader: Reader<A, R>,
  send: (review: Review) => Effect.Effect<Message.Message, E>,
  options: ReadOptions | undefined
): Effect.Effect<Answer<A>, E | StructuredOutputError, R> =>
  Effect.flatMap(Effect.context<R>(), (context) => {
    const reviews = new Reviews(reader, context, options)
    return Effect.flatMap(send(reviews.review), reviews.finish)
  })

/** Streams a turn that is committed once its response matches, or cannot be corrected any more. */
export const turnStream = <A, R, E>(
  reader: Reader<A, R>,
  send: (review: Review) => Stream.Stream<StreamEvent, E>,
  options: ReadOptions | undefined
): Stream.Stream<Event<A>, E | StructuredOutputError, R> =>
  Stream.unwrap(Effect.map(Effect.context<R>(), (context) => {
    const reviews = new Reviews(reader, context, options)
    const partialsOf = Form.partials(reader.schema)
    let state = MessageAccumulator.initial
    const events = Stream.map(send(reviews.review), (event): ReadonlyArray<Event<A>> => {
      if (event.type === "message_start") state = MessageAccumulator.initial
      state = MessageAccumulator.step(state, event)
      const partials = partialsOf(event).map((value): Event<A> => ({ _tag: "Partial", value }))
      return event.type === "message_stop" ? [...partials, ...reviews.taken()] : partials
    })
    const done = Effect.suspend(() => reviews.finish(Option.getOrThrow(MessageAccumulator.snapshot(state))))
    return Stream.concat(
      Stream.flattenIterable(events),
      Stream.fromEffect(Effect.map(done, (answer): Event<A> => ({ _tag: "Done", answer })))
    )
  }))

/** The reviews of one turn. */
class Reviews<A, R> {
  private round: Round | undefined = undefined
  private verdict: Exit.Exit<Verdict<A>, StructuredOutputError> | undefined = undefined
  private repairing: ReadonlyArray<Event<A>> = []
  private readonly reader: Reader<A, R>
  private readonly context: Context.Context<R>
  private readonly options: ReadOptions | undefined

  constructor(reader: Reader<A, R>, context: Context.Context<R>, options: ReadOptions | undefined) {
    this.reader = reader
    this.context = context
    this.options = options
  }

  readonly review: Review = (message) =>
    Effect.map(Effect.exit(this.judge(message)), (exit) => {
      this.verdict = exit
      if (Exit.isFailure(exit) || exit.value._tag === "Done") return undefined
      this.round = exit.value.round
      this.repairing = [repairing(exit.value)]
      return exit.value.round.text
    })

  /** Returns the event of the last review, once. */
  taken(): ReadonlyArray<Event<A>> {
    const taken = this.repairing
    this.repairing = []
    return taken
  }

  /** Returns what was read of the response of the turn. A turn that was committed before was not reviewed. */
  readonly finish = (message: Message.Message): Effect.Effect<Answer<A>, StructuredOutputError> =>
    Effect.flatMap(
      this.verdict ?? this.judge(message),
      (verdict) => verdict._tag === "Done" ? Effect.succeed(verdict.answer) : Effect.fail(verdict.error)
    )

  private judge(message: Message.Message): Effect.Effect<Verdict<A>, StructuredOutputError> {
    return Effect.provideContext(judge(this.reader, message, this.round, this.options), this.context)
  }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Verdict<A> =
  | { readonly _tag: "Done"; readonly answer: Answer<A> }
  | { readonly _tag: "Again"; readonly error: StructuredOutputError; readonly round: Round }

const repairing = <A>({ error, round }: Extract<Verdict<A>, { readonly _tag: "Again" }>): Event<A> => ({
  _tag: "Repairing",
  error,
  repair: round.repair
})

/** Reads a response. When it does not match, decides what the model is told. */
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
      // The model gets the details; what is printed quotes nothing of the response.
      const details = Schema.isSchemaError(cause) ? cause.message : problem
      const text = `Your answer does not have the form that was asked for. ${details} Answer again.`
      // A response without content cannot be sent back: the request is sent again as it was.
      const response = Option.toArray(Message.toParam(message))
      const messages = response.length === 0 ? [] : [...response, MessageRequest.user(text)]
      return Effect.succeed<Verdict<A>>({
        _tag: "Again",
        error,
        round: { text, messages: [...round?.messages ?? [], ...messages], repair: repairs + 1 }
      })
    }
  })
}
