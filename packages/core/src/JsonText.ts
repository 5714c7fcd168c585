/**
 * Reads JSON that somebody else wrote: responses, recordings, files.
 *
 * Nesting is limited. `JSON.parse` reads any depth, and every function that walks the
 * value afterwards, `JSON.stringify` included, overflows the stack. So a text that is
 * too deep is refused where it enters. The check is linear, and it is skipped for
 * texts that are too short to be deep.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Result from "effect/Result"

// -----------------------------------------------------------------------------
// constants
// -----------------------------------------------------------------------------

/**
 * The deepest nesting that is read.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxDepth = 500

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A text is not JSON, or is nested too deeply. Holds nothing of the text, except what
 * the parser quotes of it.
 *
 * @category errors
 * @since 0.1.0
 */
export class JsonTextError extends Data.TaggedError("JsonTextError")<{
  readonly problem: "syntax" | "depth"
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * Parses a text. Fails when it is not JSON or nested deeper than `maxDepth` levels.
 *
 * **Example** (Refusing what no function could walk)
 *
 * ```ts
 * import * as JsonText from "@effect-claude/core/JsonText"
 * import * as Result from "effect/Result"
 *
 * JsonText.parse("{\"a\": [1]}") // => Result.succeed({ a: [1] })
 * Result.isFailure(JsonText.parse("[".repeat(501) + "]".repeat(501))) // => true
 * ```
 *
 * @category reading
 * @since 0.1.0
 */
export const parse = (text: string): Result.Result<unknown, JsonTextError> =>
  isDeep(text)
    ? Result.fail(
      new JsonTextError({ problem: "depth", message: `The JSON is nested deeper than ${maxDepth} levels.` })
    )
    : Result.try({
      try: (): unknown => JSON.parse(text),
      catch: (cause) =>
        new JsonTextError({ problem: "syntax", message: cause instanceof Error ? cause.message : String(cause) })
    })

/**
 * Returns whether a text is nested deeper than `maxDepth` levels, if it is JSON.
 *
 * @category reading
 * @since 0.1.0
 */
export const isDeep = (text: string): boolean => {
  if (text.length <= 2 * maxDepth) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case quote:
        i = endOfString(text, i)
        break
      case openBracket:
      case openBrace:
        if (++depth > maxDepth) return true
        break
      case closeBracket:
      case closeBrace:
        depth--
    }
  }
  return false
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Returns where the string ends that begins at `start`. A search for the next quote skips long strings fast. */
const endOfString = (text: string, start: number): number => {
  let end = start
  do {
    end = text.indexOf("\"", end + 1)
  } while (end > 0 && isEscaped(text, end))
  return end < 0 ? text.length : end
}

const isEscaped = (text: string, at: number): boolean => {
  let first = at
  while (text.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}
