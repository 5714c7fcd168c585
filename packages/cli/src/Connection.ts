/**
 * The way to the API: over the network as the flags and the environment say, or
 * to a scripted API inside.
 *
 * A command that talks to Claude does it within `connected`, which says on
 * screen when the answers are not Claude's.
 *
 * @since 0.1.0
 */
import { Claude } from "@effect-claude/http/Claude"
import type { ClaudeConfigError, Options } from "@effect-claude/http/ClaudeConfig"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import type { Script } from "@effect-claude/testing/Script"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ExitCode } from "./ExitCode.ts"
import { Failure } from "./Failure.ts"
import * as Flags from "./Flags.ts"
import * as Progress from "./Progress.ts"
import { Screen } from "./Screen.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Where to connect to, and how.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  /** Whether the API is the scripted one inside. */
  readonly offline: boolean
  /** The proxy to go through, instead of what the environment says. */
  readonly proxy: Option.Option<string>
  /** A file with certificates to trust beside the public ones. */
  readonly ca: Option.Option<string>
  /** Where the API is. */
  readonly baseUrl: Option.Option<string>
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * Makes the way to the API.
 *
 * @category services
 * @since 0.1.0
 */
export class Connection extends Context.Service<Connection, {
  /** The API at a target, and the client below it. */
  readonly open: (
    target: Target,
    options?: Options
  ) => Layer.Layer<Claude | HttpClient.HttpClient, ClaudeConfigError | Failure>
  /** A scripted API, started for whoever it is provided to. */
  readonly stage: (
    script: Script,
    options?: Options
  ) => Layer.Layer<Claude | HttpClient.HttpClient, ClaudeConfigError | Failure>
}>()("effect-claude/Connection") {}

/**
 * Reads the target from the global flags.
 *
 * @category constructors
 * @since 0.1.0
 */
export const target: Effect.Effect<
  Target,
  never,
  | typeof Flags.Offline.Identifier
  | typeof Flags.Proxy.Identifier
  | typeof Flags.Ca.Identifier
  | typeof Flags.BaseUrl.Identifier
> = Effect.all({ offline: Flags.Offline, proxy: Flags.Proxy, ca: Flags.Ca, baseUrl: Flags.BaseUrl })

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Provides the API the flags name. Where that is the scripted one, standard
 * error says so first.
 *
 * @category combinators
 * @since 0.1.0
 */
export const connected = <A, E, R>(program: Effect.Effect<A, E, R>, options?: Options) =>
  Effect.gen(function*() {
    const to = yield* target
    const { open } = yield* Connection
    const { err } = yield* Screen
    if (to.offline) yield* err.note(offline)
    // Who watches wants to hear soon that it does not work; a script would rather have the answer.
    const retry = err.isTerminal ? RetryPolicy.interactive : RetryPolicy.standard
    const api = Layer.provideMerge(Progress.layer, open(to, { retry, ...options }))
    const directory = yield* Flags.TrafficLog
    return yield* Effect.provide(program, Option.isNone(directory) ? api : logged(directory.value, api))
  })

const logged = <A, E, R>(directory: string, api: Layer.Layer<A | Claude, E, R>) =>
  TrafficLog.layerFiles({ directory }).pipe(
    Layer.catch((error) =>
      Layer.effect(
        Claude,
        Effect.fail(
          new Failure({
            message: `The traffic log cannot be kept in ${directory}: ${error.message}`,
            remedy: "Name a directory that may be written to.",
            exitCode: ExitCode.usage
          })
        )
      )
    ),
    Layer.provideMerge(api)
  )

const offline = "offline: a scripted model inside answers, not Claude"
