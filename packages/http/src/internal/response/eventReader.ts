/**
 * Opening a stream: one attempt, up to the point from which it is handed out.
 *
 * Events are held back until the stream commits; whatever fails before that
 * fails the attempt, which can be made again. The pull that results delivers the
 * events of that one attempt, and ends normally if and only if `message_stop`
 * was seen.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import type { Limits } from "../../Limits.ts"
import type * as Timeouts from "../../Timeouts.ts"
import * as Received from "../attempt/response.ts"
import * as Known from "../immediate.ts"
import * as Secrets from "../request/secrets.ts"
import * as Span from "../time/duration.ts"
import * as Watchdog from "../time/readLimits.ts"
import type * as Source from "../transport/body.ts"
import * as Failures from "../transport/failures.ts"
import { EventDecoder, type Stop } from "./eventDecoder.ts"

/** What the reading of a stream is kept to. */
export interface Options {
  readonly timeouts: Timeouts.Timeouts
  readonly limits: Limits
  /** When the whole call must have ended, by `Alarm.now`. */
  readonly endBy: number
  /** Runs for each ping before the stream commits. */
  readonly onPing: Effect.Effect<void> | undefined
}

/** What has been read of an answer. */
export interface Read {
  readonly meta: Exchange.Meta
  /** The message as far as it has been pulled. */
  readonly accumulator: () => MessageAccumulator.MessageAccumulator
}

/** The events of one attempt. */
export interface Opened extends Read {
  readonly pull: Pull.Pull<Arr.NonEmptyReadonlyArray<StreamEvent.StreamEvent>, ClaudeError.ClaudeError>
}

/** Reads a response as events that nobody has seen yet. A failure of the pull can be followed by another attempt. */
export const read = (
  response: Exchange.Response,
  options: Options
): Effect.Effect<Reading, never, Scope.Scope> =>
  Known.flatMap(Received.reading(response, options), (received) => {
    const reading = new Reading(response.meta, received, options)
    return Known.flatMap(received.beforeClose(Effect.suspend(() => reading.drain())), () => Effect.succeed(reading))
  })

/** Opens a stream: pulls until it commits, and hands out what was held back first. */
export const open = (
  response: Exchange.Response,
  options: Options
): Effect.Effect<Opened, ClaudeError.ClaudeError, Scope.Scope> =>
  Known.flatMap(read(response, options), (reading) => reading.open())

const pings = (events: ReadonlyArray<StreamEvent.StreamEvent>, onPing: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.forEach(events.filter(({ type }) => type === "ping"), () => onPing, { discard: true })

/**
 * Whether an event is the first that must not be taken back: content, the end,
 * or something this version does not know.
 */
export const commits = (event: StreamEvent.StreamEvent): boolean => {
  switch (event.type) {
    case "ping":
    case "content_block_stop":
      return false
    case "message_start":
      return event.message.content.length > 0
    case "content_block_start":
      return !isEmptyShell(event.content_block)
    default:
      return true
  }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const isEmptyShell = (block: StreamEvent.ContentBlockStart["content_block"]): boolean => {
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

type ReadFailure = Exchange.Failure | Cause.Done | Late

/** A limit that was reached, before what is known of the stream is added. */
type Late = { readonly _tag: "Late"; readonly limit: "idle" | "firstContent" | "total" }

const lateFor = {
  idle: { _tag: "Late", limit: "idle" },
  content: { _tag: "Late", limit: "firstContent" },
  end: { _tag: "Late", limit: "total" }
} as const

const limitsOf = (options: Options, now: number): Watchdog.Limits<ReadFailure> => ({
  idle: Duration.toMillis(options.timeouts.idle),
  contentBy: now + Duration.toMillis(options.timeouts.firstContent),
  endBy: options.endBy,
  late: lateFor
})

/** At most this long and this much is read after `message_stop`, so that the connection can be used again. */
const drainMillis = 100
const drainBytes = 4096

/** The reading of one response. */
export class Reading implements Opened {
  readonly decoder: EventDecoder
  readonly meta: Exchange.Meta
  /** Whether events may have been handed out. */
  committed = false
  /** Whether content has arrived. */
  hasContent = false
  /** The next events, or the end. */
  readonly pull: Pull.Pull<Arr.NonEmptyReadonlyArray<StreamEvent.StreamEvent>, ClaudeError.ClaudeError>
  readonly #received: Received.Reading
  readonly #limits: Watchdog.Limits<ReadFailure>
  readonly #options: Options
  /** What was pulled before the stream committed, and not handed out yet. */
  #held: Arr.NonEmptyArray<StreamEvent.StreamEvent> | undefined
  /** Whether the response was read to its end. */
  #ended = false

  constructor(
    meta: Exchange.Meta,
    received: Received.Reading,
    options: Options
  ) {
    const limits = limitsOf(options, received.alarm.now())
    this.meta = meta
    this.decoder = new EventDecoder(options.limits)
    this.#limits = limits
    this.#options = options
    this.#received = received
    const chunk = Effect.matchEffect(
      Watchdog.watch<Source.Chunks, ReadFailure>(received.body, limits, received.alarm),
      {
        onFailure: (failure) => {
          const last = Cause.isDone(failure) ? this.decoder.end() : []
          if (Arr.isArrayNonEmpty(last)) {
            this.#ended = true
            return Effect.succeed(last)
          }
          return this.decoder.stop === undefined ? Effect.fail(this.#failed(failure)) : this.#stopped(this.decoder.stop)
        },
        onSuccess: (chunks) => {
          const events = this.decoder.decode(chunks)
          return Arr.isArrayNonEmpty(events) ? Effect.succeed(events) : this.pull
        }
      }
    )
    this.pull = Effect.suspend(() => {
      const held = this.#held
      if (this.committed && held !== undefined) {
        this.#held = undefined
        return Effect.succeed(held)
      }
      return this.decoder.stop !== undefined
        ? this.#stopped(this.decoder.stop)
        : this.#ended
        ? Effect.fail(this.#truncated("eof", "ended"))
        : chunk
    })
  }

  accumulator(): MessageAccumulator.MessageAccumulator {
    return this.decoder.accumulator
  }

  /** Pulls until the stream commits. What was held back until then is pulled first. */
  open(): Effect.Effect<Opened, ClaudeError.ClaudeError> {
    const { limits, onPing } = this.#options
    return Effect.matchEffect(this.pull, {
      onSuccess: (events) => {
        if (this.#held === undefined) this.#held = Arr.copy(events)
        else for (const event of events) this.#held.push(event)
        if (events.some(commits) || this.#held.length > limits.heldEvents) this.commit()
        const next = this.committed ? Effect.succeed(this) : this.open()
        return onPing === undefined ? next : Effect.andThen(pings(events, onPing), next)
      },
      // It cannot have ended: `message_stop` commits.
      onFailure: (error) => Effect.fail(Cause.isDone(error) ? this.withoutMessage() : error)
    })
  }

  /** From now on, a failure says that events were handed out. */
  commit(): void {
    this.committed = true
    this.contentArrived()
  }

  /** From now on, content is not waited for. */
  contentArrived(): void {
    this.hasContent = true
    this.#limits.contentBy = Infinity
  }

  /** Creates the error of a stream that ended as it should, and never said which message it is. */
  withoutMessage(): ClaudeError.ClaudeError {
    return this.#truncated("eof", "has no `message_start`, and ended")
  }

  /** Reads what little may follow `message_stop`. A fiber that is interrupted does not wait for it. */
  drain(): Effect.Effect<void> {
    if (this.#ended || this.decoder.stop?._tag !== "Done") return Effect.void
    const { alarm, body } = this.#received
    let left = drainBytes
    const limits: Watchdog.Limits<ReadFailure> = {
      idle: Infinity,
      contentBy: Infinity,
      endBy: alarm.now() + drainMillis,
      late: lateFor
    }
    const rest = Effect.callback<Source.Chunks, ReadFailure>((resume) =>
      Effect.sync(Watchdog.drain<Source.Chunks, ReadFailure>(body, limits, alarm, (chunks) => {
        for (const chunk of chunks) left -= chunk.byteLength
        return left < 0
      }, resume))
    )
    // Whatever comes of it changes nothing: the answer is complete.
    return Effect.asVoid(Effect.exit(Effect.interruptible(rest)))
  }

  #stopped(stop: Stop): Pull.Pull<never, ClaudeError.ClaudeError> {
    switch (stop._tag) {
      case "Done":
        return Cause.done()
      case "ErrorEvent":
        return Effect.fail(ErrorResponse.fromEvent(Secrets.cleanJson(stop.event, this.meta), {
          ...this.meta,
          partial: this.#partial(),
          contentHandedOut: this.committed
        }))
      case "Malformed":
        return Effect.fail(this.#truncated("decode", `cannot be read on: an event ${stop.problem}`))
    }
  }

  #failed(failure: ReadFailure): ClaudeError.ClaudeError {
    if (Cause.isDone(failure)) {
      this.#ended = true
      return this.#truncated("eof", this.decoder.started ? "ended" : "ended without any event")
    }
    if ("reason" in failure) {
      this.#ended = true
      return failure.reason._tag === "EmptyBodyError"
        ? this.#truncated("eof", "has no body")
        : Failures.streamLost("cause" in failure.reason ? failure.reason.cause : undefined, this.details())
    }
    return this.#late(failure.limit)
  }

  #truncated(reason: "eof" | "decode", what: string): ClaudeError.ClaudeError {
    return new ClaudeError.StreamTruncatedError({
      ...this.details(),
      reason,
      message: `The stream ${what}${reason === "eof" ? " before `message_stop`" : ""}. The answer is not complete; ` +
        "`partial` holds what arrived."
    })
  }

  #late(limit: Late["limit"]): ClaudeError.ClaudeError {
    const { firstContent, idle, total } = this.#options.timeouts
    switch (limit) {
      case "idle":
        return new ClaudeError.StreamIdleError({
          ...this.details(),
          idle,
          message: `The stream sent no byte, not even a ping, for ${Span.format(idle)}. The answer is not ` +
            "complete; `partial` holds what arrived."
        })
      case "firstContent":
        return new ClaudeError.ClaudeTimeoutError({
          ...this.details(),
          phase: "firstContent",
          limit: firstContent,
          message: `The stream brought no content within ${Span.format(firstContent)}. Raise \`firstContent\` ` +
            "for requests that think longer."
        })
      case "total":
        return new ClaudeError.ClaudeTimeoutError({
          ...this.details(),
          phase: "total",
          limit: total,
          message: `The call did not end within ${Span.format(total)}. \`partial\` holds what arrived; raise ` +
            "`total` for longer answers."
        })
    }
  }

  /** What is known of the stream so far. */
  details(): Omit<ClaudeError.Details, "message"> {
    return {
      ...this.meta,
      outcome: this.decoder.started ? "partial" : "unknown",
      partial: this.#partial(),
      ...(this.committed ? { contentHandedOut: true } : undefined)
    }
  }

  #partial(): ClaudeError.Details["partial"] {
    return Option.getOrUndefined(MessageAccumulator.snapshot(this.decoder.accumulator))
  }
}
