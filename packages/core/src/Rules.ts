/**
 * What is wrong with a request, found before it is sent.
 *
 * A rule is a value: a name, a level, its evidence and a pure check. `all` is the
 * table of them. Rules that `refuse` are structural certainties: no request the
 * API is known to have accepted breaks one. What depends on the model, or may
 * change, only `warn`s. Every level can be changed by name, and rules of one's
 * own can be added.
 *
 * A layer holds requests to the rules it is given (`rules: Rules.standard`), and
 * `ClaudeNode` to the standard ones unless told otherwise; a program without
 * them carries neither the rules nor the catalogue of models.
 *
 * Checking is total and pure: a malformed request gives violations, never a
 * failure of the check.
 *
 * Source: the API's documentation and its own refusals, counted against recorded
 * traffic.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as ApiVersion from "./ApiVersion.ts"
import * as ClaudeError from "./ClaudeError.ts"
import * as Table from "./internal/rules/table.ts"
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
 * Rules put together, ready to hold requests to: what a layer is given.
 *
 * @category models
 * @since 0.1.0
 */
export interface RuleSet {
  /** Holds a request to the rules. The levels given here outrank those of the set. */
  readonly check: (
    request: Partial<MessageRequest>,
    options: Pick<Options, "version" | "endpoint" | "betas" | "rules">
  ) => Report
  /** Tells of what the API may refuse, before the request is sent all the same. */
  readonly warn: (warnings: ReadonlyArray<ClaudeError.Violation>) => Effect.Effect<void>
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
export const all = Table.all

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Puts rules together for a layer: the table's, at the levels given, and rules
 * of one's own.
 *
 * **Example** (Refusing what only warns)
 *
 * ```ts
 * import * as Rules from "@effect-claude/core/Rules"
 *
 * const strict = Rules.make({ rules: { blankText: "refuse" } })
 * const { refused } = strict.check({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [{ role: "user", content: " " }]
 * }, {})
 *
 * refused.map(({ path, rule }) => `${rule} at ${path}`) // => ["blankText at messages[0].content"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options?: Pick<Options, "rules" | "custom" | "catalog"> & {
    /**
     * What becomes of what the API may refuse. By default, it goes to the log.
     *
     * @default Effect.logWarning
     */
    readonly warn?: RuleSet["warn"] | undefined
  }
): RuleSet => ({
  check: (request, { rules, ...now }) => hold(request, { ...options, ...now }, rules),
  warn: options?.warn ?? log
})

/** It quotes nothing of the prompt. */
const log = (warnings: ReadonlyArray<ClaudeError.Violation>): Effect.Effect<void> =>
  Effect.forEach(
    warnings,
    ({ fix, path, problem, rule }) =>
      Effect.logWarning(`The API may refuse this request: ${path}: ${problem}. ${fix} (${rule})`),
    { discard: true }
  )

/**
 * Every rule of the table, at its own level.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard: RuleSet = make()

/**
 * No rules: requests are held to their shape alone.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: RuleSet = { check: () => ({ refused: [], warnings: [] }), warn: () => Effect.void }

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
export const check = (request: Partial<MessageRequest>, options?: Options): Report => hold(request, options, undefined)

/** Holds a request to the rules, at levels that outrank those of the options. */
const hold = (
  request: Partial<MessageRequest>,
  options: Options | undefined,
  levels: Levels | undefined
): Report => {
  const context: Context = {
    version: options?.version ?? ApiVersion.standard,
    endpoint: options?.endpoint ?? "messages",
    betas: options?.betas,
    catalog: options?.catalog ?? ModelCatalog.released
  }
  const report: { readonly [L in keyof Report]: Array<ClaudeError.Violation> } = { refused: [], warnings: [] }
  const apply = (rule: Rule): void => {
    const level = levels?.[rule.name] ?? options?.rules?.[rule.name] ?? rule.level
    if (level === "off") return
    const violations = level === "refuse" ? report.refused : report.warnings
    for (const finding of rule.check(request, context)) {
      violations.push({ rule: rule.name, ...finding, evidence: rule.evidence })
    }
  }
  all.forEach(apply)
  options?.custom?.forEach(apply)
  return report
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
