/**
 * Whether and how much the model thinks before it responds.
 *
 * The accepted types and the default depend on the model: see
 * `capabilities.thinking.types` in `/v1/models`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const block_binding = Wire.nullish(Wire.struct("BlockBinding", {
  prefix_mismatch_behavior: Wire.nullish(Wire.openEnum("PrefixMismatchBehavior", ["error", "drop_block"]))
}))

const display = Wire.nullish(Wire.openEnum("ThinkingDisplay", ["summarized", "omitted", "updates"]))

/**
 * The model determines how much it thinks.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Adaptive extends Wire.Class<Adaptive>()("Adaptive", {
  type: Schema.Literal("adaptive"),
  display,
  block_binding
}) {}

/**
 * The model thinks within a budget of at least 1,024 tokens, which counts
 * against `max_tokens`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Enabled extends Wire.Class<Enabled>()("Enabled", {
  type: Schema.Literal("enabled"),
  budget_tokens: Schema.Finite,
  display,
  block_binding
}) {}

/**
 * The model does not think.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Disabled extends Wire.Class<Disabled>()("Disabled", {
  type: Schema.Literal("disabled")
}) {}

/**
 * The model writes short notes between tool calls, which are thinking blocks in
 * the response.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BetweenTools extends Wire.Class<BetweenTools>()("BetweenTools", {
  type: Schema.Literal("between_tools")
}) {}

/**
 * Whether and how much the model thinks.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Thinking: Wire.OpenUnion<Adaptive | Enabled | Disabled | BetweenTools> = Wire.openUnion("Thinking", [
  Adaptive,
  Enabled,
  Disabled,
  BetweenTools
])

/**
 * Whether and how much the model thinks.
 *
 * @category models
 * @since 0.1.0
 */
export type Thinking = typeof Thinking.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Lets the model determine how much it thinks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const adaptive: Adaptive = { type: "adaptive" }

/**
 * Disables thinking.
 *
 * @category constructors
 * @since 0.1.0
 */
export const disabled: Disabled = { type: "disabled" }

/**
 * Lets the model think for at most `budget_tokens` tokens. The minimum is
 * 1,024.
 *
 * @category constructors
 * @since 0.1.0
 */
export const enabled = (budget_tokens: number): Enabled => ({ type: "enabled", budget_tokens })
