/**
 * A request the scripted API received, as a test looks at it.
 *
 * Credentials are reduced to their presence and public prefix before anything
 * is recorded, so a recorded request can be printed, compared and snapshotted.
 *
 * @since 0.1.0
 */
import * as Secret from "@effect-claude/core/Secret"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A request the scripted API received.
 *
 * @category models
 * @since 0.1.0
 */
export interface RecordedRequest {
  /** The number of requests received before this one. */
  readonly index: number
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number
  /** The HTTP method, in upper case. */
  readonly method: string
  /** The path with the query string, such as `/v1/models?limit=2`. */
  readonly url: string
  /** The path alone. */
  readonly path: string
  /** The query parameters; a repeated one keeps its last value. */
  readonly query: { readonly [name: string]: string }
  /** The headers, names in lower case, credentials redacted. */
  readonly headers: { readonly [name: string]: string }
  /** The body parsed as JSON; the text itself where it is not JSON, and undefined where there is none. */
  readonly body: unknown
}

// -----------------------------------------------------------------------------
// redaction
// -----------------------------------------------------------------------------

/**
 * Reduces a credential to its scheme and public prefix.
 *
 * **Example** (Redacting a key)
 *
 * ```ts
 * import * as RecordedRequest from "@effect-claude/testing/RecordedRequest"
 *
 * RecordedRequest.redact("sk-ant-api03-secret") // => "sk-ant-***"
 * RecordedRequest.redact("Bearer secret") // => "Bearer ***"
 * ```
 *
 * @category redaction
 * @since 0.1.0
 */
export const redact = (credential: string): string => {
  const scheme = /^(?:bearer|basic)\s+/i.exec(credential)?.[0] ?? ""
  const secret = credential.slice(scheme.length)
  return `${scheme}${secret.startsWith(prefix) ? prefix : ""}***`
}

/**
 * Redacts every header that holds a credential.
 *
 * @category redaction
 * @since 0.1.0
 */
export const redactHeaders = (
  headers: { readonly [name: string]: string }
): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Secret.isHeaderName(name) ? redact(value) : value])
  )

const prefix = "sk-ant-"
