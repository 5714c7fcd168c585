/**
 * Any path of the API, with everything but the types: credentials, headers,
 * retries, timeouts, interceptors and typed errors.
 *
 * The resources (`Models`, `Batches`, `Files`, `Skills`) are made of it. Use it for
 * endpoints that this version has no module for.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Shape from "@effect-claude/core/Shape"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Claude } from "./Claude.ts"
import type * as Exchange from "./Exchange.ts"
import * as Call from "./internal/call/call.ts"
import * as Follower from "./internal/call/follower.ts"
import * as Plain from "./internal/call/plain.ts"
import * as Path from "./internal/request/path.ts"
import * as Failures from "./internal/transport/failures.ts"
import * as HttpClientTransport from "./internal/transport/httpClient.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A request to any path.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: "GET" | "POST" | "DELETE"
  /** The path, from `/v1` on, each segment encoded. */
  readonly path: string
  /** The query. Undefined values are omitted; lists are written as `name[]`. */
  readonly query?:
    | { readonly [name: string]: string | number | boolean | ReadonlyArray<string> | undefined }
    | undefined
  /** The body: a JSON value, or a body of Effect's `HttpBody`. */
  readonly body?: unknown
  /** Headers of this request alone. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Betas this request needs, in addition to those of the layer. */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * Whether the request may be sent again when the server may have acted on it.
   *
   * @default true for GET and DELETE, false for POST
   */
  readonly repeatable?: boolean | undefined
  /**
   * The operation: the name of spans and log lines.
   *
   * @default the method and the path
   */
  readonly operation?: string | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Sends a request and returns the response as JSON that matches a schema.
 *
 * **Example** (Reading an endpoint without a module)
 *
 * ```ts
 * import * as Raw from "@effect-claude/http/Raw"
 * import * as Schema from "effect/Schema"
 *
 * const profiles = Raw.json(
 *   { method: "GET", path: "/v1/user_profiles" },
 *   Schema.Struct({ data: Schema.Array(Schema.Json) })
 * )
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const json = <A>(
  request: Request,
  schema: Schema.Codec<A, A>
): Effect.Effect<A, ClaudeError.ClaudeError, Claude> => respond(request, Plain.parser(Shape.fromSchema(schema)))

/**
 * Sends a request and returns the response as text.
 *
 * @category calls
 * @since 0.1.0
 */
export const text = (request: Request): Effect.Effect<string, ClaudeError.ClaudeError, Claude> =>
  respond(request, Result.succeed)

/**
 * Sends a request and streams the bytes of the response. A failure before the
 * headers is retried as the policy says; a failure after them is not.
 *
 * @category calls
 * @since 0.1.0
 */
export const bytes = (request: Request): Stream.Stream<Uint8Array, ClaudeError.ClaudeError, Claude> =>
  Stream.unwrap(
    Effect.flatMap(Effect.scope, (scope) =>
      begin(request, (call) =>
        Effect.flatMap(startStream(call, scope), ({ ended, follower }) => {
          const followed = { ...call, follower }
          const { baseUrl, timeouts } = call.settings
          return Call.retried(followed, (number) =>
            Call.openIn(followed, number, scope, Effect.succeed)).pipe(
              Effect.onError((cause) => ended(cause)),
              Effect.map(({ body, meta, status }) =>
                body.pipe(
                  Stream.mapError((error) =>
                    Failures.fromTransport(
                      error,
                      { ...meta, status, phase: "body", host: new URL(baseUrl).host },
                      timeouts
                    )
                  ),
                  Stream.onError((cause) => ended(cause)),
                  Stream.onEnd(ended(Cause.fail(Cause.Done())))
                )
              )
            )
        })))
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const respond = <A>(
  request: Request,
  parse: Plain.Parse<A>
): Effect.Effect<A, ClaudeError.ClaudeError, Claude> =>
  begin(request, (call) =>
    call.interceptor === undefined
      ? Plain.attempts(call, parse)
      : Call.followed(call, call.interceptor, (call) => Plain.attempts(call, parse), () => Call.soFar(call)))

const startStream = (call: Call.Call, scope: Scope.Scope): Effect.Effect<Follower.OfStream> =>
  call.interceptor === undefined
    ? Effect.succeed(Follower.noneOfStream)
    : Follower.startStream(call.interceptor, call, scope, () => ({}))

const begin = <A, R>(
  request: Request,
  use: (call: Call.Call) => Effect.Effect<A, ClaudeError.ClaudeError, R>
): Effect.Effect<A, ClaudeError.ClaudeError, Claude | R> => Call.begin(() => exchangeOf(request), {}, use)

const exchangeOf = Effect.fnUntraced(function*(
  request: Request
): Effect.fn.Return<Exchange.Request, ClaudeError.ClaudeError> {
  const path = yield* Path.whole(request.path)
  const body = encode(request.body)
  if (Result.isFailure(body)) return yield* body.failure
  return {
    operation: request.operation ?? `${request.method} ${path}`,
    method: request.method,
    path,
    query: queryOf(request.query),
    body: body.success,
    // Only programs that send bodies of Effect's carry the client for it.
    upload: HttpBody.isHttpBody(request.body) ? HttpClientTransport.overFetch : undefined,
    headers: request.headers,
    betas: request.betas,
    streamed: false,
    repeatable: request.repeatable ?? request.method !== "POST"
  }
})

const encode = (body: unknown): Result.Result<Exchange.RequestBody | undefined, ClaudeError.RequestValidationError> => {
  if (body === undefined) return Result.succeed(undefined)
  if (HttpBody.isHttpBody(body)) return Result.succeed(body)
  return Result.mapBoth(Result.try((): string | undefined => JSON.stringify(body)), {
    onSuccess: (text = "") => ({
      _tag: "Encoded" as const,
      bytes: new TextEncoder().encode(text),
      contentType: "application/json"
    }),
    onFailure: () =>
      new ClaudeError.RequestValidationError({
        outcome: "notSent",
        violations: [{ rule: "json", path: "body", problem: "it cannot be written as JSON", fix: "Use plain values." }],
        message: "The request was not sent: body: it cannot be written as JSON. Use plain values."
      })
  })
}

const queryOf = (query: Request["query"]): ReadonlyArray<readonly [name: string, value: string]> =>
  Object.entries(query ?? {}).flatMap(([name, value]): ReadonlyArray<readonly [string, string]> =>
    value === undefined
      ? []
      : typeof value === "object"
      ? value.map((item) => [`${name}[]`, item] as const)
      : [[name, String(value)]]
  )
