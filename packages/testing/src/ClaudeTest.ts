/**
 * A scripted Claude API in process: Effect's own `HttpClient`, answering from a
 * script.
 *
 * No socket is opened, and all waiting is `Effect.sleep`, so a program can be
 * tested against slow, stalled and broken answers under `TestClock` in no time.
 * A body arrives in exactly the pieces the script says. Every request is
 * recorded, and what became of every response is counted: a response that was
 * neither read to its end nor given up stays `open`, which is how a leak shows.
 *
 * **Example** (Testing a program against an overload)
 *
 * ```ts
 * import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
 * import * as Script from "@effect-claude/testing/Script"
 * import * as Effect from "effect/Effect"
 * import * as HttpClient from "effect/http/HttpClient"
 *
 * const program = Effect.gen(function*() {
 *   const response = yield* HttpClient.get("https://api.anthropic.com/v1/models", { headers: ClaudeTest.headers })
 *   const { requests } = yield* ClaudeTest.ClaudeTest
 *   return [response.status, (yield* requests).length]
 * }).pipe(Effect.provide(ClaudeTest.layer(Script.status(529))))
 *
 * await Effect.runPromise(program) // => [529, 1]
 * ```
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Ref from "effect/Ref"
import * as Client from "./internal/client.ts"
import * as Engine from "./internal/engine.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"
import type * as RequestCheck from "./RequestCheck.ts"
import type { Script } from "./Script.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a test can see of the scripted API.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observations {
  /** The requests received so far, in order. */
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  /** Waits until so many requests have been received. */
  readonly awaitRequests: (count: number) => Effect.Effect<void>
  /** What the script still holds. Set it to go on differently. */
  readonly script: Ref.Ref<Script>
  /** How many responses have neither ended nor been given up. */
  readonly open: Effect.Effect<number>
  /** How many responses went out as the script said, to their end. */
  readonly finished: Effect.Effect<number>
  /** How many responses the client gave up: interrupted, or closed early. */
  readonly aborted: Effect.Effect<number>
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`, and for the loopback server.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Decides ids, padding and where text is cut into events.
   *
   * @default 0
   */
  readonly seed?: number | undefined
  /**
   * Whether requests are checked as the API does before the script is asked.
   *
   * @default true
   */
  readonly check?: boolean | RequestCheck.Options | undefined
  /**
   * The limits the `anthropic-ratelimit-*` headers report, and over which time.
   * They are counted anew in each window of that length; the API itself gives back
   * a little all the time.
   *
   * @default 4,000 requests, 2,000,000 input and 400,000 output tokens a minute, not enforced
   */
  readonly rateLimits?: {
    readonly requests?: number | undefined
    readonly inputTokens?: number | undefined
    readonly outputTokens?: number | undefined
    /**
     * How long a window is. A short one spares tests on real sockets the wait.
     *
     * @default "1 minute"
     */
    readonly per?: Duration.Input | undefined
    /**
     * Whether requests above a limit are answered with a 429.
     *
     * @default false
     */
    readonly enforce?: boolean | undefined
  } | undefined
  /**
   * How long a batch takes. Its requests are answered by the script as it is
   * when the batch is made, and by the built-in model beyond that.
   *
   * @default "1 second"
   */
  readonly batchDuration?: Duration.Input | undefined
  /**
   * Files that are there from the start and can be downloaded, as files are
   * that tools made.
   *
   * @default []
   */
  readonly files?: ReadonlyArray<GivenFile> | undefined
}

/**
 * A file that is there from the start.
 *
 * @category options
 * @since 0.1.0
 */
export interface GivenFile {
  /**
   * @default drawn from the seed
   */
  readonly id?: string | undefined
  readonly filename: string
  /**
   * @default by the ending of the file's name
   */
  readonly mime_type?: string | undefined
  readonly content: string | Uint8Array
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The scripted API in process, to look at from a test.
 *
 * @category services
 * @since 0.1.0
 */
export class ClaudeTest extends Context.Service<ClaudeTest, Observations>()("@effect-claude/testing/ClaudeTest") {}

/**
 * Creates the scripted API and the client that talks to it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(script: Script, options?: Options) {
  yield* OptionCheck.orDie(options, table)
  const engine = yield* Engine.make(script, options)
  const service: ClaudeTest["Service"] = {
    requests: engine.requests,
    awaitRequests: engine.awaitRequests,
    script: engine.script,
    open: Effect.sync(() => engine.counts.open),
    finished: Effect.sync(() => engine.counts.finished),
    aborted: Effect.sync(() => engine.counts.aborted)
  }
  return { service, client: Client.make(engine) }
})

/**
 * Layer that provides an `HttpClient` answering from `script`, and the
 * `ClaudeTest` to look at what it received.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (script: Script, options?: Options): Layer.Layer<ClaudeTest | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(
      make(script, options),
      ({ client, service }) => Context.make(ClaudeTest, service).pipe(Context.add(HttpClient.HttpClient, client))
    )
  )

// -----------------------------------------------------------------------------
// constants
// -----------------------------------------------------------------------------

/**
 * Headers of a request the scripted API accepts, for tests that use a bare
 * client. The key is made up.
 *
 * @category constants
 * @since 0.1.0
 */
export const headers = {
  "x-api-key": "sk-ant-test",
  "anthropic-version": "2023-06-01",
  "content-type": "application/json"
} as const

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const check: OptionCheck.TableOf<RequestCheck.Options> = {
  isBadKey: OptionCheck.callable,
  isModel: OptionCheck.callable,
  isBeta: OptionCheck.callable,
  basePath: OptionCheck.text("a path that begins with a slash, or an empty text", /^(?:\/|$)/),
  contextWindow: OptionCheck.number("a number of tokens above 0", { min: 1, infinite: true }),
  refuses: OptionCheck.list(OptionCheck.text("a type of block"))
}

const limit = OptionCheck.number("a number from 0 up", { min: 0, infinite: true })

const table: OptionCheck.TableOf<Options> = {
  seed: OptionCheck.number("a number", { min: -Number.MAX_VALUE }),
  check: (value) => typeof value === "boolean" ? undefined : OptionCheck.find(value, check),
  rateLimits: OptionCheck.options({
    requests: limit,
    inputTokens: limit,
    outputTokens: limit,
    per: OptionCheck.duration,
    enforce: OptionCheck.flag
  }),
  batchDuration: OptionCheck.duration,
  files: OptionCheck.list(OptionCheck.that("a file", Predicate.isObject))
}
