/**
 * What a rule is.
 *
 * @since 0.1.0
 */
import type * as ApiVersion from "../../ApiVersion.ts"
import type { MessageRequest } from "../../MessageRequest.ts"
import type * as ModelCatalog from "../../ModelCatalog.ts"

/**
 * What happens to a request that breaks a rule: refuse it, send it with a
 * warning, or skip the rule.
 *
 * @category models
 * @since 0.1.0
 */
export type Level = "refuse" | "warn" | "off"

/**
 * What a rule gets besides the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context {
  /** The version of the API that the request is for. */
  readonly version: ApiVersion.ApiVersion
  /** The endpoint: a message, or a count of tokens. */
  readonly endpoint: "messages" | "countTokens"
  /** The betas that are sent with the request, or undefined where they are not known. */
  readonly betas: ReadonlyArray<string> | undefined
  /** The models that are known. */
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
  /** How to correct it. */
  readonly fix: string
}

/**
 * A check of requests, with a name and a level.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  /** The name by which levels are set and violations reported. */
  readonly name: string
  /** The level unless it is changed. */
  readonly level: Level
  /** Why the API is known to refuse such requests. */
  readonly evidence: string
  /** Returns the places where a request breaks the rule. */
  readonly check: (request: Partial<MessageRequest>, context: Context) => ReadonlyArray<Finding>
}
