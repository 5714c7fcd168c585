/**
 * How long something took or lasts, as a person says it: `250 ms`, `1.2 s`,
 * `1 min 7 s`. Measured times have nanoseconds, and nobody wants to read them.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

export const format = (span: Duration.Duration): string => {
  if (Duration.toMillis(span) === Infinity) return "ever"
  const millis = Duration.toMillis(span)
  if (millis < 999.5) return `${Math.round(millis)} ms`
  const tenths = Math.round(millis / 100)
  if (tenths < 600) return `${tenths / 10} s`
  const seconds = Math.round(millis / 1000)
  return seconds < 3600
    ? two(Math.floor(seconds / 60), "min", seconds % 60, "s")
    : two(Math.floor(seconds / 3600), "h", Math.round((seconds % 3600) / 60), "min")
}

const two = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`

/** The shorter of two. Here and not of Effect's, which bring the arithmetic of nanoseconds along. */
export const least = (a: Duration.Duration, b: Duration.Duration): Duration.Duration =>
  Duration.toMillis(b) < Duration.toMillis(a) ? b : a

/** The longer of two. */
export const most = (a: Duration.Duration, b: Duration.Duration): Duration.Duration =>
  Duration.toMillis(b) > Duration.toMillis(a) ? b : a

/** Whether there is nothing to wait for. */
export const isZero = (span: Duration.Duration): boolean => Duration.toMillis(span) === 0
