// What happens when a conversation outgrows the model's window?
import * as Message from "@effect-claude/core/Message"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const program = Effect.gen(function*() {
  const session = yield* Session.make({
    model: "claude-haiku-4-5",
    max_tokens: 1024,
    contextWindow: {
      onWarning: ({ contextWindow, share, tokens }) =>
        Console.log(`(the window is ${Math.round(share * 100)} % full: ${tokens} of ${contextWindow} tokens)`),
      // When a prompt does not fit, the older exchanges become a summary. Without a summary they are left out.
      strategies: [ContextWindow.compact({ keep: 1 }), ContextWindow.dropExchanges()]
    }
  })

  for (const words of ["My name is Ada.", "I live by the sea.", "I have a boat.", "What do you know of me?"]) {
    yield* Console.log(`> ${words}`)
    yield* Console.log(Message.text(yield* session.send(words)))
  }

  yield* Console.log("\nWhat the next request will say:")
  for (const { content, role } of History.toMessages(yield* session.history)) {
    for (const [index, block] of (content as ReadonlyArray<{ readonly text: string }>).entries()) {
      yield* Console.log(`  ${(index === 0 ? role : "").padEnd(9)} ${block.text.replaceAll("\n", " ")}`)
    }
  }
})

const script = Script.sequence(
  Script.reply("Hello, Ada."),
  Script.reply({ text: "How lovely.", usage: { input_tokens: 172_000 } }),
  Script.reply({ text: "Does she have a name?", usage: { input_tokens: 198_000 } }),
  Script.reply("Ada introduced herself. She lives by the sea."),
  Script.reply({ text: "You are Ada, you live by the sea, and you have a boat.", usage: { input_tokens: 90 } })
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
