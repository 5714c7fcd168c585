// How do I ask many questions at half the price, when the answers can wait?
import * as Batch from "@effect-claude/core/Batch"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Batches from "@effect-claude/http/Batches"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schedule, Stream } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// Each request has an id of your own: results come in no particular order.
const requests = Stream.fromIterable(["Ada", "Grace", "Barbara"]).pipe(
  Stream.map((name) => ({
    custom_id: name,
    params: {
      model: "claude-haiku-4-5",
      max_tokens: 100,
      messages: [MessageRequest.user(`My name is ${name}. Hello!`)]
    }
  }))
)

const describe = Batch.Result.match({
  succeeded: ({ message }) => Message.text(message),
  errored: ({ error }) => `failed: ${error.error.message}`,
  canceled: () => "was canceled",
  expired: () => "expired before its turn",
  Unknown: ({ type }) => `came to "${type}", which this version does not know`
})

const program = requests.pipe(
  // Splits at the API's limits, waits for each batch to end, and streams its results.
  Batches.runAll({
    // It looks after 5 s, and then ever less often. The stand-in is done at once.
    schedule: ClaudeLive.isOffline ? Schedule.spaced("200 millis") : undefined,
    // Keep the id somewhere, and Batches.resume(id) goes on after a crash.
    onCreated: (batch) => Console.log(`created ${batch.id}`),
    onProgress: (batch) => Console.log(`${Math.round(Batch.progress(batch) * 100)} % done`)
  }),
  Stream.runForEach(({ custom_id, result }) => Console.log(`${custom_id}: ${describe(result)}`))
)

program.pipe(Effect.provide(ClaudeLive.layer()), NodeRuntime.runMain)
