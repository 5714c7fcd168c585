/**
 * The API's refusals: status, `error.type` and message.
 *
 * Checks a request before a model sees it: path, method, credential, version,
 * betas, fields, turns, tools, media, limits. What `Rules` of core refuses is
 * refused here too. Messages are the API's own where recorded traffic or public
 * reports show them. Differences between models and versions are kept. A request
 * that the API is known to accept is never refused.
 *
 * @since 0.1.0
 */
import * as Batch from "@effect-claude/core/Batch"
import * as Option from "effect/Option"
import * as Betas from "./internal/betas.ts"
import * as Body from "./internal/checkBody.ts"
import * as Endpoint from "./internal/endpoint.ts"
import * as Errors from "./internal/errors.ts"
import { isRecord, type Json, parse } from "./internal/json.ts"
import type { FailureSpec } from "./internal/script.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A request to check. Header names are in lower case.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: string
  /** The path without the query string. */
  readonly path: string
  readonly headers: { readonly [name: string]: string | undefined }
  /** The body as text; empty where there is none. */
  readonly body: string
}

/**
 * The API's refusal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refusal {
  readonly status: number
  /** The `error.type`. */
  readonly type: string
  readonly message: string
  /** Headers that go with it. */
  readonly headers: { readonly [name: string]: string }
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `check`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Which credentials are refused, by the key or token itself.
   *
   * @default those that begin with "sk-ant-invalid"
   */
  readonly isBadKey?: ((key: string) => boolean) | undefined
  /**
   * Which models exist.
   *
   * @default every id of the API's families, such as "claude-sonnet-5-5"
   */
  readonly isModel?: ((id: string) => boolean) | undefined
  /**
   * Which betas exist, besides those this version knows.
   *
   * @default none
   */
  readonly isBeta?: ((beta: string) => boolean) | undefined
  /**
   * The path in front of `/v1`, as a gateway has one. Other paths are a 404.
   *
   * @default ""
   */
  readonly basePath?: string | undefined
  /**
   * A context window in tokens, estimated at four characters a token. A longer
   * prompt is refused with the API's "prompt is too long".
   *
   * @default that of the model
   */
  readonly contextWindow?: number | undefined
  /**
   * Types of blocks to refuse, such as `image`, `document` or `tool_result`.
   *
   * @default []
   */
  readonly refuses?: ReadonlyArray<string> | undefined
}

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

/**
 * Returns the API's refusal of a request, or none where it would be accepted.
 *
 * **Example** (Leaving out a required field)
 *
 * ```ts
 * import * as RequestCheck from "@effect-claude/testing/RequestCheck"
 * import * as Option from "effect/Option"
 *
 * const refusal = RequestCheck.check({
 *   method: "POST",
 *   path: "/v1/messages",
 *   headers: { "x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01", "content-type": "application/json" },
 *   body: `{"model":"claude-sonnet-5-5","messages":[{"role":"user","content":"Hi"}]}`
 * })
 *
 * Option.getOrUndefined(refusal)?.message // => "max_tokens: Field required"
 * ```
 *
 * @category checking
 * @since 0.1.0
 */
export const check = (request: Request, options?: Options): Option.Option<Refusal> =>
  Option.fromUndefinedOr(refusalOf(request, options ?? {}))

const refusalOf = (request: Request, options: Options): Refusal | undefined => {
  const endpoint = Endpoint.match(request.method, request.path, options.basePath)
  if (endpoint._tag === "NotFound") return refuse(404)
  if (endpoint._tag === "MethodNotAllowed") return refuse(405, undefined, { allow: endpoint.allow.join(", ") })
  const { headers } = request
  if (headers["origin"] !== undefined && headers["anthropic-dangerous-direct-browser-access"] !== "true") {
    return refuse(401, "CORS requests must set 'anthropic-dangerous-direct-browser-access' header")
  }
  const unauthorized = credential(headers, options.isBadKey ?? isInvalid)
  if (unauthorized !== undefined) return unauthorized
  const version = headers["anthropic-version"]
  if (version === undefined || version === "") return refuse(400, "anthropic-version: header is required")
  if (!versions.has(version)) {
    return refuse(
      400,
      `anthropic-version: "${version}" is not a valid version. ` +
        "Please consult our documentation at https://docs.claude.com/en/api/versioning"
    )
  }
  const beta = Betas.unknown(headers["anthropic-beta"], options.isBeta)
  if (beta !== undefined) {
    return refuse(
      400,
      `Unexpected value(s) \`${beta}\` for the \`anthropic-beta\` header. ` +
        "Please consult our documentation at docs.claude.com or try again without the header."
    )
  }
  if (!withBody.has(endpoint.name)) return undefined
  if (request.body.length > largest[endpoint.name === "createBatch" ? "batch" : "message"]) return refuse(413)
  const parsed = parse(request.body)
  if (Option.isNone(parsed)) {
    return refuse(400, `The request body is not valid JSON: ${where(request.body)}`)
  }
  if (!isRecord(parsed.value)) return refuse(400, "Input should be a valid dictionary")
  const context = Body.contextOf(headers, options)
  return endpoint.name === "createBatch"
    ? batch(parsed.value, context)
    : message(parsed.value, { ...context, counting: endpoint.name === "countTokens" })
}

const message = (body: Json, context: Body.Context): Refusal | undefined => {
  const problem = Body.check(body, context)
  return problem === undefined ? undefined : refuse(problem.status, problem.message)
}

const batch = (body: Json, context: Body.Context): Refusal | undefined => {
  if (body["requests"] === undefined) return refuse(400, "requests: Field required")
  if (!Array.isArray(body["requests"])) return refuse(400, "requests: Input should be a valid list")
  const requests: ReadonlyArray<unknown> = body["requests"]
  if (requests.length === 0) return refuse(400, "requests: List should have at least 1 item after validation, not 0")
  if (requests.length > Batch.maxRequests) {
    return refuse(
      400,
      `requests: List should have at most ${Batch.maxRequests} items after validation, not ${requests.length}`
    )
  }
  const seen = new Set<unknown>()
  for (const [i, request] of requests.entries()) {
    if (!isRecord(request)) return refuse(400, `requests.${i}: Input should be a valid dictionary`)
    const { custom_id, params } = request
    if (typeof custom_id !== "string") return refuse(400, `requests.${i}.custom_id: Field required`)
    if (!Batch.isCustomId(custom_id)) {
      return refuse(400, `requests.${i}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`)
    }
    if (!isRecord(params)) return refuse(400, `requests.${i}.params: Field required`)
    if (seen.has(custom_id)) return refuse(400, `requests.${i}.custom_id: Duplicate custom_id: ${custom_id}`)
    if (params["stream"] === true) {
      return refuse(400, `requests.${i}.params.stream: streaming is not supported in batches`)
    }
    seen.add(custom_id)
    // Fields are checked at once; what a model refuses is the result of that one request.
    const problem = Body.shape(params, context)
    if (problem !== undefined) return refuse(problem.status, `requests.${i}.params.${problem.message}`)
  }
  return undefined
}

const credential = (
  headers: Request["headers"],
  isBad: (key: string) => boolean
): Refusal | undefined => {
  const key = headers["x-api-key"]
  if (key !== undefined && key !== "") return isBad(key) ? refuse(401, "invalid x-api-key") : undefined
  const authorization = headers["authorization"]
  if (authorization === undefined || authorization === "") return refuse(401, "x-api-key header is required")
  const token = /^bearer\s+(\S.*)$/i.exec(authorization)?.[1]
  return token === undefined || isBad(token) ? refuse(401, "Invalid bearer token") : undefined
}

const isInvalid = (key: string): boolean => key.startsWith("sk-ant-invalid")

const versions: ReadonlySet<string> = new Set(["2023-01-01", "2023-06-01", "2026-10-21"])

const withBody: ReadonlySet<Endpoint.Name> = new Set(["messages", "countTokens", "createBatch"])

/** The size of the largest body, in characters: 32 MB, and 256 MB for a batch. */
const largest = { message: 32 * 1024 * 1024, batch: 256 * 1024 * 1024 } as const

const where = (body: string): string =>
  body === "" ? "Expecting value: line 1 column 1 (char 0)" : `could not parse ${body.length} characters`

const refuse = (status: number, message?: string, headers?: { readonly [name: string]: string }): Refusal => {
  const failure: FailureSpec = Errors.failure(status, { message, headers })
  return { status, type: failure.type, message: failure.message, headers: failure.headers }
}
