/**
 * The marker that makes the API cache a prompt up to and including a block.
 *
 * A request may carry four of them; what is cached lives for five minutes, or
 * for an hour when asked, and costs a tenth of the price when it is read again.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * A cache breakpoint.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CacheControl extends Wire.Class<CacheControl>()("CacheControl", {
  type: Schema.Literal("ephemeral"),
  ttl: Schema.optional(Wire.openEnum("CacheTtl", ["5m", "1h"]))
}) {}

/**
 * The field of everything that can be a cache breakpoint.
 *
 * @category fields
 * @since 0.1.0
 */
export const field = { cache_control: Wire.nullish(CacheControl) }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a breakpoint. Without a `ttl` the API keeps the prefix for five minutes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: { readonly ttl?: "5m" | "1h" | undefined }): CacheControl =>
  options?.ttl === undefined ? { type: "ephemeral" } : { type: "ephemeral", ttl: options.ttl }
