// How do I try something else: go back, say it differently, or follow two threads at once?
import * as Message from "@effect-claude/core/Message"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const program = Effect.gen(function*() {
  const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024 })
  const show = Effect.gen(function*() {
    const turns = History.toMessages(yield* session.history)
    const texts = turns.flatMap(({ content }) => content as ReadonlyArray<{ readonly text: string }>)
    yield* Console.log(`  ${texts.map(({ text }) => text).join(" ")}`)
  })

  yield* session.send("Name a colour.")
  yield* session.send("Name a sadder one.")
  yield* show

  yield* Console.log("\nedit: say something else instead of the last thing")
  yield* session.edit(1, "Name a happier one.")
  yield* show

  yield* Console.log("\nundo: take that back")
  yield* session.undo
  yield* show

  yield* Console.log("\nrewind: go back to before the last exchange")
  yield* session.rewind()
  yield* show

  yield* Console.log("\nfork: go on in two ways at once; they share nothing that changes")
  const fork = yield* session.fork()
  const answers = yield* Effect.all([session.send("In French?"), fork.send("In Italian?")], { concurrency: 2 })
  yield* Console.log(`  one says ${Message.text(answers[0])} The other says ${Message.text(answers[1])}`)
})

const script = Script.sequence(
  ...["Blue.", "Grey.", "Yellow."].map((text) => Script.reply(text)),
  Script.forever(
    Script.respondWith(({ body }) => Script.reply(JSON.stringify(body).includes("French") ? "Bleu." : "Blu."))
  )
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
