/**
 * The service that opens a connection to the API: over the network as the flags
 * and the environment say, or to a scripted API inside. `Connected` provides it
 * to a command.
 *
 * @since 0.1.0
 */
import type { Claude } from "@effect-claude/http/Claude"
import type { ClaudeConfigError, Options } from "@effect-claude/http/ClaudeConfig"
import type { Script } from "@effect-claude/testing/Script"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { Failure } from "./Failure.ts"
import * as Flags from "./Flags.ts"

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
