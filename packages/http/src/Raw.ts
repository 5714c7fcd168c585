/**
 * Any path of the API, with everything but the types: credentials, headers,
 * retries, timeouts, interceptors and typed errors.
 *
 * The resources (`Models`, `Batches`, `Files`, `Skills`) are made of it, and so
 * is whatever the API offers that this version has no module for.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Shape from "@effect-claude/core/Shape"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpBody from "effect/http/HttpBody"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Claude } from "./Claude.ts"
import type * as Exchange from "./Exchange.ts"
import type * as Interceptor from "./Interceptor.ts"
import * as Follow from "./internal/call/follow.ts"
import * as Attempts from "./internal/call/retried.ts"
import * as Path from "./internal/request/path.ts"
import * as Answer from "./internal/response/json.ts"
import * as Failures from "./internal/transport/failures.ts"
import * as General from "./internal/transport/httpClient.ts"
import * as Direct from "./internal/transport/transport.ts"

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
  /** The query. Undefined values are left out; lists are written as `name[]`. */
  readonly query?:
    | { readonly [name: string]: string | number | boolean | ReadonlyArray<string> | undefined }
    | undefined
  /** The body: a JSON value, or a body of Effect's `HttpBody`. */
  readonly body?: unknown
  /** Headers of this request alone. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Betas this request needs, beside those of the layer. */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * Whether the request may be sent again when the server may have acted on it.
   *
   * @default true for GET and DELETE, false for POST
   */
  readonly repeatable?: boolean | undefined
  /**
   * What is asked: the name of spans and log lines.
   *
   * @default the method and the path
   */
  readonly operation?: string | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Sends a request and returns the answer as JSON that matches a schema.
 *
 * **Example** (Reading what has no module yet)
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
): Effect.Effect<A, ClaudeError.ClaudeError, Claude> => answered(request, Answer.json(Shape.fromSchema(schema)))

/**
 * Sends a request and returns the answer as text.
 *
 * @category calls
 * @since 0.1.0
 */
export const text = (request: Request): Effect.Effect<string, ClaudeError.ClaudeError, Claude> =>
  answered(request, Answer.text)

/**
 * Sends a request and streams the bytes of the answer. What fails before the
 * first byte is retried as the policy says; after that nothing is.
 *
 * @category calls
 * @since 0.1.0
 */
export const bytes = (request: Request): Stream.Stream<Uint8Array, ClaudeError.ClaudeError, Claude> =>
  Stream.unwrap(Effect.gen(function*() {
    const prepared = yield* prepare(request)
    const outer = yield* Effect.scope
    const { ended, follower } = yield* Follow.stream(prepared, outer, () => ({}))
    const call = { ...prepared, follower }
    const response = yield* Attempts.retried(call, () =>
      Effect.uninterruptibleMask((restore) => {
        const scope = Scope.forkUnsafe(outer)
        return restore(Attempts.send(call)).pipe(
          Scope.provide(scope),
          Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit))
        )
      })).pipe(Effect.onError((cause) => ended(cause)))
    const host = new URL(call.settings.baseUrl).host
    return response.body.pipe(
      Stream.mapError((error) =>
        Failures.fromTransport(error, { ...response.meta, status: response.status, phase: "body", host })
      ),
      Stream.onError((cause) => ended(cause)),
      Stream.onEnd(ended(Cause.fail(Cause.Done())))
    )
  }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const answered = <A>(
  request: Request,
  read: (
    response: Exchange.Response,
    settings: Interceptor.Call["settings"]
  ) => Effect.Effect<A, ClaudeError.ClaudeError, Scope.Scope>
): Effect.Effect<A, ClaudeError.ClaudeError, Claude> =>
  Effect.flatMap(prepare(request), (call) => {
    let meta: Exchange.Meta | undefined
    return Follow.effect(call, (follower) => {
      const followed = { ...call, follower }
      return Attempts.retried(followed, () =>
        Effect.scoped(Effect.flatMap(Attempts.send(followed), (response) => {
          meta = response.meta
          return read(response, call.settings)
        })))
    }, { answer: () => ({ meta }), soFar: () => ({ meta }) })
  })

const prepare = Effect.fnUntraced(function*(
  request: Request
): Effect.fn.Return<Interceptor.Call, ClaudeError.ClaudeError, Claude> {
  const claude = yield* Claude
  const settings = yield* claude.settings
  const path = yield* Path.whole(request.path)
  const body = encode(request.body)
  if (Result.isFailure(body)) return yield* body.failure
  const exchange: Exchange.Request = {
    operation: request.operation ?? `${request.method} ${path}`,
    method: request.method,
    path,
    query: queryOf(request.query),
    body: body.success,
    headers: request.headers,
    betas: request.betas,
    streamed: false,
    repeatable: request.repeatable ?? request.method !== "POST"
  }
  return { claude, settings, exchange }
})

const encode = (body: unknown): Result.Result<HttpBody.HttpBody | undefined, ClaudeError.RequestValidationError> => {
  if (body === undefined) return Result.succeed(undefined)
  if (HttpBody.isHttpBody(body)) return Result.succeed(Direct.carry(body, General.overFetch))
  return Result.mapBoth(Result.try(() => JSON.stringify(body)), {
    onSuccess: (text) => HttpBody.text(text, "application/json"),
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
