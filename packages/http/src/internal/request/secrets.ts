/**
 * Headers that carry credentials: kept so that they cannot be printed, and
 * removed from what servers send back.
 *
 * @since 0.1.0
 */
import * as RateLimits from "@effect-claude/core/RateLimits"
import * as Secret from "@effect-claude/core/Secret"
import * as Redacted from "effect/Redacted"

/** Headers as they are given. */
export interface Given {
  readonly [name: string]: string | Redacted.Redacted
}

/** Headers as they are sent. */
export interface Sent {
  readonly [name: string]: string
}

/** Headers of a response, with names in lower case. */
export interface Received {
  readonly [name: string]: string | undefined
}

/** Returns headers with their names in lower case, and those that carry credentials redacted. */
export const keep = (headers: Given): Given =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === "string" && Secret.isHeaderName(name) ? Redacted.make(value) : value
    ])
  )

/** Whether a header authorizes a request at the API or at a gateway, as far as its name tells. */
export const isAuthorization = (name: string): boolean => /(?:^|-)(?:authorization|api-?key|auth)$/i.test(name)

/** Returns headers with their names in lower case. */
export const lowered = (headers: Given | undefined): Given =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))

/** Separates the betas, which are joined with others, from the headers, which replace others. */
export const withoutBetas = (headers: Given): { readonly headers: Given; readonly betas: ReadonlyArray<string> } => {
  const { "anthropic-beta": given, ...rest } = headers
  return given === undefined ? { headers, betas: [] } : { headers: rest, betas: betasOf(revealed(given)) }
}

/** Reads the value of `anthropic-beta`. */
export const betasOf = (value: string): ReadonlyArray<string> =>
  value.split(",").map((beta) => beta.trim()).filter((beta) => beta !== "")

/** Returns query parameters, those that carry credentials redacted. */
export const keepQuery = (query: Given): Given =>
  Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      typeof value === "string" && Secret.isHeaderName(name) ? Redacted.make(value) : value
    ])
  )

/** Returns headers as they are sent. */
export const reveal = (headers: Given): Sent =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, revealed(value)]))

const revealed = (value: string | Redacted.Redacted): string =>
  typeof value === "string" ? value : Redacted.value(value)

/** Returns the values of the headers and query parameters that carry credentials. */
export const valuesOf = (headers: Given, query: Given): ReadonlyArray<string> =>
  [...Object.values(keep(headers)), ...Object.values(keepQuery(query))].filter((value) => typeof value !== "string")
    .map((secret) => Redacted.value(secret))

/** The facts about a response. The secrets of its request are kept beside them, where they cannot be read. */
export class Meta {
  readonly requestId: string | undefined
  readonly organizationId: string | undefined
  readonly rateLimits: RateLimits.RateLimits | undefined
  readonly #secrets: Secret.Known

  constructor(headers: Received, secrets: Secret.Known) {
    const { ["anthropic-organization-id"]: organizationId, ["request-id"]: requestId } = headers
    this.requestId = requestId && secrets.clean(requestId)
    this.organizationId = organizationId && secrets.clean(organizationId)
    this.rateLimits = RateLimits.fromHeaders(headers)
    this.#secrets = secrets
  }

  /** Returns the secrets of the request that a response belongs to. */
  static secretsOf(meta: object): Secret.Known {
    return #secrets in meta ? meta.#secrets : Secret.none
  }
}

/** Removes the secrets of a request from the text of its response: some servers repeat what they received. */
export const clean = (text: string, meta: object): string => Meta.secretsOf(meta).clean(text)

/** Removes the secrets of a request from the headers of its response. */
export const cleanHeaders = (
  headers: Received,
  meta: object
): Received => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value && clean(value, meta)]))

/** Removes the secrets of a request from the JSON of its response. */
export const cleanJson = (value: unknown, meta: object): unknown => Secret.cleanJson(value, Meta.secretsOf(meta))
