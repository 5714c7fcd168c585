/**
 * What each stable `error_code` says.
 *
 * @since 0.1.0
 */
import type { CodeGuide } from "../../ErrorGuide.ts"

const code = (status: number, description: string, remedy: string): CodeGuide => ({ status, description, remedy })

/** The guides, by code. */
export const guides: { readonly [code: string]: CodeGuide } = {
  available_tools_limit_exceeded: code(
    400,
    "More tools are available than one request may have.",
    "Send fewer tools, or defer them and add tool search."
  ),
  claude_code_key_creator_not_member: code(
    400,
    "The person who made this key is not a member of the organization any more.",
    "Make a new key."
  ),
  claude_code_version_too_old: code(400, "The program that sent this is too old.", "Update it."),
  cmek_key_disabled: code(
    400,
    "The organization's own encryption key is disabled.",
    "Enable the key, or ask whoever administers it."
  ),
  cmek_key_network_blocked: code(
    400,
    "The organization's own encryption key cannot be reached because of its network rules.",
    "Allow the API to reach the key."
  ),
  compaction_block_ambiguous: code(
    400,
    "The conversation holds more than one compaction to go on from.",
    "Send back only the latest compaction block."
  ),
  compaction_block_misplaced: code(
    400,
    "The compaction block is not where it belongs.",
    "Send it back first in `messages`."
  ),
  compaction_content_mismatch: code(
    400,
    "The compaction block was changed since it was received.",
    "Send it back as it came."
  ),
  compaction_incomplete_turn: code(
    400,
    "The conversation to compact ends in the middle of a turn.",
    "Answer the tool calls first, then compact."
  ),
  compaction_nothing_to_summarize: code(400, "There is nothing to compact.", "Send the request without compaction."),
  compaction_signature_invalid: code(
    400,
    "The signature of the compaction block does not belong to it.",
    "Send the block back as it came, to the same organization."
  ),
  compaction_too_many_tool_references: code(
    400,
    "The compaction would have to name too many tools.",
    "Send fewer tools, or begin a new conversation."
  ),
  compaction_tool_changes_mismatch: code(
    400,
    "The tool changes on the compaction block do not fit the request's tools.",
    "Send the block back as it came, with the same `tools`."
  ),
  file_not_downloadable: code(
    400,
    "The file was uploaded, not made by a tool, and such files are not handed out again.",
    "Download only files that tools made; `downloadable` says which."
  ),
  organization_on_hold: code(
    400,
    "The organization is on hold.",
    "Follow the link in `details.appeal_url`, or write to support."
  ),
  organization_not_enrolled_in_beta: code(
    400,
    "The organization has no access to a beta that the request uses.",
    "Ask for access, or leave the feature out."
  ),
  request_body_encoding_invalid: code(
    400,
    "The body is not encoded as its `content-encoding` says.",
    "Send the body uncompressed."
  ),
  request_body_encoding_unsupported: code(
    400,
    "The body is compressed in a way the API does not read.",
    "Send the body uncompressed."
  ),
  request_body_timeout: code(400, "The body did not arrive in time.", "Send it again; upload large files once."),
  unsupported_charset: code(400, "The body is not in UTF-8.", "Send UTF-8."),
  storage_quota_exceeded: code(
    400,
    "The organization's storage for files is full.",
    "Delete files, or let them expire."
  ),
  thread_already_continued: code(
    400,
    "The thread was already continued from this message.",
    "Continue from the latest message, or fork."
  ),
  thread_continue_in_flight: code(
    400,
    "Another request is continuing the thread right now.",
    "Send it again once that one is answered."
  ),
  thread_fingerprint_mismatch: code(
    400,
    "The request does not fit the thread it continues.",
    "Keep model, system prompt and tools as they were, or begin a new thread."
  ),
  thread_unsupported_request: code(
    400,
    "The request uses something that threads do not support; `details.unsupported` names it.",
    "Leave it out, or send the whole conversation instead of a thread."
  ),
  tool_name_conflict: code(400, "Two tools have the same name.", "Rename one of them."),
  tool_reference_unresolved: code(
    400,
    "A tool is referred to that is neither in `tools` nor defined earlier.",
    "Add the tool, or leave the reference out."
  ),
  user_profile_not_found: code(400, "The user profile does not exist.", "Check its id."),
  user_profile_required: code(400, "The request has to name a user profile.", "Send `anthropic-user-profile-id`."),
  linked_organization_billing_unavailable: code(
    402,
    "The linked organization cannot be billed.",
    "Ask it to set up billing."
  ),
  linked_organization_spend_limit_reached: code(
    402,
    "The linked organization has reached its spend limit.",
    "Ask it to raise the limit."
  ),
  user_profile_billing_not_authorized: code(
    403,
    "The customer has not allowed you to bill them.",
    "Ask them to, or bill yourself."
  ),
  user_profile_not_billable: code(
    403,
    "The customer has no organization that could be billed.",
    "Ask them to link one, or bill yourself."
  ),
  sandbox_egress_restricted: code(
    403,
    "Code on the server may not reach that address.",
    "Allow the address, or do without."
  ),
  file_expired: code(404, "The file has expired.", "Upload it again."),
  thread_not_found: code(404, "The thread does not exist, or not any more.", "Begin a new one."),
  skill_read_blocked_undecryptable: code(
    409,
    "The skill cannot be decrypted.",
    "Look at the organization's encryption key, or upload the skill again."
  ),
  request_body_too_large_after_decoding: code(
    413,
    "The body is too large once it is unpacked.",
    "Make it smaller, or upload large files once."
  ),
  contract_spend_limit_reached: code(
    429,
    "The limit of the contract is reached. Waiting a moment does not help.",
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
    "Wait as long as the server asks, then rise more slowly."
  ),
  cmek_context_unavailable: code(
    503,
    "The organization's encryption cannot be used just now.",
    "Send it again after a moment."
  ),
  cmek_key_unreachable: code(
    503,
    "The organization's own encryption key cannot be reached just now.",
    "Send it again after a moment; look at the key's service if it stays."
  ),
  compaction_unavailable: code(529, "Compaction is overloaded.", "Send it again after a moment.")
}
