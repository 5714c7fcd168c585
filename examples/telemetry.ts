// How do I see what my calls do: spans, metrics, and a log of the traffic?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import * as Telemetry from "@effect-claude/http/Telemetry"
import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Metric, Stream, Tracer } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const request = {
  model: "claude-sonnet-5-5",
  max_tokens: 256,
  messages: [MessageRequest.user("What do you leave behind?")]
}

const program = Effect.gen(function*() {
  yield* Messages.create(request)
  yield* Stream.runDrain(Messages.stream(request))

  yield* Console.log("\nmetrics")
  for (const { attributes, id, state } of yield* Metric.snapshot) {
    const value = "sum" in state ? state.sum : "count" in state ? state.count : "value" in state ? state.value : 0
    const kind = attributes?.["claude.token.class"] ?? attributes?.["gen_ai.token.type"] ?? ""
    yield* Console.log(`  ${id} ${kind} ${Number(Number(value).toPrecision(3))}`)
  }
}).pipe(Effect.withSpan("program"))

// A tracer that prints. A program exports to OpenTelemetry instead (`effect/observability/Otlp`); the spans are the same.
const printing = Tracer.make({
  span: (options) => {
    const span = new Tracer.NativeSpan(options)
    const end = span.end.bind(span)
    span.end = (at, exit) => {
      end(at, exit)
      const usage = span.attributes.get("gen_ai.usage.output_tokens")
      console.log(`span ${span.name}${usage === undefined ? "" : ` (${String(usage)} tokens out)`}`)
      for (const [name, , attributes] of span.events) console.log(`  ${name}`, attributes)
    }
    return span
  }
})

// One line for each call. `TrafficLog.layerFiles({ directory })` writes them to files, a new one each day. What was said
// is in neither the log nor the spans, unless asked for.
const observed = TrafficLog.layer((entry) => Console.log(`log  ${TrafficEntry.format(entry)}`)).pipe(
  Layer.provide(Telemetry.layer()),
  Layer.provide(ClaudeLive.layer(Script.sequence(Script.status(529), Script.forever(Script.model()))))
)

program.pipe(
  Effect.provide(observed),
  Effect.provideService(Tracer.Tracer, printing),
  NodeRuntime.runMain
)
