/**
 * Fallback models for refused requests, and the credits for them.
 *
 * With `fallbacks`, the API itself tries another model when one refuses. A
 * client that sends the request to another model can redeem the
 * `fallback_credit_token` of the refusal within five minutes.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Model from "./Model.ts"
import * as Thinking from "./Thinking.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/**
 * A fallback model, and the parameters that differ for it. Omitted fields are
 * those of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export class FallbackModel extends Wire.Class<FallbackModel>()("FallbackModel", {
  model: Model.Model,
  max_tokens: Wire.nullish(Schema.Finite),
  output_config: Wire.nullish(Wire.Json),
  speed: Wire.nullish(Wire.openEnum("FallbackSpeed", ["standard", "fast"])),
  thinking: Wire.nullish(Thinking.Thinking)
}) {}

/**
 * The fallback models in order, or those that the API chooses.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Fallbacks = Wire.make(
  Schema.Union([Wire.openEnum("DefaultFallbacks", ["default"]), Schema.Array(FallbackModel)]),
  "Fallbacks"
)

/**
 * The fallback models in order, or those that the API chooses.
 *
 * @category models
 * @since 0.1.0
 */
export type Fallbacks = typeof Fallbacks.Type

/**
 * The token of a refusal. When it cannot be redeemed, `strict` refuses the
 * request and `best_effort` serves it at the usual price.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CreditToken = Wire.make(
  Schema.Union([
    Schema.String,
    Wire.struct("CreditTokenOptions", {
      token: Schema.String,
      mode: Wire.nullish(Wire.openEnum("CreditMode", ["strict", "best_effort"]))
    })
  ]),
  "CreditToken"
)

/**
 * The token of a refusal.
 *
 * @category models
 * @since 0.1.0
 */
export type CreditToken = typeof CreditToken.Type

// -----------------------------------------------------------------------------
// responses
// -----------------------------------------------------------------------------

/**
 * Why the previous model refused.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Trigger = Wire.openUnion("FallbackTrigger", [
  Wire.struct("RefusalTrigger", {
    type: Schema.Literal("refusal"),
    category: Wire.nullish(Schema.String)
  })
])

/**
 * Why the previous model refused.
 *
 * @category models
 * @since 0.1.0
 */
export type Trigger = typeof Trigger.Type

/**
 * The result of redeeming a credit token.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Credit extends Wire.Class<Credit>()("FallbackCredit", {
  status: Wire.openUnion("FallbackCreditStatus", [
    Wire.struct("Redeemed", { type: Schema.Literal("redeemed") }),
    Wire.struct("NotApplied", {
      type: Schema.Literal("not_applied"),
      reason: Schema.String,
      remove_to_redeem: Wire.nullish(Schema.Array(Schema.String))
    })
  ])
}) {}
