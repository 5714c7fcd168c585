/**
 * An MCP server with two tools, over its standard input and output.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as McpServer from "effect/ai/McpServer"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

const toolkit = Toolkit.make(
  Tool.make("add", {
    description: "Adds two numbers.",
    parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
    success: Schema.Finite
  }),
  Tool.make("refuse", { failure: Schema.String, success: Schema.String })
)

const registrations = McpServer.toolkit(toolkit).pipe(
  Layer.provide(toolkit.toLayer({
    add: ({ a, b }) => Effect.succeed(a + b),
    refuse: () => Effect.fail("Not today.")
  }))
)

McpServer.layerStdio({
  name: "sums",
  version: "1.0.0",
  protocols: [McpProtocol.v2025_11_25],
  registrations
}).pipe(
  Layer.provide(NodeServices.layer),
  Layer.launch,
  Effect.runFork
)
