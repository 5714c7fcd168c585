/**
 * Finds what is wrong with a request before it is sent.
 *
 * A rule is a value: a name, a level, evidence and a pure check. `all` lists the
 * rules of this package. Rules of level `refuse` are structural certainties: no
 * request that the API is known to have accepted breaks one. What depends on the
 * model, or may change, only gives a warning. Levels can be changed by name, and
 * custom rules can be added.
 *
 * A layer applies the rules it is given (`rules: Rules.standard`); `ClaudeNode`
 * applies the standard rules by default. A bundle without rules contains neither
 * them nor the catalogue of models.
 *
 * Checking is total and pure: a malformed request gives violations, never a
 * failure of the check.
 *
 * Source: the API's documentation and error messages, tested against recorded
 * traffic.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ApiVersion from "./ApiVersion.ts"
import * as ClaudeError from "./ClaudeError.ts"
import type { Context, Level, Rule } from "./internal/rules/model.ts"
import * as Retirement from "./internal/rules/retirement.ts"
import * as Table from "./internal/rules/table.ts"
import type { MessageRequest } from "./MessageRequest.ts"
import * as ModelCatalog from "./ModelCatalog.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A rule, its level, what it gets and what it finds.
 *
 * @category models
 * @since 0.1.0
 */
export type { Context, Finding, Level, Rule } from "./internal/rules/model.ts"

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
 * The violations of a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  /** Violations for which the request is not sent. */
  readonly refused: ReadonlyArray<ClaudeError.Violation>
  /** Violations that the API may refuse. */
  readonly warnings: ReadonlyArray<ClaudeError.Violation>
}

/**
 * A set of rules, as layers take it.
 *
 * @category models
 * @since 0.1.0
 */
export interface RuleSet {
  /** Checks a request. The levels given here take precedence over those of the set. */
  readonly check: (
    request: Partial<MessageRequest>,
    options: Pick<Options, "version" | "endpoint" | "betas" | "rules">
  ) => Report
  /** Reports warnings before the request is sent. */
  readonly warn: (warnings: ReadonlyArray<ClaudeError.Violation>) => Effect.Effect<void>
  /** Returns when a model retires and what replaces it, for the message of a 404. Undefined where nothing is known. */
  readonly retirement?: ((model: string) => string | undefined) | undefined
  /**
   * Logs a warning when a model is retired or retires within 90 days: once for each
   * model and set of rules. Undefined where there is nothing to warn about.
   */
  readonly announce?: ((model: string) => Effect.Effect<void> | undefined) | undefined
}

/**
 * Options of a check.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The version of the API that the request is for.
   *
   * @default ApiVersion.standard
   */
  readonly version?: ApiVersion.ApiVersion | undefined
  /**
   * Levels that differ from those in `all`.
   *
   * @default {}
   */
  readonly rules?: Levels | undefined
  /**
   * Rules in addition to `all`.
   *
   * @default []
   */
  readonly custom?: ReadonlyArray<Rule> | undefined
  /**
   * The endpoint. A count of tokens needs no `max_tokens`.
   *
   * @default "messages"
   */
  readonly endpoint?: Context["endpoint"] | undefined
  /**
   * The betas that are sent with the request. Where they are not known, rules that
   * a beta would lift are not applied.
   *
   * @default undefined
   */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * The models that are known.
   *
   * @default ModelCatalog.released
   */
  readonly catalog?: ModelCatalog.ModelCatalog | undefined
}

// -----------------------------------------------------------------------------
// table
// -----------------------------------------------------------------------------

/**
 * Every rule of this package, with its default level.
 *
 * @category tables
 * @since 0.1.0
 */
export const all = Table.all

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a set of rules for a layer: `all` at the given levels, and custom rules.
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
     * Receives the warnings. By default, they are logged.
     *
     * @default Effect.logWarning
     */
    readonly warn?: RuleSet["warn"] | undefined
  }
): RuleSet => {
  const catalog = options?.catalog ?? ModelCatalog.released
  return {
    check: (request, { rules, ...call }) => apply(request, { ...options, ...call }, rules),
    warn: options?.warn ?? log,
    retirement: (model) => retirement(catalog, model),
    announce: Retirement.announcer(catalog)
  }
}

const retirement = (catalog: ModelCatalog.ModelCatalog, model: string): string | undefined => {
  const entry = Option.getOrUndefined(ModelCatalog.find(catalog, model))
  return entry?.retiresOn === undefined
    ? undefined
    : `${entry.id} retires on ${entry.retiresOn}${entry.replacement === undefined ? "" : `: use ${entry.replacement}`}`
}

/** The log quotes nothing of the prompt. */
const log = (warnings: ReadonlyArray<ClaudeError.Violation>): Effect.Effect<void> =>
  Effect.forEach(
    warnings,
    ({ fix, path, problem, rule }) =>
      Effect.logWarning(`The API may refuse this request: ${path}: ${problem}. ${fix} (${rule})`),
    { discard: true }
  )

/**
 * Every rule at its default level.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard: RuleSet = make()

/**
 * No rules: only the shape of requests is checked.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: RuleSet = { check: () => ({ refused: [], warnings: [] }), warn: () => Effect.void }

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

/**
 * Checks a request against the rules.
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
export const check = (request: Partial<MessageRequest>, options?: Options): Report => apply(request, options, undefined)

/** Checks a request, with levels that take precedence over those of the options. */
const apply = (
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
  const add = (rule: Rule): void => {
    const level = levels?.[rule.name] ?? options?.rules?.[rule.name] ?? rule.level
    if (level === "off") return
    const violations = level === "refuse" ? report.refused : report.warnings
    for (const finding of rule.check(request, context)) {
      violations.push({ rule: rule.name, ...finding, evidence: rule.evidence })
    }
  }
  all.forEach(add)
  options?.custom?.forEach(add)
  return report
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Creates the error of a request that is not sent. Its message describes the first
 * violation and counts the others.
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
