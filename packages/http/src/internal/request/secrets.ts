/**
 * Headers that carry credentials: kept so that nobody can print them, and taken
 * out of what servers answer.
 *
 * @since 0.1.0
 */
import * as RateLimits from "@effect-claude/core/RateLimits"
import * as Redacted from "effect/Redacted"
import type * as Exchange from "../../Exchange.ts"

/** Headers as they are given. */
export interface Given {
  readonly [name: string]: string | Redacted.Redacted
}

/** Headers as they are sent. */
export interface Sent {
  readonly [name: string]: string
}

/** Whether a header carries a credential, as far as its name tells. It is taken for one too many rather than for none. */
const isSecret = (name: string): boolean => /auth|cookie|key|pass|secret|token/i.test(name)

/** Returns headers with their names in lower case, and those that carry credentials redacted. */
export const keep = (headers: Given): Given =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === "string" && isSecret(name) ? Redacted.make(value) : value
    ])
  )

/** Returns headers as they are sent. */
export const reveal = (headers: Given): Sent =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : Redacted.value(value)])
  )

/** What is sent of which nothing may be read back. */
export type Secrets = ReadonlyArray<string>

/** Returns the secrets of headers. What is short is no credential, and would be found in any text. */
export const of = (headers: Given): Secrets =>
  Object.values(keep(headers)).filter((value) => typeof value !== "string")
    .map((secret) => Redacted.value(secret).replace(/^\w+ /, ""))
    .filter(({ length }) => length >= 8)

/** What is known of an answer. What its request must not show is kept beside it, where nobody can read it. */
export class Meta implements Exchange.Meta {
  readonly requestId: Exchange.Meta["requestId"]
  readonly organizationId: Exchange.Meta["organizationId"]
  readonly rateLimits: Exchange.Meta["rateLimits"]
  readonly #secrets: Secrets

  constructor(headers: Exchange.Response["headers"], secrets: Secrets) {
    this.requestId = headers["request-id"]
    this.organizationId = headers["anthropic-organization-id"]
    this.rateLimits = RateLimits.fromHeaders(headers)
    this.#secrets = secrets
  }

  /** Returns the secrets of the request that brought an answer. */
  static secretsOf(meta: Exchange.Meta): Secrets {
    return #secrets in meta ? meta.#secrets : []
  }
}

/** Takes the secrets of a request out of what was answered: some servers repeat what they were given. */
export const clean = (text: string, meta: Exchange.Meta): string => {
  let cleaned = text
  for (const secret of Meta.secretsOf(meta)) cleaned = cleaned.replaceAll(secret, "[credential]")
  return cleaned
}

/** Replaces the secrets of the request in every string of a JSON value, keys included. */
export const cleanJson = (value: unknown, meta: Exchange.Meta): unknown => {
  if (typeof value === "string") return clean(value, meta)
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, meta))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key, meta), cleanJson(item, meta)]))
}
