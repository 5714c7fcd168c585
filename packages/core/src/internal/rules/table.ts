/**
 * Every rule, with its level and the evidence for it.
 *
 * @since 0.1.0
 */
import * as ApiVersion from "../../ApiVersion.ts"
import type { Rule } from "../../Rules.ts"
import * as Certain from "./certain.ts"
import * as Likely from "./likely.ts"

/** The rules that refuse first, then those that warn. */
export const all = [
  {
    name: "requiredFields",
    level: "refuse",
    evidence: "The API answers 400 \"model: Field required\", and so for max_tokens and messages.",
    check: Certain.requiredFields
  },
  {
    name: "maxTokens",
    level: "refuse",
    evidence: "The API documents an integer of at least 0; 0 warms the cache and answers nothing.",
    check: Certain.maxTokens
  },
  {
    name: "unansweredToolUse",
    level: "refuse",
    evidence: "The API answers 400 \"`tool_use` ids were found without `tool_result` blocks immediately after\".",
    check: Certain.unansweredToolUse
  },
  {
    name: "orphanedToolResult",
    level: "refuse",
    evidence: "The API answers 400 \"unexpected `tool_use_id` found in `tool_result` blocks\".",
    check: Certain.orphanedToolResult
  },
  {
    name: "emptyText",
    level: "refuse",
    evidence: "The API answers 400 \"text content blocks must be non-empty\".",
    check: Certain.emptyText
  },
  {
    name: "cacheBreakpoints",
    level: "refuse",
    evidence: "The API answers 400 \"A maximum of 4 blocks with cache_control may be provided\".",
    check: Certain.cacheBreakpoints
  },
  {
    name: "thinkingBudget",
    level: "refuse",
    evidence: "The API answers 400 \"`max_tokens` must be greater than `thinking.budget_tokens`\".",
    check: Certain.thinkingBudget
  },
  {
    name: "inputSchemaType",
    level: "refuse",
    evidence: "The API answers 400 \"tools.0.custom.input_schema.type: Field required\".",
    check: Certain.inputSchemaType
  },
  {
    name: "strictTools",
    level: "refuse",
    evidence: "The API answers 400 \"Too many strict tools (21). The maximum number of strict tools supported is 20.\"",
    check: Certain.strictTools
  },
  {
    name: "apiVersion",
    level: "refuse",
    evidence: "The API's notes on the version say that it answers 400.",
    check: (request, context) => ApiVersion.refused(request, context.version)
  },
  {
    name: "samplingPair",
    level: "warn",
    evidence: "These models answer 400 \"`temperature` and `top_p` cannot both be specified for this model\".",
    check: Likely.samplingPair
  },
  {
    name: "sampling",
    level: "warn",
    evidence: "The migration guide of Claude Opus 4.7: sampling parameters are removed and answered with 400.",
    check: Likely.sampling
  },
  {
    name: "prefill",
    level: "warn",
    evidence: "These models answer 400 \"This model does not support assistant message prefill\".",
    check: Likely.prefill
  },
  {
    name: "manualThinking",
    level: "warn",
    evidence: "The models endpoint says that `thinking` of type enabled is not supported by these models.",
    check: Likely.manualThinking
  },
  {
    name: "noThinking",
    level: "warn",
    evidence: "The model overview: thinking is always on and cannot be disabled.",
    check: Likely.noThinking
  },
  {
    name: "forcedTool",
    level: "warn",
    evidence: "The model overview and the thinking guide: forcing a tool while the model thinks is an error.",
    check: Likely.forcedTool
  },
  {
    name: "thinkingMinimum",
    level: "warn",
    evidence: "The API documents a budget of at least 1,024 tokens.",
    check: Likely.thinkingMinimum
  },
  {
    name: "blankText",
    level: "warn",
    evidence: "The API may answer 400 \"text content blocks must contain non-whitespace text\"; it did not always.",
    check: Likely.blankText
  },
  {
    name: "assistantFirst",
    level: "warn",
    evidence: "Most models answer 400 \"first message must use the user role\"; some accept it.",
    check: Likely.assistantFirst
  },
  {
    name: "systemFirst",
    level: "warn",
    evidence: "The API documents `system` for what holds from the start, and system turns for the middle.",
    check: Likely.systemFirst
  },
  {
    name: "maxTokensLimit",
    level: "warn",
    evidence: "The API answers 400 when `max_tokens` exceeds the model's limit, which `/v1/models` tells.",
    check: Likely.maxTokensLimit
  },
  {
    name: "domainLists",
    level: "warn",
    evidence: "The API documents `allowed_domains` and `blocked_domains` as alternatives.",
    check: Likely.domainLists
  },
  {
    name: "outputFormats",
    level: "warn",
    evidence: "The API documents `output_format` as the older name of `output_config.format`, and both as an error.",
    check: Likely.outputFormats
  }
] as const satisfies ReadonlyArray<Rule>
