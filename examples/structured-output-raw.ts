// How do I get JSON that matches a schema, with nothing in between?
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const Teapot = Schema.Struct({ maker: Schema.String, year: Schema.Int, colors: Schema.Array(Schema.String) })

// The API takes a subset of JSON Schema: every object lists its properties and allows no others.
const schema = {
  type: "object",
  properties: {
    maker: { type: "string" },
    year: { type: "integer" },
    colors: { type: "array", items: { type: "string" } }
  },
  required: ["maker", "year", "colors"],
  additionalProperties: false
}

const program = Effect.gen(function*() {
  const message = yield* Messages.create({
    model: "claude-sonnet-5-5",
    max_tokens: 500,
    messages: [MessageRequest.user("Invent a teapot.")],
    output_config: { format: { type: "json_schema", schema } }
  })

  // A refusal or a cut answer is no JSON: look before decoding.
  if (!Message.isComplete(message)) return yield* Console.log(`no answer: ${message.stop_reason}`)

  const teapot = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Teapot))(Message.text(message))
  yield* Console.log(`${teapot.maker}, ${teapot.year}: ${teapot.colors.join(" and ")}`)
})

const script = Script.reply(JSON.stringify({ maker: "Utah & Sons", year: 1975, colors: ["white", "grey"] }))

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
