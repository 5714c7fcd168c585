/**
 * The guide to each stable `error_code`. The type of the table requires all of
 * them.
 *
 * @since 0.1.0
 */
import type { Code } from "../../ErrorDetails.ts"
import type { CodeGuide } from "./guide.ts"

const code = (status: number, description: string, remedy: string): CodeGuide => ({ status, description, remedy })

/** The guides, by code. */
export const guides: { readonly [C in Code]: CodeGuide } = {
  available_tools_limit_exceeded: code(
    400,
    "More tools are available than one request may have.",
    "Send fewer tools, or defer them and add tool search."
  ),
  claude_code_key_creator_not_member: code(
    400,
    "The person who created this key is no longer a member of the organization.",
    "Create a new key."
  ),
  claude_code_version_too_old: code(400, "The program that sent the request is too old.", "Update the program."),
  cmek_key_disabled: code(
    400,
    "The organization's own encryption key is disabled.",
    "Enable the key, or contact the organization's administrator."
  ),
  cmek_key_network_blocked: code(
    400,
    "The network rules of the organization's own encryption key block the API.",
    "Allow the API to reach the key."
  ),
  compaction_block_ambiguous: code(
    400,
    "The conversation holds more than one compaction block to continue from.",
    "Send back only the latest compaction block."
  ),
  compaction_block_misplaced: code(
    400,
    "The compaction block is in the wrong place.",
    "Send it back as the first block of `messages`."
  ),
  compaction_content_mismatch: code(
    400,
    "The compaction block was changed after it was received.",
    "Send it back unchanged."
  ),
  compaction_incomplete_turn: code(
    400,
    "The conversation to compact ends in the middle of a turn.",
    "Send the results of the open tool calls first, then compact."
  ),
  compaction_nothing_to_summarize: code(400, "There is nothing to compact.", "Send the request without compaction."),
  compaction_signature_invalid: code(
    400,
    "The signature of the compaction block does not match the block.",
    "Send the block back unchanged, to the same organization."
  ),
  compaction_too_many_tool_references: code(
    400,
    "The compaction would refer to too many tools.",
    "Send fewer tools, or start a new conversation."
  ),
  compaction_tool_changes_mismatch: code(
    400,
    "The tool changes of the compaction block do not match the tools of the request.",
    "Send the block back unchanged, with the same `tools`."
  ),
  file_not_downloadable: code(
    400,
    "The file was uploaded. Only files that tools created can be downloaded.",
    "Download only files whose `downloadable` is true."
  ),
  image_dimensions_too_large: code(
    400,
    "An image has a side that is longer than this request allows. `details.paths` names the images, `details.max_side_length_pixels` the limit.",
    "Scale the images down to the limit, or let the API do it (`transformations.oversized_image: \"downsize\"`). Requests with many images have a lower limit."
  ),
  organization_on_hold: code(
    400,
    "The organization is on hold.",
    "Follow the link in `details.appeal_url`, or contact support."
  ),
  organization_not_enrolled_in_beta: code(
    400,
    "The organization has no access to a beta that the request uses.",
    "Apply for access, or leave the feature out."
  ),
  organization_type_not_supported: code(
    400,
    "This type of organization cannot use the feature.",
    "Leave the feature out, or use a credential of another organization."
  ),
  parent_organization_required: code(
    400,
    "The feature is available only to an organization that has a parent organization.",
    "Link the organization to its parent, or leave the feature out."
  ),
  request_body_encoding_invalid: code(
    400,
    "The body is not encoded as its `content-encoding` states.",
    "Send the body uncompressed."
  ),
  request_body_encoding_unsupported: code(
    400,
    "The API does not support the compression of the body.",
    "Send the body uncompressed."
  ),
  request_body_timeout: code(
    400,
    "The body did not arrive in time.",
    "Send the request again. Upload large files once and refer to them by id."
  ),
  storage_quota_exceeded: code(
    400,
    "The organization's storage for files is full.",
    "Delete files, or let them expire."
  ),
  thread_already_continued: code(
    400,
    "The thread was already continued from this message.",
    "Continue from the latest message, or fork the thread."
  ),
  thread_continue_in_flight: code(
    400,
    "Another request is continuing the thread.",
    "Send the request again when the other one has ended."
  ),
  thread_fingerprint_mismatch: code(
    400,
    "The request does not match the thread it continues.",
    "Keep model, system prompt and tools unchanged, or start a new thread."
  ),
  thread_unsupported_request: code(
    400,
    "The request uses a feature that threads do not support. `details.unsupported` names it.",
    "Leave the feature out, or send the whole conversation without a thread."
  ),
  tool_name_conflict: code(400, "Two tools have the same name.", "Rename one of them."),
  tool_reference_unresolved: code(
    400,
    "A tool reference names a tool that is neither in `tools` nor defined earlier.",
    "Add the tool, or remove the reference."
  ),
  unsupported_charset: code(400, "The body is not UTF-8.", "Send the body as UTF-8."),
  user_profile_not_found: code(400, "The user profile does not exist.", "Check the id of the profile."),
  user_profile_required: code(
    400,
    "The request has to name a user profile.",
    "Set the header `anthropic-user-profile-id`."
  ),
  workspace_human_review_disabled: code(
    400,
    "Human review is disabled for the workspace, and the request needs it.",
    "Enable human review for the workspace, or use a credential of another workspace."
  ),
  linked_organization_billing_unavailable: code(
    402,
    "The linked organization cannot be billed.",
    "Have the linked organization set up billing."
  ),
  linked_organization_spend_limit_reached: code(
    402,
    "The linked organization has reached its spend limit.",
    "Have the linked organization raise the limit."
  ),
  user_profile_billing_not_authorized: code(
    403,
    "The customer has not authorized you to bill them.",
    "Have the customer authorize it, or pay for the request yourself."
  ),
  user_profile_not_billable: code(
    403,
    "The customer has no organization that can be billed.",
    "Have the customer link one, or pay for the request yourself."
  ),
  sandbox_egress_restricted: code(
    403,
    "Code that runs on the server may not connect to that address.",
    "Allow the address, or do not connect to it."
  ),
  file_expired: code(404, "The file has expired.", "Upload the file again."),
  thread_not_found: code(404, "The thread does not exist, or no longer exists.", "Start a new thread."),
  skill_read_blocked_undecryptable: code(
    409,
    "The skill cannot be decrypted.",
    "Check the organization's encryption key, or upload the skill again."
  ),
  request_body_too_large_after_decoding: code(
    413,
    "The body is too large after decompression.",
    "Make the body smaller, or upload large files and refer to them by id."
  ),
  contract_spend_limit_reached: code(
    429,
    "The spend limit of the contract is reached. Waiting a moment does not help.",
    "Extend the contract, or wait for the next period."
  ),
  enforced_spend_limit_reached: code(
    429,
    "The spend limit is reached. Waiting a moment does not help.",
    "Raise the limit in the console, or wait for the next period."
  ),
  ramp_limit_exceeded: code(
    429,
    "Use rises faster than the API allows.",
    "Wait for the time in `retryAfter`, then increase the load more slowly."
  ),
  cmek_context_unavailable: code(
    503,
    "The organization's encryption is temporarily unavailable.",
    "Send the request again after a moment."
  ),
  cmek_key_unreachable: code(
    503,
    "The organization's own encryption key is temporarily unreachable.",
    "Send the request again after a moment. If the error persists, check the service that holds the key."
  ),
  compaction_unavailable: code(529, "Compaction is overloaded.", "Send the request again after a moment.")
}
