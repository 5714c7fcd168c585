// How do I pay a tenth for the part of a prompt that stays the same?
import * as Content from "@effect-claude/core/Content"
import * as Cost from "@effect-claude/core/Cost"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Option } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// The prompt is cached up to and including a marked block, for five minutes or an hour. It has to be long: from about a
// thousand tokens on, depending on the model. At most four blocks of a request are marked.
const handbook = "Rinse the pot with hot water before the tea goes in. ".repeat(200)
const system = [Content.cached(Content.text(handbook), { ttl: "5m" })]

const ask = (question: string) =>
  Effect.gen(function*() {
    const message = yield* Messages.create({
      model: "claude-sonnet-5-5",
      max_tokens: 100,
      system,
      messages: [MessageRequest.user(question)]
    })
    const { cache_creation_input_tokens: written, cache_read_input_tokens: read, input_tokens: fresh } = message.usage
    const cost = Option.match(Cost.ofMessage(message), {
      onNone: () => "unknown",
      onSome: (cost) => `$${Cost.total(cost).toFixed(6)}`
    })
    yield* Console.log(`${question}\n   written ${written ?? 0}, read ${read ?? 0}, fresh ${fresh}: ${cost}`)
  })

// The first writes the cache, at a quarter more than the price; the others read it, at a tenth.
const program = Effect.forEach(["How hot?", "How long?", "Which pot?"], ask, { discard: true })

program.pipe(Effect.provide(ClaudeLive.layer()), NodeRuntime.runMain)
