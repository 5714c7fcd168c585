/**
 * Every rule, with its level and the evidence for it.
 *
 * @since 0.1.0
 */
import * as ApiVersion from "../../ApiVersion.ts"
import * as Certain from "./certain.ts"
import * as Likely from "./likely.ts"
import * as Media from "./media.ts"
import type { Rule } from "./model.ts"
import * as Sampling from "./sampling.ts"
import * as Text from "./text.ts"
import * as Tools from "./tools.ts"

/** The rules that refuse first, then those that warn. */
export const all = [
  {
    name: "requiredFields",
    level: "refuse",
    evidence: "The API responds 400 \"model: Field required\", and so for max_tokens and messages.",
    check: Certain.requiredFields
  },
  {
    name: "maxTokens",
    level: "refuse",
    evidence: "The API documents an integer of at least 0; 0 warms the cache and generates nothing.",
    check: Certain.maxTokens
  },
  {
    name: "unansweredToolUse",
    level: "refuse",
    evidence: "The API responds 400 \"`tool_use` ids were found without `tool_result` blocks immediately after\".",
    check: Certain.unansweredToolUse
  },
  {
    name: "orphanedToolResult",
    level: "refuse",
    evidence: "The API responds 400 \"unexpected `tool_use_id` found in `tool_result` blocks\".",
    check: Certain.orphanedToolResult
  },
  {
    name: "emptyText",
    level: "refuse",
    evidence: "The API responds 400 \"text content blocks must be non-empty\".",
    check: Certain.emptyText
  },
  {
    name: "cacheBreakpoints",
    level: "refuse",
    evidence: "The API responds 400 \"A maximum of 4 blocks with cache_control may be provided\".",
    check: Certain.cacheBreakpoints
  },
  {
    name: "thinkingBudget",
    level: "refuse",
    evidence: "The API responds 400 \"`max_tokens` must be greater than `thinking.budget_tokens`\".",
    check: Certain.thinkingBudget
  },
  {
    name: "inputSchemaType",
    level: "refuse",
    evidence: "The API responds 400 \"tools.0.custom.input_schema.type: Field required\".",
    check: Tools.inputSchemaType
  },
  {
    name: "strictTools",
    level: "refuse",
    evidence:
      "The API responds 400 \"Too many strict tools (21). The maximum number of strict tools supported is 20.\"",
    check: Tools.strictTools
  },
  {
    name: "wellFormedText",
    level: "refuse",
    evidence: "The API responds 400 \"The request body is not valid JSON: no low surrogate in string\".",
    check: Text.wellFormedText
  },
  {
    name: "toolNames",
    level: "refuse",
    evidence: "The API responds 400 \"tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'\".",
    check: Tools.toolNames
  },
  {
    name: "uniqueTools",
    level: "refuse",
    evidence: "The API responds 400 \"tools: Tool names must be unique.\"",
    check: Tools.uniqueTools
  },
  {
    name: "toolChoice",
    level: "refuse",
    evidence: "The API responds 400 \"Tool 'name' not found in provided tools\".",
    check: Tools.toolChoice
  },
  {
    name: "inputSchemaRoot",
    level: "refuse",
    evidence: "The API responds 400 \"input_schema does not support oneOf, allOf, or anyOf at the top level\".",
    check: Tools.inputSchemaRoot
  },
  {
    name: "closedObjects",
    level: "refuse",
    evidence: "The API responds 400 \"For 'object' type, 'additionalProperties' must be explicitly set to false\".",
    check: Tools.closedObjects
  },
  {
    name: "toolUseIds",
    level: "refuse",
    evidence:
      "The API responds 400 \"`tool_use` ids must be unique\" and \"String should match pattern '^[a-zA-Z0-9_-]+$'\".",
    check: Tools.toolUseIds
  },
  {
    name: "mediaData",
    level: "refuse",
    evidence: "The API responds 400 \"image.source.base64.data: Invalid base64 data\", and refuses empty data.",
    check: Media.mediaData
  },
  {
    name: "mediaType",
    level: "refuse",
    evidence: "The API responds 400 \"Image does not match the provided media type image/png\"; Claude 3.5 did not.",
    check: Media.mediaType
  },
  {
    name: "samplingRange",
    level: "refuse",
    evidence: "The API responds 400 \"temperature: range: -1 or 0..1\".",
    check: Sampling.samplingRange
  },
  {
    name: "thinkingSampling",
    level: "refuse",
    evidence: "The API responds 400 \"`temperature` may only be set to 1 when thinking is enabled\".",
    check: Sampling.thinkingSampling
  },
  {
    name: "apiVersion",
    level: "refuse",
    evidence: "The API's notes on the version document a 400.",
    check: (request, context) => ApiVersion.refused(request, context.version)
  },
  {
    name: "samplingPair",
    level: "warn",
    evidence: "These models respond 400 \"`temperature` and `top_p` cannot both be specified for this model\".",
    check: Likely.samplingPair
  },
  {
    name: "sampling",
    level: "warn",
    evidence: "The migration guide of Claude Opus 4.7: sampling parameters are removed and refused with 400.",
    check: Likely.sampling
  },
  {
    name: "prefill",
    level: "warn",
    evidence: "These models respond 400 \"This model does not support assistant message prefill\".",
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
    evidence: "The API may respond 400 \"text content blocks must contain non-whitespace text\"; it did not always.",
    check: Likely.blankText
  },
  {
    name: "systemFirst",
    level: "warn",
    evidence: "The API documents `system` for instructions from the start, and system turns for the middle.",
    check: Likely.systemFirst
  },
  {
    name: "maxTokensLimit",
    level: "warn",
    evidence: "The API responds 400 when `max_tokens` exceeds the model's limit, which `/v1/models` lists.",
    check: Likely.maxTokensLimit
  },
  {
    name: "mediaSize",
    level: "warn",
    evidence: "The API responds 400 \"image exceeds 5 MB maximum\"; the limit has changed before.",
    check: Media.mediaSize
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
