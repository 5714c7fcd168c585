/**
 * What each failure means, why it usually happens, and what to do about it.
 *
 * There is a guide for every tag of `ClaudeError`, for every HTTP status from
 * 400 to 599, for every `error.type` and for every stable `error_code`. Whether a
 * request is worth sending again is read from `ErrorTable`, so the guide and the
 * retry policies cannot disagree.
 *
 * Source: the API's error documentation, the error types of the official SDK,
 * and recorded failures.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as ClaudeError from "./ClaudeError.ts"
import * as ErrorDetails from "./ErrorDetails.ts"
import * as ErrorTable from "./ErrorTable.ts"
import { advice, isApiTag } from "./internal/advice.ts"
import * as Codes from "./internal/guide/codes.ts"
import type { CodeGuide, Guide, StatusGuide } from "./internal/guide/guide.ts"
import * as Statuses from "./internal/guide/statuses.ts"
import * as Tags from "./internal/guide/tags.ts"
import type { Attempts } from "./RetryDecision.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The guide to a kind of failure.
 *
 * @category models
 * @since 0.1.0
 */
export type { Guide } from "./internal/guide/guide.ts"

/**
 * The guide to an HTTP status.
 *
 * @category models
 * @since 0.1.0
 */
export type { StatusGuide } from "./internal/guide/guide.ts"

/**
 * The guide to an `error_code`.
 *
 * @category models
 * @since 0.1.0
 */
export type { CodeGuide } from "./internal/guide/guide.ts"

/**
 * What is known about one error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation extends Guide {
  /** The name of what is explained: `422 Unprocessable Content`, `rate_limit_error`. */
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
  /** The attempts that were made already. */
  readonly attempts?: Attempts | undefined
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
 * The guide to each HTTP status with a meaning of its own. The guide to its tag
 * fills what is missing.
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
 * person would type it: `422`, `HTTP 422`, `ratelimit`, `overloaded_error`,
 * `429 contract_spend_limit_reached`.
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
  const text = String(subject).trim()
  const [matched, digits] = /^(?:http[ /-]*)?([345]\d\d)(?!\d)/i.exec(text) ?? []
  if (matched === undefined) return ofName(text)
  // The words behind a status may name a code or a type: those of an error message do.
  const words = text.slice(matched.length, matched.length + 1000).split(/[^A-Za-z0-9_]+/).filter((word) =>
    word.includes("_")
  )
  for (const word of words) {
    const code = codes.find((code) => fold(code) === fold(word))
    if (code !== undefined) return Option.some(ofCode(code))
  }
  const status = Number(digits)
  const type = types.find((type) => words.some((word) => fold(word) === fold(type)))
  return Option.some(
    type === undefined || ErrorTable.tagOf({ status, errorType: type }) === ErrorTable.tagOf({ status })
      ? ofStatus(status)
      : ofTag(ErrorTable.tagOf({ status, errorType: type }), `${status} ${type}`)
  )
}

/**
 * Explains an error at hand: by its code where there is one, else by its status
 * where that says more than the tag, else by its tag. It says which attempts were
 * made already.
 *
 * @category lookups
 * @since 0.1.0
 */
export const explainError = (error: ClaudeError.ClaudeError): Explanation => {
  const code = codes.find((code) => code === error.errorCode)
  const explanation = code !== undefined
    ? ofCode(code)
    : error.status !== undefined && ErrorTable.tagOf({ status: error.status }) === error._tag
    ? ofStatus(error.status)
    : ofTag(error._tag, error._tag)
  return {
    ...explanation,
    tag: error._tag,
    retryable: ErrorTable.isRetryable(error),
    ...(error.attempts === undefined ? undefined : { attempts: error.attempts })
  }
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns the message of an error without the advice and the request id at its
 * end, for a program that shows `remedy` and `requestId` separately.
 *
 * Only responses of the API have such an end. The messages of other errors are
 * returned whole.
 *
 * **Example** (Separating message and advice)
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
  return error.message.replace(` — ${advice(error._tag, error.outcome)}${id}`, "")
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
    ...(explanation.attempts === undefined ? [] : [`Attempts made: ${explanation.attempts.count}`]),
    ...(explanation.statuses.length === 0 ? [] : [`HTTP status: ${explanation.statuses.join(", ")}`]),
    ...(explanation.types.length === 0 ? [] : [`error.type: ${explanation.types.join(", ")}`]),
    ...(explanation.codes.length === 0 ? [] : [`error_code: ${explanation.codes.join(", ")}`])
  ].join("\n")

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const isTag = (name: string): name is ClaudeError.Tag => Object.hasOwn(ClaudeError.classes, name)

const tags: ReadonlyArray<ClaudeError.Tag> = Object.keys(ClaudeError.classes).filter(isTag)

const types: ReadonlyArray<string> = Object.keys(ErrorTable.tagByType)

const codes = ErrorDetails.codes

/** A name without case and punctuation, so that `rate_limit_error` and `RateLimitError` are the same word. */
const fold = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

const ofName = (text: string): Option.Option<Explanation> => {
  const name = fold(text)
  if (name === "") return Option.none()
  const code = codes.find((code) => fold(code) === name)
  if (code !== undefined) return Option.some(ofCode(code))
  const type = types.find((type) => fold(type) === name)
  const tag = tags.find((tag) => fold(tag) === name || fold(tag) === `${name}error`)
  if (tag !== undefined && (type === undefined || !text.includes("_"))) return Option.some(ofTag(tag, tag))
  return type === undefined ? Option.none() : Option.some(ofTag(ErrorTable.tagByType[type]!, type))
}

const ofTag = (tag: ClaudeError.Tag, subject: string): Explanation => ({
  subject,
  tag,
  ...byTag[tag],
  retryable: ErrorTable.retryableTags[tag],
  statuses: statusesOf(tag),
  types: typesOf(tag),
  codes: codes.filter((code) => tagOfCode(code) === tag)
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
    codes: explained.codes.filter((code) => byCode[code]?.status === status)
  }
}

const ofCode = (code: ErrorDetails.Code): Explanation => {
  const tag = tagOfCode(code)
  const { description, remedy, status } = Codes.guides[code]
  return {
    subject: code,
    tag,
    description,
    causes: [description],
    remedy,
    retryable: ErrorTable.isRetryable({ _tag: tag, errorCode: code }),
    statuses: [status],
    types: typesOf(tag),
    codes: []
  }
}

const tagOfCode = (code: ErrorDetails.Code): ClaudeError.Tag =>
  ErrorTable.tagOf({ status: Codes.guides[code].status, errorCode: code })

const typesOf = (tag: ClaudeError.Tag): ReadonlyArray<string> =>
  types.filter((type) => ErrorTable.tagByType[type] === tag)

/** The statuses of a tag: by the status alone, by a code, and the 400 of what is recognised by its wording. */
const statusesOf = (tag: ClaudeError.Tag): ReadonlyArray<number> => {
  const plain = Object.keys(byStatus).map(Number).filter((status) => ErrorTable.tagOf({ status }) === tag)
  const coded = codes.filter((code) => tagOfCode(code) === tag).map((code) => Codes.guides[code].status)
  const worded = ErrorTable.tagByWording.some((wording) => wording.tag === tag) ? [400] : []
  return [...new Set([...plain, ...coded, ...worded])].toSorted((a, b) => a - b)
}
