/**
 * Conditions that end a run of an agent before its tools run.
 *
 * A condition is checked after each response that calls tools. When it holds, the
 * run ends with `stopped`, its calls are open, and `Agent.resume` runs them.
 * Conditions combine with `any` and `all`.
 *
 * **Example** (Stopping at a tool or a price)
 *
 * ```ts
 * import * as StopWhen from "@effect-claude/session/StopWhen"
 *
 * export const stopWhen = StopWhen.any(StopWhen.toolCalled("submit"), StopWhen.cost(0.5))
 * ```
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Progress } from "./AgentEvent.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A condition that ends a run.
 *
 * @category models
 * @since 0.1.0
 */
export type StopWhen<R = never> = (progress: Progress) => Effect.Effect<boolean, never, R>

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Holds where a predicate does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (predicate: (progress: Progress) => boolean): StopWhen => (progress) =>
  Effect.sync(() => predicate(progress))

/**
 * Holds after `count` turns of this run.
 *
 * @category constructors
 * @since 0.1.0
 */
export const turns = (count: number): StopWhen => make(({ turns }) => turns >= count)

/**
 * Holds when the last response calls one of the tools.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toolCalled = (...names: ReadonlyArray<string>): StopWhen =>
  make(({ message }) => message !== undefined && Message.toolUses(message).some(({ name }) => names.includes(name)))

/**
 * Holds when this run has used `count` tokens, input and output together.
 *
 * @category constructors
 * @since 0.1.0
 */
export const tokens = (count: number): StopWhen => make(({ usage }) => Usage.totalInput(usage) + usage.output >= count)

/**
 * Holds when this run has cost `dollars`, and when its cost is not known.
 *
 * @category constructors
 * @since 0.1.0
 */
export const cost = (dollars: number): StopWhen =>
  make(({ cost }) => Option.isNone(cost) || Cost.total(cost.value) >= dollars)

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Holds when at least one of the conditions does.
 *
 * @category combinators
 * @since 0.1.0
 */
export const any = <R = never>(...conditions: ReadonlyArray<StopWhen<R>>): StopWhen<R> => (progress) =>
  Effect.reduce(conditions, () => false, (holds, condition) => holds ? Effect.succeed(true) : condition(progress))

/**
 * Holds when all of the conditions do. Without conditions it does not hold.
 *
 * @category combinators
 * @since 0.1.0
 */
export const all = <R = never>(...conditions: ReadonlyArray<StopWhen<R>>): StopWhen<R> => (progress) =>
  Effect.reduce(
    conditions,
    () => conditions.length > 0,
    (holds, condition) => holds ? condition(progress) : Effect.succeed(false)
  )
