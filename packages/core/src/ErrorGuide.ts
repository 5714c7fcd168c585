/**
 * What each failure means, why it usually happens, and what to do about it.
 *
 * There is a guide for every tag of `ClaudeError`, for every HTTP status from
 * 400 to 599, for every `error.type` and for the stable `error_code`s. Whether a
 * failure is worth sending again is read from `ErrorTable`, so the guide and the
 * retry policies cannot disagree.
 *
 * Source: the API's error documentation, the error types of the official SDK,
 * and recorded failures.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as ClaudeError from "./ClaudeError.ts"
import * as ErrorTable from "./ErrorTable.ts"
import { advice } from "./internal/advice.ts"
import * as Codes from "./internal/guide/codes.ts"
import * as Statuses from "./internal/guide/statuses.ts"
import * as Tags from "./internal/guide/tags.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What can be said of a kind of failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Guide {
  /** What it means, in a sentence or two. */
  readonly description: string
  /** Why it usually happens, the most frequent first. */
  readonly causes: ReadonlyArray<string>
  /** What to do about it. */
  readonly remedy: string
}

/**
 * What can be said of an HTTP status.
 *
 * @category models
 * @since 0.1.0
 */
export interface StatusGuide extends Partial<Guide> {
  /** The reason phrase. */
  readonly name: string
}

/**
 * What can be said of an `error_code`.
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeGuide {
  /** The status it comes with. */
  readonly status: number
  /** What it means. */
  readonly description: string
  /** What to do about it. */
  readonly remedy: string
}

/**
 * An answer to "what is this?".
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation extends Guide {
  /** What was asked about, by its name: `422 Unprocessable Entity`, `rate_limit_error`. */
  readonly subject: string
  /** The error a program sees. */
  readonly tag: ClaudeError.Tag
  /** Whether sending the same request again can succeed. */
  readonly retryable: boolean
  /** The statuses it comes with. */
  readonly statuses: ReadonlyArray<number>
  /** The `error.type`s it comes with. */
  readonly types: ReadonlyArray<string>
  /** The `error_code`s that say more. */
  readonly codes: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// tables
// -----------------------------------------------------------------------------

/**
 * The guide to each error.
 *
 * @category tables
 * @since 0.1.0
 */
export const byTag: { readonly [T in ClaudeError.Tag]: Guide } = Tags.guides

/**
 * The guide to each HTTP status that means something of its own. What a status
 * does not say, the guide to its tag does.
 *
 * @category tables
 * @since 0.1.0
 */
export const byStatus: { readonly [status: number]: StatusGuide } = Statuses.guides

/**
 * The guide to each `error_code` that requests for messages, batches, files,
 * models and skills can meet.
 *
 * @category tables
 * @since 0.1.0
 */
export const byCode: { readonly [code: string]: CodeGuide } = Codes.guides

// -----------------------------------------------------------------------------
// lookups
// -----------------------------------------------------------------------------

/**
 * Explains a status, a tag, an `error.type` or an `error_code`, in any case, as a
 * person would type it: `422`, `HTTP 422`, `ratelimit`, `overloaded_error`.
 *
 * **Example** (Explaining a status)
 *
 * ```ts
 * import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
 * import * as Option from "effect/Option"
 *
 * const explanation = Option.getOrThrow(ErrorGuide.explain("529"))
 *
 * explanation.subject // => "529 Overloaded"
 * explanation.tag // => "OverloadedError"
 * explanation.retryable // => true
 * ```
 *
 * @category lookups
 * @since 0.1.0
 */
export const explain = (subject: string | number): Option.Option<Explanation> => {
  const asked = String(subject).trim()
  const status = /^(?:http[ /-]*)?([345]\d\d)(?!\d)/i.exec(asked)?.[1]
  if (status !== undefined) return Option.some(ofStatus(Number(status)))
  const name = fold(asked)
  if (name === "") return Option.none()
  const code = Object.keys(byCode).find((code) => fold(code) === name)
  if (code !== undefined) return Option.some(ofCode(code, byCode[code]!))
  const type = Object.keys(ErrorTable.tagByType).find((type) => fold(type) === name)
  if (type !== undefined && asked.includes("_")) return Option.some(ofTag(ErrorTable.tagByType[type]!, type))
  const tag = tags.find((tag) => fold(tag) === name || fold(tag) === `${name}error`)
  if (tag !== undefined) return Option.some(ofTag(tag, tag))
  return type === undefined ? Option.none() : Option.some(ofTag(ErrorTable.tagByType[type]!, type))
}

/**
 * Explains an error at hand: by its code where there is one, else by its status
 * where that says more than the tag, else by its tag.
 *
 * @category lookups
 * @since 0.1.0
 */
export const explainError = (error: ClaudeError.ClaudeError): Explanation => {
  const code = error.errorCode
  const guide = code === undefined || !Object.hasOwn(byCode, code) ? undefined : byCode[code]
  const explanation = code !== undefined && guide !== undefined
    ? ofCode(code, guide)
    : error.status !== undefined && ErrorTable.tagOf({ status: error.status }) === error._tag
    ? ofStatus(error.status)
    : ofTag(error._tag, error._tag)
  return { ...explanation, tag: error._tag, retryable: ErrorTable.isRetryable(error) }
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns what an error says happened, without the few words of advice and the
 * request id at the end of its message: for a program that shows `remedy` and
 * `requestId` in places of their own.
 *
 * Only answers of the API have such an end. The messages of the other errors name
 * limits and options in the same sentence as what to do, and are returned whole.
 *
 * **Example** (Taking a message apart)
 *
 * ```ts
 * import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
 * import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
 *
 * const text = `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`
 * const error = ErrorResponse.toError({ status: 529, headers: {}, text, now: 0 })
 *
 * ErrorGuide.statement(error) // => "HTTP 529 overloaded_error: Overloaded"
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const statement = (error: ClaudeError.ClaudeError): string => {
  if (!isApiTag(error._tag)) return error.message
  const id = error.requestId === undefined ? "" : ` (request ${error.requestId})`
  return error.message.replace(` — ${advice[error._tag]}${id}`, "")
}

/**
 * Writes an explanation as lines of plain text.
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (explanation: Explanation): string =>
  [
    explanation.subject === explanation.tag ? explanation.tag : `${explanation.subject} (${explanation.tag})`,
    "",
    explanation.description,
    "",
    "Usual causes",
    ...explanation.causes.map((cause) => `  - ${cause}`),
    "",
    "What to do",
    `  ${explanation.remedy}`,
    "",
    `Worth sending again: ${explanation.retryable ? "yes" : "no"}`,
    ...(explanation.statuses.length === 0 ? [] : [`HTTP status: ${explanation.statuses.join(", ")}`]),
    ...(explanation.types.length === 0 ? [] : [`error.type: ${explanation.types.join(", ")}`]),
    ...(explanation.codes.length === 0 ? [] : [`error_code: ${explanation.codes.join(", ")}`])
  ].join("\n")

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const isApiTag = (tag: ClaudeError.Tag): tag is ErrorTable.ApiTag => Object.hasOwn(advice, tag)

const isTag = (name: string): name is ClaudeError.Tag => Object.hasOwn(ClaudeError.classes, name)

const tags: ReadonlyArray<ClaudeError.Tag> = Object.keys(ClaudeError.classes).filter(isTag)

/** A name without case and punctuation, so that `rate_limit_error` and `RateLimitError` are the same word. */
const fold = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

const ofTag = (tag: ClaudeError.Tag, subject: string): Explanation => ({
  subject,
  tag,
  ...byTag[tag],
  retryable: ErrorTable.retryableTags[tag],
  statuses: statusesOf(tag),
  types: Object.keys(ErrorTable.tagByType).filter((type) => ErrorTable.tagByType[type] === tag),
  codes: Object.keys(byCode).filter((code) => tagOfCode(code) === tag)
})

const ofStatus = (status: number): Explanation => {
  const tag = ErrorTable.tagOf({ status })
  const guide = byStatus[status]
  const explained = ofTag(tag, guide === undefined ? String(status) : `${status} ${guide.name}`)
  return {
    ...explained,
    description: guide?.description ?? explained.description,
    causes: guide?.causes ?? explained.causes,
    remedy: guide?.remedy ?? explained.remedy,
    statuses: [status],
    codes: Object.keys(byCode).filter((code) => byCode[code]?.status === status)
  }
}

const ofCode = (code: string, guide: CodeGuide): Explanation => {
  const tag = tagOfCode(code)
  return {
    subject: code,
    tag,
    description: guide.description,
    causes: [guide.description],
    remedy: guide.remedy,
    retryable: ErrorTable.isRetryable({ _tag: tag, errorCode: code }),
    statuses: [guide.status],
    types: Object.keys(ErrorTable.tagByType).filter((type) => ErrorTable.tagByType[type] === tag),
    codes: []
  }
}

const tagOfCode = (code: string): ClaudeError.Tag => ErrorTable.tagOf({ status: byCode[code]?.status, errorCode: code })

const statusesOf = (tag: ClaudeError.Tag): ReadonlyArray<number> =>
  Object.keys(byStatus).map(Number).filter((status) => ErrorTable.tagOf({ status }) === tag)
