/**
 * How a model is asked to think first: as much as the question deserves where it
 * knows how, else within a budget.
 *
 * @since 0.1.0
 */
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Thinking from "@effect-claude/core/Thinking"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * The fields of a request that ask for it. A model that takes a budget gets it on
 * top of what the answer may have.
 *
 * @category requests
 * @since 0.1.0
 */
export const fields = (
  model: string,
  max_tokens: number
): Effect.Effect<Pick<MessageRequest.MessageRequest, "thinking" | "max_tokens">> =>
  Effect.map(ModelCatalog.Current, (catalog) => {
    const known = Option.getOrUndefined(ModelCatalog.find(catalog, model))
    if (known === undefined || known.refuses?.includes("manualThinking") === true) {
      return { thinking: { ...Thinking.adaptive, display: "summarized" }, max_tokens }
    }
    // The API takes no budget below 1,024.
    const budget = Math.max(1024, Math.floor(max_tokens / 2))
    return { thinking: Thinking.enabled(budget), max_tokens: max_tokens + budget }
  })
