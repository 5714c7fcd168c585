/**
 * Where budgets are kept that several processes share.
 *
 * A store keeps a text for each budget, and replaces it only if it is still the
 * expected one. That is all it needs: what the text means, and that a budget is
 * never overdrawn, is up to `Budget.shared`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The store failed, or did not respond in time. A request whose budget cannot be
 * read is not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class BudgetStoreError extends Data.TaggedError("BudgetStoreError")<{
  /** What went wrong. */
  readonly problem: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `The store of the budget failed: ${this.problem}.`
  }
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The texts of shared budgets, by key.
 *
 * @category services
 * @since 0.1.0
 */
export class BudgetStore extends Context.Service<BudgetStore, {
  /** Returns the text of a key. Undefined when it was never set. */
  readonly get: (key: string) => Effect.Effect<string | undefined, BudgetStoreError>
  /** Sets the text of a key if it is still the expected one. Returns whether it did. */
  readonly replace: (
    key: string,
    expected: string | undefined,
    next: string
  ) => Effect.Effect<boolean, BudgetStoreError>
}>()("@effect-claude/session/BudgetStore") {}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps budgets in memory: they are shared within the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<BudgetStore> = Layer.sync(BudgetStore, () => {
  const texts = new Map<string, string>()
  return {
    get: (key) => Effect.sync(() => texts.get(key)),
    replace: (key, expected, next) =>
      Effect.sync(() => {
        if (texts.get(key) !== expected) return false
        texts.set(key, next)
        return true
      })
  }
})
