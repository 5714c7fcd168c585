/**
 * How many tokens a prompt has, as the `Tokenizer` of effect/ai: counted by the
 * API (`layer`), or estimated without a request (`layerEstimate`).
 *
 * Claude's tokens are counted, not shown: what `tokenize` returns has the right
 * length, and its numbers mean nothing else. `truncate` keeps what is newest, never
 * parts a call from its result, and always keeps the system messages.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import type { TokenCountRequest } from "@effect-claude/core/TokenCount"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as AiError from "effect/ai/AiError"
import * as Prompt from "effect/ai/Prompt"
import * as Tokenizer from "effect/ai/Tokenizer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ClaudeErrors from "./ClaudeErrors.ts"
import * as ClaudePrompt from "./ClaudePrompt.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of a tokenizer.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The model whose tokens are counted. */
  readonly model: string
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a tokenizer from a way to count.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options & {
    readonly count: (request: TokenCountRequest) => Effect.Effect<number, ClaudeError.ClaudeError>
  }
): Tokenizer.Service => {
  const count = Effect.fnUntraced(function*(prompt: Prompt.Prompt, method: string) {
    const { messages, system } = yield* Effect.mapError(
      Effect.fromResult(ClaudePrompt.fromPrompt(prompt, { systemMessages: "top" })),
      (reason) => AiError.make({ module: "ClaudeTokenizer", method, reason })
    )
    if (messages.length === 0) return 0
    const request = { model: options.model, messages, ...(system === undefined ? undefined : { system }) }
    return yield* Effect.mapError(
      options.count(request),
      (error) => AiError.make({ module: "ClaudeTokenizer", method, reason: ClaudeErrors.toReason(error) })
    )
  })
  return {
    tokenize: (input) =>
      Effect.map(
        count(Prompt.make(input), "tokenize"),
        (tokens) => Array.from({ length: tokens }, (_, index) => index)
      ),
    truncate: (input, tokens) =>
      newest(Prompt.make(input), (prompt) => Effect.map(count(prompt, "truncate"), (needed) => needed <= tokens))
  }
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that counts with the API: exactly, one request each time.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Tokenizer.Tokenizer, never, Claude.Claude> =>
  Layer.effect(
    Tokenizer.Tokenizer,
    Effect.map(Effect.andThen(OptionCheck.orDie(options, table), Claude.Claude), (claude) =>
      make({
        ...options,
        count: (request) =>
          Messages.countTokens(request).pipe(
            Effect.map(({ input_tokens }) => input_tokens),
            Effect.provideService(Claude.Claude, claude)
          )
      }))
  )

/**
 * Layer that estimates without a request, within the bounds `TokenEstimate` states.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerEstimate = (options: Options): Layer.Layer<Tokenizer.Tokenizer> =>
  Layer.effect(
    Tokenizer.Tokenizer,
    Effect.map(
      OptionCheck.orDie(options, table),
      () => make({ ...options, count: (request) => Effect.succeed(TokenEstimate.ofRequest(request).tokens) })
    )
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<Options> = {
  model: OptionCheck.required(OptionCheck.text("the id of a model", /[^]/))
}

/**
 * Keeps the system messages and as many of the newest exchanges as fit. An exchange
 * begins with a message of the user's, so that whatever follows it stays with it.
 * Adding an exchange never makes a prompt shorter, so half of them is looked at
 * first: a long prompt takes few counts.
 */
const newest = Effect.fnUntraced(function*<E>(
  prompt: Prompt.Prompt,
  fits: (prompt: Prompt.Prompt) => Effect.Effect<boolean, E>
): Effect.fn.Return<Prompt.Prompt, E> {
  const system = prompt.content.filter(({ role }) => role === "system")
  const rest = prompt.content.filter(({ role }) => role !== "system")
  const starts = rest.flatMap(({ role }, index) => role === "user" || index === 0 ? [index] : [])
  const from = (index: number | undefined) => Prompt.fromMessages([...system, ...rest.slice(index ?? rest.length)])
  if (yield* fits(prompt)) return prompt
  let [kept, tooMany] = [starts.length, 0]
  while (kept - tooMany > 1) {
    const middle = (kept + tooMany) >> 1
    if (yield* fits(from(starts[middle]))) kept = middle
    else tooMany = middle
  }
  return from(starts[kept])
})
