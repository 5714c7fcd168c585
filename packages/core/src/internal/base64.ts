/**
 * Base64 of requests. The only module that imports Effect's implementation.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"

/** Encodes bytes as base64 text. */
export const encode = (bytes: Uint8Array): string => Base64.encode(bytes)

/** Decodes the complete groups of four characters of a base64 text. Undefined when the text is not base64. */
export const decode = (text: string): Uint8Array | undefined => {
  const letters = text.replace(/[\r\n]+/g, "")
  return Result.getOrUndefined(Base64.decode(letters.slice(0, letters.length - letters.length % 4)))
}
