import { Effect } from "effect"
import * as Http from "effect/http"

// A page of another site can reach this server, too: by a request of its own (`Origin`), or under a name of its own that
// it lets point here (`Host`). Both would spend the key of this program, so both are refused.
const isOwn = ({ headers }: Http.HttpServerRequest.HttpServerRequest): boolean => {
  const host = headers["host"] ?? ""
  const origin = headers["origin"]
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/.test(host) &&
    (origin === undefined || origin === `http://${host}`) &&
    headers["sec-fetch-site"] !== "cross-site"
}

// What the page may do, should a text ever become HTML: nothing but run its own script and speak to this server.
const policy = {
  "content-security-policy":
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

/** Refuses what does not come from the page of this server, and says what the page may do. */
export const layer = Http.HttpRouter.middleware(
  (app) =>
    Effect.flatMap(Http.HttpServerRequest.HttpServerRequest, (request) =>
      isOwn(request)
        ? Effect.map(app, Http.HttpServerResponse.setHeaders(policy))
        : Effect.succeed(Http.HttpServerResponse.text("Foreign Host or Origin.", { status: 403 }))),
  { global: true }
)
