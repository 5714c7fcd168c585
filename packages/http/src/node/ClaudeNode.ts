/**
 * `Claude` on Node, over undici: connections are kept and used again, and
 * connecting has a time limit of its own.
 *
 * @since 0.1.0
 */
import * as Rules from "@effect-claude/core/Rules"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Layer from "effect/Layer"
import * as Claude from "../Claude.ts"
import type * as ClaudeConfig from "../ClaudeConfig.ts"
import * as Timeouts from "../Timeouts.ts"
import * as Http1 from "./internal/http1.ts"
import * as UndiciHttpClient from "./UndiciHttpClient.ts"

/**
 * Layer that provides `Claude` over a connection pool of its own. What the
 * options leave out is read from `Config`, as by `Claude.layerConfig`; requests
 * are held to `Rules.standard` unless other rules are given.
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
): Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError> => {
  const { connect } = Timeouts.make(options?.timeouts)
  return Layer.provide(layerNoDispatcher(options), Layer.effect(NodeHttpClient.Dispatcher, Http1.makeAgent(connect)))
}

/**
 * Layer like `layer` over the dispatcher of the context: one that goes through a
 * proxy, or trusts other authorities (`Network.layer`).
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoDispatcher = (
  options?: ClaudeConfig.Options
): Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError, NodeHttpClient.Dispatcher> =>
  Layer.provide(
    Claude.layerConfig({ ...options, rules: options?.rules ?? Rules.standard }),
    UndiciHttpClient.layer
  )
