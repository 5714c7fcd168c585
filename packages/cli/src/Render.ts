/**
 * Data as a person reads it: numbers, money, times, and what is said of an
 * answer.
 *
 * Pure, and the same everywhere: a cost looks alike in `chat`, `ask` and `log`.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

/**
 * A whole number, in groups of three.
 *
 * @category values
 * @since 0.1.0
 */
export const count = (n: number): string => Math.round(n).toLocaleString("en-US")

/**
 * A number of tokens where there is little room: 1.2k, 200k, 1M.
 *
 * @category values
 * @since 0.1.0
 */
export const short = (n: number): string =>
  n < 1000 ? String(n) : n < 999_500 ? `${trim(n / 1000)}k` : `${trim(n / 1_000_000)}M`

/**
 * An address without the user name and password it may carry.
 *
 * @category values
 * @since 0.1.0
 */
export const address = (url: string): string => url.replace(/^((?:[a-z][a-z\d+.-]*:)?\/\/)?.*@/is, "$1…@")

const trim = (n: number): string => (n < 10 ? n.toFixed(1) : n.toFixed(0)).replace(/\.0$/, "")

/**
 * US dollars, with as many digits as are needed to see something.
 *
 * @category values
 * @since 0.1.0
 */
export const money = (usd: number): string =>
  usd === 0 ? "$0" : usd < 0.01 ? `$${usd.toFixed(5)}` : usd < 1 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`

/**
 * A cost, where it is known.
 *
 * @category values
 * @since 0.1.0
 */
export const cost = (usd: Option.Option<number>): string =>
  Option.match(usd, { onNone: () => "cost unknown", onSome: money })

/**
 * A length of time, in two digits and a unit.
 *
 * @category values
 * @since 0.1.0
 */
export const duration = (time: Duration.Input): string => {
  const millis = Duration.toMillis(time)
  if (millis < 999.5) return `${Math.round(millis)} ms`
  if (millis < 59_950) return `${Math.round(millis / 100) / 10} s`
  const seconds = Math.round(millis / 1000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`
}

/**
 * A size in bytes.
 *
 * @category values
 * @since 0.1.0
 */
export const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 1024 * 1024 ? `${trim(n / 1024)} KB` : `${trim(n / 1024 / 1024)} MB`

/**
 * A day.
 *
 * @category values
 * @since 0.1.0
 */
export const day = (millis: number): string =>
  Option.match(DateTime.make(millis), { onNone: () => "unknown", onSome: (date) => DateTime.formatIsoDateUtc(date) })

/**
 * A moment, to the second.
 *
 * @category values
 * @since 0.1.0
 */
export const moment = (millis: number): string =>
  Option.match(DateTime.make(millis), {
    onNone: () => "unknown",
    onSome: (date) => DateTime.formatIso(date).replace("T", " ").replace(/\.\d+Z$/, " UTC")
  })

// -----------------------------------------------------------------------------
// answers
// -----------------------------------------------------------------------------

/**
 * Tokens of an answer: what went in, how much of that from the cache, what came
 * out.
 *
 * @category answers
 * @since 0.1.0
 */
export const tokens = (totals: Usage.Totals): string => {
  const written = totals.cacheWrite5m + totals.cacheWrite1h
  const cached = [
    ...(totals.cacheRead > 0 ? [`${count(totals.cacheRead)} cached`] : []),
    ...(written > 0 ? [`${count(written)} into the cache`] : [])
  ]
  return `${count(Usage.totalInput(totals))} tokens in${cached.length === 0 ? "" : ` (${cached.join(", ")})`}, ${
    count(totals.output)
  } out`
}

/**
 * Why an answer is not what was hoped for, and what to do: nothing for one that
 * is complete.
 *
 * @category answers
 * @since 0.1.0
 */
export const incomplete = (message: Message.Message): string | undefined => {
  switch (message.stop_reason) {
    case "max_tokens":
      // With `--max-tokens 0` none was asked for: the prompt is cached, and that is all.
      return message.usage.output_tokens === 0
        ? undefined
        : "The answer is cut: it reached --max-tokens. Raise that, or ask to continue."
    case "model_context_window_exceeded":
      return "The answer is cut: the model's context window is full. Shorten the conversation."
    case "refusal": {
      const details = message.stop_details?.type === "refusal" ? message.stop_details : undefined
      const why = [details?.category, details?.explanation].filter((part) => typeof part === "string").join(": ")
      return `The model declined to answer${why === "" ? "" : ` (${why})`}. Ask differently, or ask another model.`
    }
    case "pause_turn":
      return "The model paused in a long turn. Send the conversation again to let it go on."
    case "tool_use":
      return "The model wants to use a tool, and there is none here to run."
    default:
      return undefined
  }
}
