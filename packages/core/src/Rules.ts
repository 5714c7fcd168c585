/**
 * What is wrong with a request, found before it is sent.
 *
 * A rule is a value: a name, a level, its evidence and a pure check. `all` is the
 * table of them. Rules that `refuse` are structural certainties: no request the
 * API is known to have accepted breaks one. What depends on the model, or may
 * change, only `warn`s. Every level can be changed by name, and rules of one's
 * own can be added.
 *
 * Checking is total and pure: a malformed request gives violations, never a
 * failure of the check.
 *
 * Source: the API's documentation and its own refusals, counted against recorded
 * traffic.
 *
 * @since 0.1.0
 */
import * as ApiVersion from "./ApiVersion.ts"
import * as ClaudeError from "./ClaudeError.ts"
import * as Certain from "./internal/rules/certain.ts"
import * as Likely from "./internal/rules/likely.ts"
import type { MessageRequest } from "./MessageRequest.ts"
import * as ModelCatalog from "./ModelCatalog.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What becomes of a request that breaks a rule: it is refused, it is sent with a
 * warning, or nobody looks.
 *
 * @category models
 * @since 0.1.0
 */
export type Level = "refuse" | "warn" | "off"

/**
 * What a rule is told besides the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context {
  /** The version of the API the request is for. */
  readonly version: ApiVersion.ApiVersion
  /** What is asked of the API: an answer, or a count of tokens. */
  readonly endpoint: "messages" | "countTokens"
  /** The betas the request is sent with, or undefined where that is not known. */
  readonly betas: ReadonlyArray<string> | undefined
  /** What is known of models. */
  readonly catalog: ModelCatalog.ModelCatalog
}

/**
 * One place where a request breaks a rule.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finding {
  /** Where in the request, such as `messages[2].content[0].text`. */
  readonly path: string
  /** What is wrong. It quotes nothing of the prompt. */
  readonly problem: string
  /** What to do about it. */
  readonly fix: string
}

/**
 * A rule that requests are held to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  /** What the rule is called, where levels are set and violations reported. */
  readonly name: string
  /** What becomes of a request that breaks it, unless that is changed. */
  readonly level: Level
  /** How it is known that the API refuses what breaks the rule. */
  readonly evidence: string
  /** Returns where a request breaks the rule. */
  readonly check: (request: Partial<MessageRequest>, context: Context) => ReadonlyArray<Finding>
}

/**
 * The name of a rule in the table.
 *
 * @category models
 * @since 0.1.0
 */
export type Name = (typeof all)[number]["name"]

/**
 * Levels by name of the rule.
 *
 * @category models
 * @since 0.1.0
 */
export type Levels = { readonly [N in Name]?: Level | undefined } & { readonly [name: string]: Level | undefined }

/**
 * What was found.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  /** What keeps the request from being sent. */
  readonly refused: ReadonlyArray<ClaudeError.Violation>
  /** What the API may refuse. */
  readonly warnings: ReadonlyArray<ClaudeError.Violation>
}

/**
 * What a request is checked for.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The version of the API the request is for.
   *
   * @default ApiVersion.standard
   */
  readonly version?: ApiVersion.ApiVersion | undefined
  /**
   * Levels that differ from the table's.
   *
   * @default {}
   */
  readonly rules?: Levels | undefined
  /**
   * Rules to check besides the table's.
   *
   * @default []
   */
  readonly custom?: ReadonlyArray<Rule> | undefined
  /**
   * What is asked of the API. A count of tokens needs no `max_tokens`.
   *
   * @default "messages"
   */
  readonly endpoint?: Context["endpoint"] | undefined
  /**
   * The betas the request is sent with. Where they are not known, rules that a
   * beta would lift are not applied.
   *
   * @default undefined
   */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * What is known of models.
   *
   * @default ModelCatalog.released
   */
  readonly catalog?: ModelCatalog.ModelCatalog | undefined
}

// -----------------------------------------------------------------------------
// table
// -----------------------------------------------------------------------------

/**
 * Every rule, with the level it has unless that is changed.
 *
 * @category tables
 * @since 0.1.0
 */
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

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

/**
 * Holds a request to the rules.
 *
 * **Example** (Seeing why a request would not be sent)
 *
 * ```ts
 * import * as Rules from "@effect-claude/core/Rules"
 *
 * const { refused } = Rules.check({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [{ role: "user", content: [{ type: "text", text: "" }] }]
 * })
 *
 * refused.map(({ path, rule }) => `${rule} at ${path}`) // => ["emptyText at messages[0].content[0].text"]
 * ```
 *
 * @category checking
 * @since 0.1.0
 */
export const check = (request: Partial<MessageRequest>, options?: Options): Report => {
  const context: Context = {
    version: options?.version ?? ApiVersion.standard,
    endpoint: options?.endpoint ?? "messages",
    betas: options?.betas,
    catalog: options?.catalog ?? ModelCatalog.released
  }
  const rules: ReadonlyArray<Rule> = [...all, ...options?.custom ?? []]
  const refused: Array<ClaudeError.Violation> = []
  const warnings: Array<ClaudeError.Violation> = []
  for (const rule of rules) {
    const level = options?.rules?.[rule.name] ?? rule.level
    if (level === "off") continue
    const violations = level === "refuse" ? refused : warnings
    for (const finding of rule.check(request, context)) {
      violations.push({ rule: rule.name, ...finding, evidence: rule.evidence })
    }
  }
  return { refused, warnings }
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Creates the error of a request that is not sent: its message names the first
 * violation and how many there are besides.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toError = (violations: ReadonlyArray<ClaudeError.Violation>): ClaudeError.RequestValidationError => {
  const [first, ...others] = violations
  const where = first === undefined ? "it breaks a rule." : `${describe(first)}${more(others.length)}`
  return new ClaudeError.RequestValidationError({
    message: `The request was not sent: ${where}`,
    outcome: "notSent",
    violations
  })
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const describe = ({ fix, path, problem }: ClaudeError.Violation): string => `${path}: ${problem}. ${fix}`

const more = (count: number): string => count === 0 ? "" : ` (and ${count} more)`
