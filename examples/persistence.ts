// How does a conversation outlive its process, and what if two processes hold it?
import * as Message from "@effect-claude/core/Message"
import * as Session from "@effect-claude/session/Session"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import { NodeFileSystem, NodePath, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, FileSystem } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const open = Session.open({ id: "ada", model: "claude-sonnet-5-5", max_tokens: 1024 })

const ask = (session: Session.Session, question: string) =>
  Effect.gen(function*() {
    yield* Console.log(`> ${question}`)
    yield* Console.log(Message.text(yield* session.send(question)))
  })

const program = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped()

  // Each turn is a file of its own, synced before the turn counts as said. For a database: SessionStoreSql.
  yield* Effect.gen(function*() {
    yield* ask(yield* open, "Hello! My name is Ada.")

    yield* Console.log("\n(the process ends; another opens the same session)\n")
    const session = yield* open
    yield* ask(session, "What is my name?")

    yield* Console.log("\n(meanwhile, a third process says something in it)\n")
    const other = yield* open
    yield* ask(other, "My name is Grace, by the way.")

    // Nobody overwrites anybody: the one that comes second is told, catches up, and goes on.
    yield* ask(session, "What is my name?").pipe(
      Effect.catchTag("SessionConflictError", (error) =>
        Console.log(`(${error._tag})`).pipe(
          Effect.andThen(session.refresh),
          Effect.andThen(ask(session, "What is my name?"))
        ))
    )
    yield* Console.log(
      `\n${(yield* session.history).exchanges} exchanges, in ${
        (yield* fs.readDirectory(`${directory}/ada`)).length
      } files`
    )
  }).pipe(Effect.provide(SessionStoreFile.layer({ directory })))
})

program.pipe(
  Effect.scoped,
  Effect.provide([NodeFileSystem.layer, NodePath.layer, ClaudeLive.layer()]),
  NodeRuntime.runMain
)
