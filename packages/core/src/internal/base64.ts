/**
 * Base64, by the functions that every runtime has.
 *
 * Effect's implementation would double what `Secret` adds to a browser bundle.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/** Encodes bytes as base64 text. */
export const encode = (bytes: Uint8Array): string => {
  let binary = ""
  for (let from = 0; from < bytes.length; from += chunk) {
    binary += String.fromCharCode(...bytes.subarray(from, from + chunk))
  }
  return btoa(binary)
}

/** Decodes the complete groups of four characters of a base64 text. Undefined when the text is not base64. */
export const decode = (text: string): Uint8Array | undefined => {
  const letters = text.replace(/[\r\n]+/g, "")
  return Result.getOrUndefined(
    Result.try(() =>
      Uint8Array.from(atob(letters.slice(0, letters.length - letters.length % 4)), (unit) => unit.charCodeAt(0))
    )
  )
}

/** The most arguments that one call is given. */
const chunk = 8_192
