/**
 * Reads a response as events, up to `message_stop`.
 *
 * A stream ends normally if and only if `message_stop` was seen. Everything else
 * is a typed failure with the partial message: what was cut (an end, a lost
 * connection, silence) may succeed when it is sent again, what cannot be read
 * (an event that is no JSON, of a wrong shape, or over a limit) will not.
 *
 * Events can be held back until the stream commits, at the first event that must
 * not be taken back. A failure before that can be followed by another attempt.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import type { Limits } from "../../Limits.ts"
import type * as Timeouts from "../../Timeouts.ts"
import * as Secrets from "../request/secrets.ts"
import * as Span from "../time/duration.ts"
import * as Body from "../transport/body.ts"
import * as Failures from "../transport/failures.ts"
import { EventDecoder } from "./eventDecoder.ts"

/** The events of one chunk. */
export type Events = Arr.NonEmptyReadonlyArray<StreamEvent.StreamEvent>

/** The limits of a stream, and what runs for its pings. */
export interface Options {
  readonly timeouts: Timeouts.Timeouts
  readonly limits: Limits
  /** When the call must have ended, for a body that an interceptor replaced. */
  readonly endBy: number | undefined
  /** Whether the request may be sent again after an unknown outcome. */
  readonly repeatable: boolean | undefined
  /** Runs for each ping before the stream commits. */
  readonly onPing: Effect.Effect<void> | undefined
}

/** Reads a response as events. The rest of the connection is read when the scope closes, so that it can be used again. */
export const read = <A>(
  response: Exchange.Response,
  scope: Scope.Scope,
  options: Options,
  use: (reader: EventReader) => Effect.Effect<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError> =>
  Body.withReader(response.body, scope, options.timeouts, options.endBy, (body) => {
    const reader = new EventReader(response, body, options)
    body.onClose(Effect.suspend(() => reader.finish()))
    return use(reader)
  })

/**
 * Whether an event is the first that must not be taken back: content, the end, or
 * an event this version does not know.
 */
export const commits = (event: StreamEvent.StreamEvent): boolean => {
  switch (event.type) {
    case "ping":
    case "content_block_stop":
      return false
    case "message_start":
      return event.message.content.length > 0
    case "content_block_start":
      return !isEmptyBlock(event.content_block)
    default:
      return true
  }
}

/** How a decoder's events are read from chunks. */
export interface Source<F, E> {
  readonly chunks: Effect.Effect<Arr.NonEmptyReadonlyArray<Uint8Array>, F | Cause.Done>
  /** Creates the error of chunks that failed. */
  readonly lost: (failure: F) => E
  /** Runs for the events of each chunk. */
  readonly onEvents?: (events: Events) => void
  /** Returns events to deliver before those of the next chunk. */
  readonly held?: () => Events | undefined
  /** The details of errors, as far as they are known. */
  readonly details: () => Omit<ClaudeError.Details, "message">
  readonly response: ResponseHead
}

/** What errors quote of a response. */
type ResponseHead = Pick<Exchange.Response, "meta" | "headers"> & Partial<Pick<Exchange.Response, "status">>

/** Returns the pull of a decoder's events. It ends after `message_stop`. */
export const pullEvents = <F, E>(
  decoder: EventDecoder,
  { chunks, details, held, lost, onEvents, response }: Source<F, E>
): Pull.Pull<Events, E | ClaudeError.ClaudeError> => {
  let hasEnded = false
  const next = (events: ReadonlyArray<StreamEvent.StreamEvent>): Pull.Pull<Events, E | ClaudeError.ClaudeError> => {
    if (!Arr.isReadonlyArrayNonEmpty(events)) return pull
    onEvents?.(events)
    return Effect.succeed(events)
  }
  const read: Pull.Pull<Events, E | ClaudeError.ClaudeError> = Effect.matchEffect(chunks, {
    onSuccess: (chunks) => next(decoder.decode(chunks)),
    onFailure: (failure) => {
      if (!Cause.isDone(failure)) return Effect.fail(lost(failure))
      hasEnded = true
      return next(decoder.end())
    }
  })
  const pull: Pull.Pull<Events, E | ClaudeError.ClaudeError> = Effect.suspend(() => {
    const first = held?.()
    if (first !== undefined) return Effect.succeed(first)
    const { stop } = decoder
    if (stop === undefined) return hasEnded ? Effect.fail(ended(decoder, response, details())) : read
    switch (stop._tag) {
      case "Done":
        return Cause.done()
      case "ErrorEvent":
        return Effect.fail(ErrorResponse.fromEvent(Secrets.cleanJson(stop.event, response.meta), {
          ...response.meta,
          partial: partialOf(decoder),
          contentHandedOut: details().contentHandedOut,
          repeatable: details().repeatable
        }))
      case "Malformed":
        return Effect.fail(Failures.unreadable(`cannot be read: an event ${stop.problem}`, response, details()))
    }
  })
  return pull
}

/** The error of a stream that ended before `message_stop`. */
export const truncated = (
  problem: string,
  details: Omit<ClaudeError.Details, "message">
): ClaudeError.StreamTruncatedError =>
  new ClaudeError.StreamTruncatedError({
    ...details,
    reason: "eof",
    message:
      `The stream ${problem} before \`message_stop\`. The message is not complete; \`partial\` holds what arrived.`
  })

/** Returns the message as far as it was decoded. */
export const partialOf = (decoder: EventDecoder): ClaudeError.Details["partial"] =>
  Option.getOrUndefined(MessageAccumulator.snapshot(decoder.accumulator))

/** The events of one response. */
export class EventReader {
  readonly meta: Exchange.Meta
  readonly decoder: EventDecoder
  /** Whether events may have been handed out. A failure then says so. */
  hasCommitted = false
  /** The next events, or the end. */
  readonly pull: Pull.Pull<Events, ClaudeError.ClaudeError>
  readonly #body: Exchange.Reader
  readonly #options: Options
  #hasContent = false
  /** Whether the response was read to its end, or is lost. */
  #isOver = false
  /** The events that were pulled before the stream committed. */
  #held: Arr.NonEmptyArray<StreamEvent.StreamEvent> | undefined

  constructor(response: Exchange.Response, body: Exchange.Reader, options: Options) {
    this.meta = response.meta
    this.decoder = new EventDecoder(options.limits)
    this.#body = body
    this.#options = options
    this.pull = pullEvents<Exchange.Failure, ClaudeError.ClaudeError>(this.decoder, {
      chunks: Body.read(body),
      lost: (failure) => this.#lost(failure),
      onEvents: (events) => {
        if (this.#hasContent && events.some(isNoPing)) body.contentArrived()
      },
      held: () => {
        if (!this.hasCommitted) return undefined
        const held = this.#held
        this.#held = undefined
        return held
      },
      details: () => this.details(),
      response
    })
  }

  /** Pulls until the stream commits, and returns the pull of all its events. */
  open(): Effect.Effect<Pull.Pull<Events, ClaudeError.ClaudeError>, ClaudeError.ClaudeError> {
    const { limits, onPing } = this.#options
    return Effect.matchEffect(this.pull, {
      onSuccess: (events) => {
        if (this.#held === undefined) this.#held = Arr.copy(events)
        else for (const event of events) this.#held.push(event)
        if (events.some(commits) || this.#held.length > limits.heldEvents) {
          this.hasCommitted = true
          this.contentArrived()
        }
        const next = this.hasCommitted ? Effect.succeed(this.pull) : this.open()
        return onPing === undefined ? next : Effect.andThen(pings(events, onPing), next)
      },
      // It cannot have ended: `message_stop` commits.
      onFailure: (error) => Effect.fail(Cause.isDone(error) ? this.withoutMessage() : error)
    })
  }

  /** Ends the wait for the first content. */
  contentArrived(): void {
    this.#hasContent = true
    this.#body.contentArrived()
  }

  /** Whether content has arrived. */
  get hasContent(): boolean {
    return this.#hasContent
  }

  /** Returns the message as far as it arrived. */
  partial(): ClaudeError.Details["partial"] {
    return partialOf(this.decoder)
  }

  /** Returns what the server can have done. */
  outcome(): ClaudeError.Outcome {
    return this.decoder.started ? "partial" : "unknown"
  }

  /** Returns the details of an error. */
  details(): Omit<ClaudeError.Details, "message"> {
    return {
      ...this.meta,
      outcome: this.outcome(),
      partial: this.partial(),
      ...(this.hasCommitted ? { contentHandedOut: true } : undefined),
      ...(this.#options.repeatable === false ? { repeatable: false } : undefined)
    }
  }

  /** Creates the error of a stream that ended normally without a `message_start`. */
  withoutMessage(): ClaudeError.ClaudeError {
    return truncated("has no `message_start`, and ended", this.details())
  }

  /** Reads the few bytes that may follow `message_stop`. A fiber that is interrupted does not wait for them. */
  finish(): Effect.Effect<void> {
    if (this.#isOver || this.decoder.stop?._tag !== "Done") return Effect.void
    let left = finishBytes
    const rest = Effect.callback<void>((resume) => {
      this.#body.endWithin(finishMillis)
      const leave = Body.drain(this.#body, (chunks) => {
        for (const chunk of chunks) left -= chunk.byteLength
        return left < 0 ? "enough" : "filler"
      }, () => resume(Effect.void))
      return Effect.sync(leave)
    })
    // An interruption changes nothing: the message is complete.
    return Effect.asVoid(Effect.exit(Effect.interruptible(rest)))
  }

  #lost({ reason }: Exchange.Failure): ClaudeError.ClaudeError {
    this.#isOver = true
    const details = this.details()
    const { idle } = this.#options.timeouts
    if (reason.limit === "idle") {
      return new ClaudeError.StreamIdleError({
        ...details,
        idle,
        message: `The stream sent no byte, not even a ping, for ${Span.format(idle)}. The message is not complete; ` +
          "`partial` holds what arrived."
      })
    }
    if (reason.limit !== undefined) return Failures.limitReached(reason.limit, details, this.#options.timeouts)
    return reason._tag === "EmptyBodyError"
      ? truncated("has no body, and ended", details)
      : Failures.streamLost(reason.cause, details)
  }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The time and the bytes that reading on after `message_stop` may take. */
const finishMillis = 100
const finishBytes = 4096

const isNoPing = ({ type }: StreamEvent.StreamEvent): boolean => type !== "ping"

const pings = (events: ReadonlyArray<StreamEvent.StreamEvent>, onPing: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.forEach(events.filter(({ type }) => type === "ping"), () => onPing, { discard: true })

const isEmptyBlock = (block: StreamEvent.ContentBlockStart["content_block"]): boolean => {
  switch (block.type) {
    case "text":
      return block.text === ""
    case "thinking":
      return block.thinking === "" && block.signature === ""
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return typeof block.input === "object" && block.input !== null && Object.keys(block.input).length === 0
    default:
      return false
  }
}

/** The error of a body that ended before `message_stop`. A body of another type without any event is no stream. */
const ended = (
  { started }: EventDecoder,
  response: ResponseHead,
  details: Omit<ClaudeError.Details, "message">
): ClaudeError.ClaudeError => {
  const type = response.headers["content-type"]
  return started || type === undefined || /^\s*text\/event-stream/i.test(type)
    ? truncated(started ? "ended" : "ended without any event", details)
    : Failures.unreadable(`holds no events (content-type ${type})`, response, details)
}
