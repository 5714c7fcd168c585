/**
 * Colours and weights, as functions from text to text.
 *
 * Each closes exactly what it opened, so styles nest, and `plain` changes
 * nothing: code that prints asks for a style and never whether there is one.
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Puts text into a style.
 *
 * @category models
 * @since 0.1.0
 */
export type Paint = (text: string) => string

/**
 * The styles there are.
 *
 * @category models
 * @since 0.1.0
 */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly italic: Paint
  readonly underline: Paint
  readonly strike: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly blue: Paint
  readonly magenta: Paint
  readonly cyan: Paint
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const ansi = (on: number, off: number): Paint => (text) => text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`

const same: Paint = (text) => text

/**
 * Styles for a terminal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const colored: Style = {
  bold: ansi(1, 22),
  dim: ansi(2, 22),
  italic: ansi(3, 23),
  underline: ansi(4, 24),
  strike: ansi(9, 29),
  red: ansi(31, 39),
  green: ansi(32, 39),
  yellow: ansi(33, 39),
  blue: ansi(34, 39),
  magenta: ansi(35, 39),
  cyan: ansi(36, 39)
}

/**
 * No styles: for files, pipes, and whoever asks for none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const plain: Style = {
  bold: same,
  dim: same,
  italic: same,
  underline: same,
  strike: same,
  red: same,
  green: same,
  yellow: same,
  blue: same,
  magenta: same,
  cyan: same
}

/**
 * Returns the styles, or none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const when = (colors: boolean): Style => colors ? colored : plain
