/**
 * Medians and ranges.
 *
 * @since 0.1.0
 */

/**
 * A median, with the least and the greatest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/**
 * Returns the median of samples, and their range. There is at least one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const spread = (samples: ReadonlyArray<number>): Spread => {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return {
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    least: sorted[0]!,
    greatest: sorted.at(-1)!
  }
}

/**
 * Returns the ratios of samples that were taken in turn, pair by pair.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ratio = (samples: ReadonlyArray<number>, to: ReadonlyArray<number>): Spread =>
  spread(samples.slice(0, to.length).map((sample, i) => sample / to[i]!))
