/**
 * What browsers need before they call another origin: preflights, and headers on
 * responses to requests that ask for direct browser access.
 *
 * @since 0.1.0
 */
import type * as Answer from "./answer.ts"

interface Request {
  readonly method: string
  readonly headers: { readonly [name: string]: string }
}

/** Whether a request is a preflight. */
export const isPreflight = ({ headers, method }: Request): boolean =>
  method === "OPTIONS" && headers["origin"] !== undefined && headers["access-control-request-method"] !== undefined

/** Allows whatever a preflight requests. */
export const preflight = ({ headers }: Request): Answer.Answer => ({
  delay: 0,
  head: {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "DELETE, GET, POST",
      "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
      "access-control-max-age": "600"
    }
  },
  length: undefined,
  frames: [],
  end: "complete"
})

/** The headers without which a browser hides a response from its page. */
export const headers = ({ headers }: Request): { readonly [name: string]: string } =>
  headers["anthropic-dangerous-direct-browser-access"] === "true"
    ? { "access-control-allow-origin": "*", "access-control-expose-headers": "*" }
    : {}
