/**
 * `Claude` on Node, over undici.
 *
 * Connections are pooled and reused, speak HTTP/1.1, and have a time limit for
 * connecting. The layers fail with `ClaudeConfigError` before anything else on Bun
 * and on Node before 22.19.
 *
 * @since 0.1.0
 */
import * as Rules from "@effect-claude/core/Rules"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Claude from "../Claude.ts"
import * as ClaudeConfig from "../ClaudeConfig.ts"
import * as CredentialProfile from "../CredentialProfile.ts"
import * as Timeouts from "../Timeouts.ts"
import * as Http1 from "./internal/http1.ts"
import * as Runtime from "./internal/runtime.ts"
import * as UndiciHttpClient from "./UndiciHttpClient.ts"

/**
 * Layer that provides `Claude` over a connection pool of its own. Omitted options are
 * read from `Config`, as by `Claude.layerConfig`. Without a key or a token anywhere, the
 * credential of `CredentialProfile.find` is used. Requests are checked with
 * `Rules.standard` unless other rules are given.
 *
 * **Example** (Running a program on Node)
 *
 * ```ts
 * import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
 * import * as Redacted from "effect/Redacted"
 *
 * const ClaudeLive = ClaudeNode.layer({ apiKey: Redacted.make("sk-ant-…") })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: ClaudeConfig.Options
): Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError> =>
  Layer.provide(
    layerNoDispatcher(options),
    onNode(options, () =>
      Layer.effect(NodeHttpClient.Dispatcher, Http1.makeAgent(Timeouts.make(options?.timeouts).connect)))
  )

/**
 * Layer like `layer` over the dispatcher of the context, such as `Network.layer` for a
 * proxy or for other trusted authorities.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoDispatcher = (
  options?: ClaudeConfig.Options
): Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError, NodeHttpClient.Dispatcher> =>
  onNode(options, () =>
    Layer.provide(
      CredentialProfile.layer({ ...options, rules: options?.rules ?? Rules.standard }),
      Layer.mergeAll(UndiciHttpClient.layer, NodeFileSystem.layer, NodePath.layer)
    ))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const onNode = <A, E, R>(
  options: ClaudeConfig.Options | undefined,
  layer: () => Layer.Layer<A, E, R>
): Layer.Layer<A, E | ClaudeConfig.ClaudeConfigError, R> =>
  Layer.unwrap(Effect.map(Effect.andThen(Runtime.check, ClaudeConfig.check(options)), layer))
