/**
 * The result of one request of a batch.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import type * as Answer from "./answer.ts"
import * as Body from "./checkBody.ts"
import * as Errors from "./errors.ts"
import { isRecord, type Json, parse, record } from "./json.ts"
import * as Render from "./render.ts"
import type { Next } from "./script.ts"
import * as Tokens from "./tokens.ts"

interface Context extends Render.Context {
  /** What the request is checked for. */
  readonly check: Body.Context | undefined
}

/** Answers with the script's next step, or the built-in model where there is none. A refused request takes none. */
export const answer = (params: Json, context: Context, next: () => Next | undefined): Json => {
  const problem = context.check === undefined ? undefined : Body.check(params, context.check)
  if (problem !== undefined) {
    return errored(Errors.envelope(Errors.failure(problem.status, { message: problem.message }), context.requestId))
  }
  const body = { ...params, stream: false }
  const usage = { input_tokens: Tokens.ofRequest(params), cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
  const answer = Render.render(next()?.step ?? { _tag: "Model", options: {} }, [], { ...context, body, usage })
  const said = jsonOf(answer)
  if (said["type"] === "message") {
    return { type: "succeeded", message: { ...said, usage: { ...record(said["usage"]), service_tier: "batch" } } }
  }
  return errored(said["type"] === "error" ? said : Errors.envelope(Errors.failure(500), context.requestId))
}

const errored = (error: unknown): Json => ({ type: "errored", error })

const jsonOf = (answer: Answer.Answer): Json => {
  const text = answer.frames.map((frame) => frame._tag === "Bytes" ? decoder.decode(frame.bytes) : "").join("")
  const parsed = Option.getOrUndefined(parse(text))
  return isRecord(parsed) ? parsed : {}
}

const decoder = new TextDecoder()
