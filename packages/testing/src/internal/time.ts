/**
 * Instants as the API writes them.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"

/** `Wed, 13 May 2026 08:50:03 GMT`, as in the `date` header. */
export const httpDate = (millis: number): string => DateTime.toDateUtc(DateTime.makeUnsafe(millis)).toUTCString()

/** `2026-05-13T08:50:02Z`, as in the rate limit headers. */
export const seconds = (millis: number): string => `${iso(millis).slice(0, 19)}Z`

/** `2026-05-13T08:50:02.123000+00:00`, as batches write it. */
export const micros = (millis: number): string => `${iso(millis).slice(0, 23)}000+00:00`

/** `2026-05-13T08:50:02.123000Z`, as files write it. */
export const microsUtc = (millis: number): string => `${iso(millis).slice(0, 23)}000Z`

const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))
