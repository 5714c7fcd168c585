// How do I let Claude use tools in a program written against Effect's own AI modules?
import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schema } from "effect"
import { Chat, Tool, Toolkit } from "effect/ai"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// A tool of our own: the model sees the description and a JSON Schema made of the parameters. `Strict` holds it to them.
const Temperature = Tool.make("temperature", {
  description: "Returns the current temperature of a city, in degrees Celsius.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Number
}).annotate(Tool.Strict, true)

// Beside it, one that Anthropic runs: it needs no handler, and its results come back in the answer.
const toolkit = Toolkit.make(Temperature, ClaudeTool.webSearch({ max_uses: 2 }))

// Handlers are a layer. They may need services, and fail with the tool's own errors.
const HandlersLive = toolkit.toLayer({
  temperature: ({ city }) => Effect.as(Console.log(`temperature(${city})`), city === "Paris" ? 21 : 4)
})

const program = Effect.gen(function*() {
  const chat = yield* Chat.empty
  let prompt = "How warm is it in Paris and in Oslo? Search the web for what to wear there."

  // One call is one round: the answer, and the results of the tools it called. Go on while there were any, but not for
  // ever. `Agent` in @effect-claude/session does this with budgets, timeouts and turns that cannot be left half done.
  for (let round = 1; round <= 5; round++) {
    const answer = yield* chat.generateText({ prompt: prompt === "" ? [] : prompt, toolkit })
    const sources = answer.content.flatMap((part) => part.type === "source" ? [part.title] : [])
    yield* Console.log(`round ${round}, ${answer.finishReason}: ${answer.text || "(no text)"}`)
    if (sources.length > 0) yield* Console.log(`  from: ${sources.join(", ")}`)
    if (answer.finishReason !== "tool-calls" && answer.finishReason !== "pause") return
    prompt = ""
  }
})

const ModelLive = ClaudeLanguageModel.layer({ model: "claude-sonnet-5-5", max_tokens: 2048 })

// Offline, the answers are canned.
const found = { type: "web_search_result", url: "https://example.com/coats", title: "Coats", encrypted_content: "" }
const script = Script.sequence(
  Script.toolCalls(["Paris", "Oslo"].map((city) => ({ name: "temperature", input: { city } }))),
  Script.message({
    content: [
      { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "what to wear at 4 °C" } },
      { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [found] },
      { type: "text", text: "21 °C in Paris, 4 °C in Oslo: take a coat north." }
    ]
  })
)

program.pipe(
  Effect.provide([ModelLive.pipe(Layer.provide(ClaudeLive.layer(script))), HandlersLive]),
  NodeRuntime.runMain
)
