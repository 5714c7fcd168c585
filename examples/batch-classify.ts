// How do I classify thousands of rows, see how far it is, and know what it cost?
import * as Cost from "@effect-claude/core/Cost"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Batches from "@effect-claude/http/Batches"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Option, Schedule, Stream } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// With a key set, this costs about five cents.
const rows = 3000
const texts = ["The teapot leaks.", "Lovely colour, quick delivery!", "It is a teapot."]
const labels = ["positive", "negative", "neutral"]

// A stream of rows: none of them has to fit into memory with all the others.
const requests = Stream.range(1, rows).pipe(Stream.map((row) => ({
  custom_id: `row-${row}`, // results come in any order
  params: {
    model: "claude-haiku-4-5",
    max_tokens: 10,
    system: `Answer with one word: ${labels.join(", ")}.`,
    messages: [MessageRequest.user(texts[row % texts.length] ?? "")]
  }
})))

const bar = (done: number) => {
  const filled = Math.round((30 * done) / rows)
  return Console.log(`[${"█".repeat(filled)}${"·".repeat(30 - filled)}] ${done} of ${rows}`)
}

const nothing = { counts: new Map<string, number>(), cost: Cost.empty } // usage says that it was a batch

const program = requests.pipe(
  Batches.runAll({
    maxRequests: 1000, // three batches of the 100,000 requests each could have
    schedule: ClaudeLive.isOffline ? Schedule.spaced("1 second") : undefined, // ever less often
    onCreated: ({ id }) => Console.log(`created ${id}`) // keep it: Batches.resume(id) goes on after a crash
  }),
  Stream.zipWithIndex,
  Stream.tap(([_, index]) => (index + 1) % 500 === 0 ? bar(index + 1) : Effect.void),
  Stream.runFold(() => nothing, ({ cost, counts }, [{ result }]) => {
    const said = result.type === "succeeded" ? Message.text(result.message).trim().toLowerCase() : result.type
    const label = labels.find((label) => said.startsWith(label)) ?? "unclear"
    const paid = result.type === "succeeded" ? Cost.ofMessage(result.message) : Option.none()
    return {
      counts: new Map(counts).set(label, (counts.get(label) ?? 0) + 1),
      cost: Cost.combine(cost, Option.getOrElse(paid, () => Cost.empty))
    }
  }),
  Effect.flatMap(({ cost, counts }) =>
    Console.log(`\n${[...counts].map(([label, n]) => `${n} ${label}`).join(", ")}; $${Cost.total(cost).toFixed(4)}`)
  )
)

// Offline, the stand-in knows three answers, in turn.
const script = Script.forever(Script.sequence(...labels.map((label) => Script.reply(label))))

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
