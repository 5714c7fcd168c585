/**
 * Signs of life on standard error: what a command waits for, and bars for what
 * has a length.
 *
 * A bar is drawn over itself on a terminal. Elsewhere nothing is drawn, so that
 * logs stay readable.
 *
 * @since 0.1.0
 */
import type { Progress } from "@effect-claude/http/Messages"
import * as Effect from "effect/Effect"
import * as Layout from "./Layout.ts"
import * as Render from "./Render.ts"
import { Screen } from "./Screen.ts"

// -----------------------------------------------------------------------------
// retries
// -----------------------------------------------------------------------------

/**
 * Returns what says of each retry why and when it comes.
 *
 * @category retries
 * @since 0.1.0
 */
export const retries: Effect.Effect<(progress: Progress) => Effect.Effect<void>, never, Screen> = Effect.map(
  Screen,
  ({ err }) => (progress) => {
    if (progress._tag !== "Waiting") return Effect.void
    const { delay, error, n } = progress
    const status = error.status === undefined ? "" : ` (${error.status})`
    return err.line(err.style.yellow(`↻ ${error._tag}${status}: trying again in ${Render.duration(delay)}, retry ${n}`))
  }
)

// -----------------------------------------------------------------------------
// bars
// -----------------------------------------------------------------------------

/**
 * Draws a bar over the one before, with words after it. The last one stays.
 *
 * @category bars
 * @since 0.1.0
 */
export const bar = Effect.fnUntraced(function*(done: number, total: number, words: string) {
  const { err, width } = yield* Screen
  if (!err.isTerminal) return
  const columns = yield* width
  const fraction = total === 0 ? 1 : done / total
  const percent = `${Math.floor(fraction * 100)}%`.padStart(4)
  const room = Math.max(10, columns - 32)
  yield* err.write(`\r${err.style.cyan(Layout.bar(fraction, 24))} ${percent}  ${Layout.truncate(words, room)}\u001b[K`)
})
