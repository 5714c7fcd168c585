/**
 * Lines a person writes, with what else a keyboard says: Ctrl-C, and that there
 * is no more.
 *
 * Ctrl-C is an input like another here, so a program can stop what it is doing
 * and go on. What was typed while nobody asked is there when somebody does.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a person did when asked for a line.
 *
 * - `Line`: wrote it. What was pasted at once is one line with breaks in it
 * - `Interrupt`: pressed Ctrl-C; `cleared` says whether that took back a line
 * - `End`: pressed Ctrl-D, or the input is at its end
 *
 * @category models
 * @since 0.1.0
 */
export type Input =
  | { readonly _tag: "Line"; readonly text: string }
  | { readonly _tag: "Interrupt"; readonly cleared: boolean }
  | { readonly _tag: "End" }

/**
 * An open input.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lines {
  /** Shows a prompt and waits for a line. */
  readonly next: (prompt: string) => Effect.Effect<Input>
  /** Waits for a Ctrl-C that is pressed while no line is asked for. */
  readonly interrupt: Effect.Effect<void>
  /** Whether a person is typing. */
  readonly isTerminal: boolean
}

/**
 * Options of `open`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Returns what may follow what was typed, for the tab key.
   *
   * @default nothing
   */
  readonly complete?: ((line: string) => ReadonlyArray<string>) | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * Opens the input.
 *
 * @category services
 * @since 0.1.0
 */
export class LineReader extends Context.Service<LineReader, {
  /** Takes the input over, Ctrl-C included, until the scope closes. */
  readonly open: (options?: Options) => Effect.Effect<Lines, never, Scope.Scope>
}>()("effect-claude/LineReader") {}
