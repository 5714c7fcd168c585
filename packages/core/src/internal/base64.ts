/**
 * Base64 as requests carry it. The one place that knows where Effect keeps it.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"

/** Encodes bytes as base64 text. */
export const encode = (bytes: Uint8Array): string => Base64.encode(bytes)
