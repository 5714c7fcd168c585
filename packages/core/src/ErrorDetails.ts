/**
 * The data that an error of the API carries beside its words
 * (`error.details`), by its stable `error_code`.
 *
 * Most codes carry nothing more. A code this version does not know keeps all its
 * fields. Details of a known code whose fields are malformed are undefined, so a
 * field that a type promises is there.
 *
 * Source: the error types of the official SDK, version 1.14.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { UnknownTag } from "./Wire.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An image of the request has a side that is too long.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImageDimensionsTooLarge {
  readonly error_code: "image_dimensions_too_large"
  /** The longest side an image of this request may have, in pixels. */
  readonly max_side_length_pixels: number
  /** The images that are too large, such as `messages.0.content.1`. */
  readonly paths: ReadonlyArray<string>
}

/**
 * The organization is on hold.
 *
 * @category models
 * @since 0.1.0
 */
export interface OrganizationOnHold {
  readonly error_code: "organization_on_hold"
  /** Where to appeal. */
  readonly appeal_url?: string | null | undefined
}

/**
 * The request uses features that threads do not support.
 *
 * @category models
 * @since 0.1.0
 */
export interface ThreadUnsupportedRequest {
  readonly error_code: "thread_unsupported_request"
  /** The features, such as `cache_control`. */
  readonly unsupported?: ReadonlyArray<string> | null | undefined
}

/**
 * The codes that requests for messages, batches, files, models, skills and user
 * profiles can meet.
 *
 * @category models
 * @since 0.1.0
 */
export type Code = (typeof codes)[number]

/**
 * Details that consist of their code alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeOnly {
  readonly error_code: Exclude<
    Code,
    "image_dimensions_too_large" | "organization_on_hold" | "thread_unsupported_request"
  >
}

/**
 * Details with a code this version does not know, or with none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Unknown {
  readonly error_code?: UnknownTag | undefined
  readonly [field: string]: unknown
}

/**
 * The details of an error. `error_code` tells them apart.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorDetails = ImageDimensionsTooLarge | OrganizationOnHold | ThreadUnsupportedRequest | CodeOnly | Unknown

// -----------------------------------------------------------------------------
// constants
// -----------------------------------------------------------------------------

/**
 * Every `Code`.
 *
 * @category constants
 * @since 0.1.0
 */
export const codes = [
  "available_tools_limit_exceeded",
  "claude_code_key_creator_not_member",
  "claude_code_version_too_old",
  "cmek_context_unavailable",
  "cmek_key_disabled",
  "cmek_key_network_blocked",
  "cmek_key_unreachable",
  "compaction_block_ambiguous",
  "compaction_block_misplaced",
  "compaction_content_mismatch",
  "compaction_incomplete_turn",
  "compaction_nothing_to_summarize",
  "compaction_signature_invalid",
  "compaction_too_many_tool_references",
  "compaction_tool_changes_mismatch",
  "compaction_unavailable",
  "contract_spend_limit_reached",
  "enforced_spend_limit_reached",
  "file_expired",
  "file_not_downloadable",
  "image_dimensions_too_large",
  "linked_organization_billing_unavailable",
  "linked_organization_spend_limit_reached",
  "organization_not_enrolled_in_beta",
  "organization_on_hold",
  "organization_type_not_supported",
  "parent_organization_required",
  "ramp_limit_exceeded",
  "request_body_encoding_invalid",
  "request_body_encoding_unsupported",
  "request_body_timeout",
  "request_body_too_large_after_decoding",
  "sandbox_egress_restricted",
  "skill_read_blocked_undecryptable",
  "storage_quota_exceeded",
  "thread_already_continued",
  "thread_continue_in_flight",
  "thread_fingerprint_mismatch",
  "thread_not_found",
  "thread_unsupported_request",
  "tool_name_conflict",
  "tool_reference_unresolved",
  "unsupported_charset",
  "user_profile_billing_not_authorized",
  "user_profile_not_billable",
  "user_profile_not_found",
  "user_profile_required",
  "workspace_human_review_disabled"
] as const

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Reads `error.details`. Returns undefined for what is not an object, and for a
 * known code with malformed fields.
 *
 * **Example** (Naming the images that are too large)
 *
 * ```ts
 * import * as ErrorDetails from "@effect-claude/core/ErrorDetails"
 *
 * const details = ErrorDetails.fromUnknown({
 *   error_code: "image_dimensions_too_large",
 *   max_side_length_pixels: 8000,
 *   paths: ["messages.0.content.1"]
 * })
 *
 * const paths = details?.error_code === "image_dimensions_too_large" ? details.paths : []
 *
 * paths // => ["messages.0.content.1"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUnknown = (u: unknown): ErrorDetails | undefined => isDetails(u) ? u : undefined

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const isDetails = (u: unknown): u is ErrorDetails => {
  if (!Predicate.isObject(u)) return false
  switch (u["error_code"]) {
    case "image_dimensions_too_large":
      return typeof u["max_side_length_pixels"] === "number" && isTexts(u["paths"])
    case "organization_on_hold":
      return isNullish(u["appeal_url"]) || typeof u["appeal_url"] === "string"
    case "thread_unsupported_request":
      return isNullish(u["unsupported"]) || isTexts(u["unsupported"])
    case undefined:
      return true
    default:
      return typeof u["error_code"] === "string"
  }
}

const isTexts = (u: unknown): boolean => Array.isArray(u) && u.every((item) => typeof item === "string")

const isNullish = (u: unknown): boolean => u === undefined || u === null
