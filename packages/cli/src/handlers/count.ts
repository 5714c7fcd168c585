/**
 * `count`: how many tokens a prompt has and what it costs to send, estimated
 * here or counted by the API.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Messages from "@effect-claude/http/Messages"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Connected from "../Connected.ts"
import * as Layout from "../Layout.ts"
import * as Question from "../Question.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"

/**
 * What `count` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly prompt: ReadonlyArray<string>
  readonly model: string
  readonly system: Option.Option<string>
  readonly image: ReadonlyArray<string>
  readonly pdf: ReadonlyArray<string>
  readonly estimate: boolean
  readonly json: boolean
}

/**
 * Runs `count`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const count = Effect.fnUntraced(function*(input: Input) {
  const { err, out, width } = yield* Screen
  const request = yield* Question.compose({ ...input, maxTokens: 1 })
  const estimate = TokenEstimate.ofRequest(request)
  const tokens = input.estimate
    ? estimate.tokens
    : (yield* Connected.connected(Messages.countTokens(request))).input_tokens
  const catalog = yield* ModelCatalog.Current
  const cost = Option.map(Cost.ofTotals(request.model, { ...Usage.empty, input: tokens }, { catalog }), Cost.total)
  const window = Option.getOrUndefined(ModelCatalog.find(catalog, request.model))?.contextWindow
  if (input.json) {
    yield* out.line(JSON.stringify({
      model: request.model,
      input_tokens: tokens,
      ...(input.estimate ? { margin: estimate.margin, unmeasured: estimate.unmeasured } : undefined),
      usd: Option.getOrUndefined(cost),
      context_window: window
    }))
  } else {
    const rows: ReadonlyArray<readonly [string, string]> = [
      [
        "tokens",
        `${
          input.estimate
            ? `about ${Render.count(tokens)}, give or take ${Render.count(estimate.margin)}`
            : Render.count(tokens)
        }`
      ],
      ["to send", Option.match(cost, { onNone: () => "no price known", onSome: Render.money })],
      [
        "window",
        window === undefined ? "not known" : `${(100 * tokens / window).toFixed(1)} % of ${Render.count(window)}`
      ],
      ["model", request.model]
    ]
    yield* out.line(Layout.pairs(rows, yield* width, out.style.dim))
  }
  if (input.estimate && estimate.unmeasured.length > 0) {
    yield* err.warn(`Only the API can count ${estimate.unmeasured.join(", ")}.`)
  }
  const warning = TokenEstimate.warnAt(request.model, tokens, { catalog })
  if (Option.isSome(warning)) {
    yield* err.warn(`That is ${Math.floor(100 * warning.value.share)} % of the model's window.`)
  }
})
