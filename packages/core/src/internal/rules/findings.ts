/**
 * Helpers to report findings.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Turns from "../turns.ts"
import type { Finding } from "./model.ts"

/** Whether a field is neither undefined nor null. */
export const isPresent: (u: unknown) => boolean = Predicate.isNotNullish

/** Reports the same finding for a field of each item. */
export const findings = (
  items: ReadonlyArray<Turns.Item>,
  field: string,
  finding: Omit<Finding, "path">
): ReadonlyArray<Finding> =>
  items.length === 0 ? Turns.none : items.map(({ path }) => ({ path: `${path}.${field}`, ...finding }))
