/**
 * An answer on the screen while it is written: what the model thinks dimmed on
 * standard error, what it says as Markdown on standard output.
 *
 * A mark says that something is waited for until the first of either comes.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Markdown from "./Markdown.ts"
import { type Output, Screen } from "./Screen.ts"
import * as Style from "./Style.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An answer that is being shown.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  /** Shows a piece of the thinking. */
  readonly think: (piece: string) => Effect.Effect<void>
  /** Shows a piece of the text. */
  readonly say: (piece: string) => Effect.Effect<void>
  /** Shows what was held back, and ends the line. */
  readonly end: Effect.Effect<void>
  /** Whether any text was shown. */
  readonly hasText: Effect.Effect<boolean>
}

/** Text of one kind on one of the outputs. */
interface Part {
  readonly push: (piece: string) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Begins to show an answer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: {
  /**
   * Whether the text is Markdown, and shown as such on a terminal.
   *
   * @default true
   */
  readonly markdown?: boolean | undefined
}): Effect.fn.Return<Answer, never, Screen> {
  const { err, out, width } = yield* Screen
  const columns = yield* width
  const thoughts = part(err, columns, Style.plain, err.style.dim)
  const words = options?.markdown === false ? asItIs(out) : part(out, columns, out.style, (text) => text)
  let current: Part | undefined
  let hasText = false

  const change = (next: Part | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      const last = current
      if (last === next) return Effect.void
      current = next
      if (last === undefined) return out.isTerminal ? out.overwrite("") : Effect.void
      const gap = next === words && out.isTerminal && err.isTerminal ? out.line() : Effect.void
      return Effect.andThen(last.end, gap)
    })

  if (out.isTerminal) yield* out.write(out.style.dim("…"))
  return {
    think: (piece) => Effect.andThen(change(thoughts), thoughts.push(piece)),
    say: (piece) =>
      Effect.suspend(() => {
        hasText = true
        return Effect.andThen(change(words), words.push(piece))
      }),
    end: Effect.suspend(() => current === undefined && out.isTerminal ? out.overwrite("") : change(undefined)),
    hasText: Effect.sync(() => hasText)
  }
})

const part = (output: Output, width: number, style: Style.Style, paint: Style.Paint): Part => {
  if (!output.isTerminal) return asItIs(output)
  const markdown = Markdown.make({ width, style })
  return {
    push: (piece) => Effect.suspend(() => output.write(paint(markdown.push(piece)))),
    end: Effect.suspend(() => output.write(paint(markdown.end())))
  }
}

const asItIs = (output: Output): Part => {
  let last = "\n"
  return {
    push: (piece) =>
      Effect.suspend(() => {
        if (piece !== "") last = piece
        return output.write(piece)
      }),
    end: Effect.suspend(() => last.endsWith("\n") ? Effect.void : output.write("\n"))
  }
}
