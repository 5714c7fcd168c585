/**
 * Limits on the reads of one response, kept by one alarm per response and not
 * by a timer per read.
 *
 * A limit strikes only while a read is outstanding: a slow consumer is not
 * idleness. An interrupted read loses nothing: its result is given to the next.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Source from "../transport/body.ts"
import type { Alarm } from "./deadline.ts"

/** Limits in milliseconds; Infinity switches one off. The instants are those of the alarm. */
export interface Limits<E> {
  /** How long one read may take. */
  readonly idle: number
  /** When the first content must have arrived. Set to Infinity once it has. */
  contentBy: number
  /** When the whole must have arrived. */
  readonly endBy: number
  /** What a read fails with that a limit ends. */
  readonly late: { readonly idle: E; readonly content: E; readonly end: E }
}

/** Returns the effect that reads one piece of a source, kept to the limits. */
export const watch = <A, E>(source: Source.Source<A, E>, limits: Limits<E>, alarm: Alarm): Effect.Effect<A, E> =>
  Effect.callback((resume) => {
    const late = passed(limits, alarm)
    if (late !== undefined) return resume(Effect.fail(late))
    if (!take(source, limits, alarm, resume)) return Effect.sync(leaving(source, alarm))
  })

/**
 * Reads all pieces of a source, each kept to the limits, until it ends or `onPiece` says that it is enough. `onEnd` is
 * told once: of the end, or of the piece that was enough. Returns what ends the reading early.
 */
export const drain = <A, E>(
  source: Source.Source<A, E>,
  limits: Limits<E>,
  alarm: Alarm,
  onPiece: (piece: A) => boolean,
  onEnd: (end: Exit.Exit<A, E>) => void
): () => void => {
  const next = (): void => {
    // Pieces that are there already come at once, one after the other.
    for (;;) {
      let inside = true
      let more = false
      const there = take(source, limits, alarm, (piece) => {
        more = piece._tag === "Success" && !onPiece(piece.value)
        if (!more) onEnd(piece)
        else if (!inside) next()
      })
      inside = false
      if (!there || !more) return
    }
  }
  next()
  return leaving(source, alarm)
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Returns what takes no longer. */
const leaving = <A, E>(source: Source.Source<A, E>, alarm: Alarm) => (): void => {
  alarm.lift()
  source.leave()
}

/** Takes a piece, or what the limit that is reached first fails with. Returns whether it came at once. */
const take = <A, E>(
  source: Source.Source<A, E>,
  limits: Limits<E>,
  alarm: Alarm,
  resume: (piece: Exit.Exit<A, E>) => void
): boolean => {
  let there = false
  source.take((piece) => {
    there = true
    alarm.lift()
    resume(piece)
  })
  if (!there) wait(source, limits, alarm, resume)
  return there
}

/** Arms the alarm for a piece that is not there yet. */
const wait = <A, E>(
  source: Source.Source<A, E>,
  limits: Limits<E>,
  alarm: Alarm,
  resume: (piece: Exit.Exit<A, E>) => void
): void => {
  const from = alarm.now()
  alarm.set(Math.min(from + limits.idle, limits.contentBy, limits.endBy), () => {
    source.leave()
    resume(Exit.fail(reached(limits, alarm.now()) ?? limits.late.idle))
  }, from)
}

/** The instant that has passed already when a read starts, if one has. */
const passed = <E>(limits: Limits<E>, alarm: Alarm): E | undefined =>
  limits.endBy === Infinity && limits.contentBy === Infinity ? undefined : reached(limits, alarm.now())

const reached = <E>({ contentBy, endBy, late }: Limits<E>, at: number): E | undefined =>
  at >= endBy ? late.end : at >= contentBy ? late.content : undefined
