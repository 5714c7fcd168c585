/**
 * Rewrites requests before they are checked. `ModelFallback` uses it, and programs
 * without `ModelFallback` do not load that.
 *
 * @since 0.1.0
 */
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Context from "effect/Context"
import { identity } from "effect/Function"

/** Rewrites the requests of the running calls before they are checked and sent. */
export const RequestRewrite: Context.Reference<(request: MessageRequest) => MessageRequest> = Context.Reference<
  (request: MessageRequest) => MessageRequest
>("@effect-claude/http/ModelFallback/RequestRewrite", { defaultValue: () => identity })
