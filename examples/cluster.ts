// How do I run sessions on several machines, and what if one of them dies?
import * as Message from "@effect-claude/core/Message"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as SessionEntity from "@effect-claude/session/SessionEntity"
import * as SessionMap from "@effect-claude/session/SessionMap"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Array, Console, Effect, Fiber, Layer, Queue } from "effect"
import * as Machines from "./support/machines.ts"

// Sessions as entities of Effect's cluster: each lives on one machine at a time, and is found by its id.
const Chat = SessionEntity.make("Chat")

// What each machine runs. What was said is in the database, and so is who has which session.
const machine = SessionEntity.layer(Chat).pipe(
  Layer.provide(SessionMap.layer({
    session: () => ({ model: "claude-sonnet-5-5", max_tokens: 1024, onProgress: () => Machines.asks })
  })),
  Layer.provide([Machines.here, ClaudeNode.layer()])
)

const program = Effect.gen(function*() {
  const machines = yield* Machines.Machines
  yield* Console.log(`(two machines start; they meet in ${machines.database})`)
  yield* Effect.forEach(["one", "two"], machines.start)

  const asking = Effect.map(Queue.takeAll(machines.asking), Array.lastNonEmpty)

  // This process only asks. It does not know, and need not, which machine has the session.
  const ada = (yield* Chat.client)("ada")
  const ask = (id: string, input: string) =>
    Effect.gen(function*() {
      yield* Console.log(`> ${input}`)
      yield* Console.log(Message.text(yield* ada.Send({ id, input })))
    })

  yield* ask("1", "Hello! My name is Ada.")
  yield* Console.log(`(said machine ${(yield* asking).name})`)

  const asked = yield* Effect.forkChild(ask("2", "What is my name?"))
  const owner = yield* asking
  yield* owner.kill
  yield* Console.log(`(machine ${owner.name} is killed before it has answered)`)
  yield* Fiber.join(asked)
  yield* Console.log(`(said machine ${(yield* asking).name}, which took the session over)`)

  // The id names the turn: whoever is not sure that it was said can say it again, and it is said once.
  yield* ask("2", "What is my name?")
  const { history } = yield* ada.Export()
  yield* Console.log(`(the session has ${history.entries.length / 2} exchanges)`)
})

// Offline, the second answer takes its time.
const answer = Script.times(Script.model(), 1)
const script = Script.sequence(answer, answer.pipe(Script.delay("3 seconds")), answer)
const client = Machines.layer({ program: import.meta.filename, script })

if (Machines.isMachine) NodeRuntime.runMain(Layer.launch(machine))
else program.pipe(Effect.provide(client), NodeRuntime.runMain)
