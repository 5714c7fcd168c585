/**
 * What is answered besides messages: token counts and models.
 *
 * @since 0.1.0
 */
import type { RecordedRequest } from "../RecordedRequest.ts"
import type * as Answer from "./answer.ts"
import * as Endpoint from "./endpoint.ts"
import type { Incoming } from "./engine.ts"
import * as Errors from "./errors.ts"
import * as Models from "./models.ts"
import * as Render from "./render.ts"
import * as Tokens from "./tokens.ts"

export interface Context extends Render.Context {
  readonly now: number
}

export interface Resources {
  /** Answers a request, or undefined where it is not for a resource. */
  readonly answer: (request: RecordedRequest, incoming: Incoming, context: Context) => Answer.Answer | undefined
}

export const make = (_seed: number): Resources => ({
  answer: (request, _incoming, context) => {
    const endpoint = Endpoint.match(request.method, request.path)
    if (endpoint._tag !== "Endpoint") return undefined
    switch (endpoint.name) {
      case "countTokens":
        return Render.json(200, { input_tokens: Tokens.ofRequest(context.body) }, context)
      case "listModels":
        return Render.json(200, page(Models.listed.map(info), request.query), context)
      case "getModel": {
        const known = Models.listed.find(({ id }) => id === endpoint.id || id.startsWith(`${endpoint.id}-20`))
        return known === undefined
          ? Render.failure(Errors.failure(404, { message: `model: ${endpoint.id}` }), context)
          : Render.json(200, info(known), context)
      }
      default:
        return undefined
    }
  }
})

const info = ({ createdAt, id, name }: (typeof Models.listed)[number]) => {
  const model = Models.find(id)
  return {
    type: "model",
    id,
    display_name: name,
    created_at: createdAt,
    max_input_tokens: model?.contextWindow ?? null,
    max_tokens: model?.maxTokens ?? null
  }
}

/** One page of a list that goes by the ids of its first and last items. */
export const page = <A extends { readonly id: string }>(
  items: ReadonlyArray<A>,
  query: { readonly [name: string]: string }
) => {
  const limit = Math.min(1000, Math.max(1, Number(query["limit"] ?? 20) || 20))
  const after = items.findIndex(({ id }) => id === query["after_id"])
  const before = items.findIndex(({ id }) => id === query["before_id"])
  const start = before === -1 ? after + 1 : Math.max(0, before - limit)
  const end = before === -1 ? start + limit : before
  const data = items.slice(start, end)
  return {
    data,
    has_more: before === -1 ? end < items.length : start > 0,
    first_id: data[0]?.id ?? null,
    last_id: data[data.length - 1]?.id ?? null
  }
}
