/**
 * Shared budgets in Redis: a string for each.
 *
 * A replacement is a script, which Redis runs atomically. How well a budget
 * survives a crash of Redis depends on the persistence that it is configured with.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as BudgetStore from "./BudgetStore.ts"
import * as Door from "./internal/options.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The prefix of the keys.
   *
   * @default "effect-claude:budget:"
   */
  readonly prefix?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps budgets in Redis.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<BudgetStore.BudgetStore["Service"], never, Redis.Redis> {
  yield* OptionCheck.orDie(options, Door.prefix)
  const redis = yield* Redis.Redis
  const prefix = options?.prefix ?? "effect-claude:budget:"
  const replace = redis.eval(compareAndSet)
  return {
    get: (key) =>
      Effect.map(
        Effect.mapError(redis.send<string | null>("GET", `${prefix}${key}`), problemOf),
        (text) => text ?? undefined
      ),
    replace: (key, expected, next) =>
      Effect.map(
        Effect.mapError(replace(`${prefix}${key}`, expected ?? "", next), problemOf),
        (replaced) => replaced === 1
      )
  }
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps budgets in Redis.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<BudgetStore.BudgetStore, never, Redis.Redis> =>
  Layer.effect(BudgetStore.BudgetStore, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** An empty string stands for a key that was never set: no text of a budget is empty. */
const compareAndSet = Redis.script(
  (key: string, expected: string, next: string) => [key, expected, next],
  {
    lua: `if (redis.call("GET", KEYS[1]) or "") ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2])
return 1`,
    numberOfKeys: 1
  }
).withReturnType<number>()

const problemOf = (cause: Redis.RedisError): BudgetStore.BudgetStoreError =>
  new BudgetStore.BudgetStoreError({ problem: "Redis failed", cause })
