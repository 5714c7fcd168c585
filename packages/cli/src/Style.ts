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

/** What switches each style on and off. */
const parameters: { readonly [K in keyof Style]: readonly [on: number, off: number] } = {
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  underline: [4, 24],
  strike: [9, 29],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39]
}

const ansi = (on: number, off: number): Paint => (text) => text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`

const same: Paint = (text) => text

/**
 * Styles for a terminal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const colored: Style = {
  bold: ansi(...parameters.bold),
  dim: ansi(...parameters.dim),
  italic: ansi(...parameters.italic),
  underline: ansi(...parameters.underline),
  strike: ansi(...parameters.strike),
  red: ansi(...parameters.red),
  green: ansi(...parameters.green),
  yellow: ansi(...parameters.yellow),
  blue: ansi(...parameters.blue),
  magenta: ansi(...parameters.magenta),
  cyan: ansi(...parameters.cyan)
}

/**
 * The parameters of every escape sequence that `colored` writes.
 *
 * @category constants
 * @since 0.1.0
 */
export const codes: ReadonlySet<number> = new Set(Object.values(parameters).flat())

/**
 * Ends every style that `colored` starts.
 *
 * @category constants
 * @since 0.1.0
 */
export const reset: string = Array.from(new Set(Object.values(parameters).map(([, off]) => `\u001b[${off}m`))).join("")

/**
 * No styles: for files, pipes and `NO_COLOR`.
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
