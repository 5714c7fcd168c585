/**
 * Cache breakpoints: the API caches a prompt up to and including a marked
 * block.
 *
 * A request has at most four breakpoints. The cached prefix lives for five
 * minutes by default, or for one hour. Reading it costs a tenth of the input
 * price on most models.
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
 * The field of a block or tool that can be a cache breakpoint.
 *
 * @category fields
 * @since 0.1.0
 */
export const field = { cache_control: Wire.nullish(CacheControl) }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a breakpoint. Without `ttl`, the API keeps the prefix for five
 * minutes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: { readonly ttl?: "5m" | "1h" | undefined }): CacheControl =>
  options?.ttl === undefined ? { type: "ephemeral" } : { type: "ephemeral", ttl: options.ttl }
