/**
 * What rules report what they found with.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Finding } from "../../Rules.ts"
import * as Turns from "../turns.ts"

/** Whether the field is there: null is as good as absent. */
export const isPresent: (u: unknown) => boolean = Predicate.isNotNullish

/** Reports the same about a field of each item. */
export const findings = (
  items: ReadonlyArray<Turns.Item>,
  field: string,
  finding: Omit<Finding, "path">
): ReadonlyArray<Finding> =>
  items.length === 0 ? Turns.none : items.map(({ path }) => ({ path: `${path}.${field}`, ...finding }))
