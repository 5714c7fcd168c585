/**
 * Signs of life on standard error: what a command waits for, and bars for what
 * has a length.
 *
 * A bar is drawn over itself on a terminal. Elsewhere nothing is drawn, so that
 * logs stay readable.
 *
 * @since 0.1.0
 */
import type { Claude } from "@effect-claude/http/Claude"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Layout from "./Layout.ts"
import * as Render from "./Render.ts"
import { Screen } from "./Screen.ts"

// -----------------------------------------------------------------------------
// retries
// -----------------------------------------------------------------------------

/**
 * Layer that says of each retry of a `Claude` why and when it comes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Claude, never, Claude | Screen> = Interceptor.layer(
  Effect.map(Screen, ({ err }) => () =>
    Effect.succeed({
      onRetry: ({ delay, error, n }) => {
        const status = error.status === undefined ? "" : ` (${error.status})`
        const words = `↻ ${error._tag}${status}: trying again in ${Render.duration(delay)}, retry ${n}`
        // Something transient may stand on the line.
        const line = `${err.style.yellow(words)}\n`
        return err.isTerminal ? err.overwrite(line) : err.write(line)
      }
    }))
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
  const cells = Math.min(24, Math.floor(columns / 4))
  // A line that is full to its last cell would break, and could not be drawn over.
  const room = columns - cells - 8
  yield* err.overwrite(
    `${err.style.cyan(Layout.bar(fraction, cells))} ${percent}  ${Layout.truncate(words, room)}`
  )
})
