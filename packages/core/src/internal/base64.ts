/**
 * Base64 as requests carry it. The one place that knows where Effect keeps it.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"

/** Encodes bytes as base64 text. */
export const encode = (bytes: Uint8Array): string => Base64.encode(bytes)

/** Decodes base64 text as far as it has whole groups of four, or undefined where it is not base64. */
export const decode = (text: string): Uint8Array | undefined => {
  const letters = text.replace(/[\r\n]+/g, "")
  return Result.getOrUndefined(Base64.decode(letters.slice(0, letters.length - letters.length % 4)))
}
