/**
 * How large parts of an answer may grow, so that a server gone wrong cannot fill
 * the memory.
 *
 * The defaults are far above what the API sends. Each limit that is exceeded is
 * a typed error that names it.
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The limits of an answer, in characters where not said otherwise.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  /** One event of a stream. */
  readonly event: number
  /** The body of a plain answer. */
  readonly body: number
  /** The input of one tool call, over all its pieces. */
  readonly toolInput: number
  /** How many events are held back before a stream has content. After that many it is handed out, and not retried. */
  readonly heldEvents: number
}

/**
 * Options of `make`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * One event of a stream.
   *
   * @default 16_777_216
   */
  readonly event?: number | undefined
  /**
   * The body of a plain answer.
   *
   * @default 67_108_864
   */
  readonly body?: number | undefined
  /**
   * The input of one tool call, over all its pieces.
   *
   * @default 16_777_216
   */
  readonly toolInput?: number | undefined
  /**
   * How many events are held back before a stream has content.
   *
   * @default 10_000
   */
  readonly heldEvents?: number | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The limits of a layer that sets none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: Limits = { event: 16_777_216, body: 67_108_864, toolInput: 16_777_216, heldEvents: 10_000 }

/**
 * Creates limits: what `options` leave out is as in `defaults`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Limits => ({
  event: options?.event ?? defaults.event,
  body: options?.body ?? defaults.body,
  toolInput: options?.toolInput ?? defaults.toolInput,
  heldEvents: options?.heldEvents ?? defaults.heldEvents
})
