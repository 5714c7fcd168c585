/**
 * What is done to requests before they are checked: the seam of `ModelFallback`,
 * apart from it so that programs without it do not carry it.
 *
 * @since 0.1.0
 */
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Context from "effect/Context"
import { identity } from "effect/Function"

/** What is done to the requests of the running calls before they are checked and sent. */
export const Asked: Context.Reference<(request: MessageRequest) => MessageRequest> = Context.Reference<
  (request: MessageRequest) => MessageRequest
>("@effect-claude/http/ModelFallback/Asked", { defaultValue: () => identity })
