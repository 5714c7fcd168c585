import * as Agent from "@effect-claude/session/Agent"
import * as Budget from "@effect-claude/session/Budget"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Data, Effect, Exit, HashMap, Layer, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import * as Core from "../src/internal/core.ts"
import * as Runs from "../src/internal/runs.ts"
import { options, provide, sent } from "./scripted.ts"

const { SessionStore: Store } = SessionStore

/** A law that did not hold. */
class Broken extends Data.TaggedError("Broken")<{ readonly law: string; readonly detail: string }> {}

const insist = (holds: boolean, law: string, detail: string = ""): Effect.Effect<void, Broken> =>
  holds ? Effect.void : Effect.fail(new Broken({ law, detail }))

// -----------------------------------------------------------------------------
// programs
// -----------------------------------------------------------------------------

/** What a store does with the appends of a step. */
const Fault = Schema.Literals([
  "works",
  "works",
  "works",
  "fails",
  "fails after writing",
  "hangs",
  "hangs after writing",
  "loses what it acknowledged"
])

/** Few names, so that programs send one again after everything. */
const Name = Schema.Union([Schema.Literals(["a"]), Schema.Literals(["a"]), Schema.Literals(["b"]), Schema.Null])

const Send = Schema.Struct({ _tag: Schema.Literal("Send"), name: Name, edits: Schema.Boolean, fault: Fault })

const Op = Schema.Union([
  // As often as it is to be as likely as the others together.
  Send,
  Send,
  Send,
  Schema.Struct({
    _tag: Schema.Literal("Run"),
    name: Name,
    rollback: Schema.Boolean,
    fails: Schema.NullOr(Schema.Literals([0, 1])),
    fault: Fault
  }),
  Schema.Struct({ _tag: Schema.Literal("Rewind"), fault: Fault }),
  Schema.Struct({ _tag: Schema.Literal("Undo"), fault: Fault }),
  Schema.Struct({ _tag: Schema.Literal("Shorten"), length: Schema.Literals([0, 1, 2, 3]) }),
  Schema.Struct({ _tag: Schema.Literal("Other") }),
  Schema.Struct({ _tag: Schema.Literal("Reopen") })
])

type Op = typeof Op.Type

const Program = Arbitrary.array(Arbitrary.schema(Op), { minLength: 1, maxLength: 8 })

// -----------------------------------------------------------------------------
// the world
// -----------------------------------------------------------------------------

interface Faults {
  append: typeof Fault.Type
}

const faulty = (faults: Faults) =>
  Layer.effect(
    Store,
    Effect.map(Effect.service(Store), (store) => ({
      ...store,
      append: (id: string, position: number, entry: SessionStore.Entry) => {
        const done = store.append(id, position, entry)
        const failure = Effect.fail(new SessionStore.SessionStoreError({ operation: "append", id, problem: "told to" }))
        const hang = Effect.uninterruptible(Effect.never)
        switch (faults.append) {
          case "works":
            return done
          case "fails":
            return failure
          case "fails after writing":
            return Effect.andThen(done, failure)
          case "hangs":
            return hang
          case "hangs after writing":
            return Effect.andThen(done, hang)
          case "loses what it acknowledged":
            return Effect.void
        }
      }
    }))
  ).pipe(Layer.provide(SessionStore.layerMemory))

const toolkit = Toolkit.make(Tool.make("look", { parameters: Schema.Struct({}), success: Schema.String }))

const handlers = toolkit.toLayer({ look: () => Effect.succeed("seen") })

/** Runs an effect while time passes. */
const drive = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Exit.Exit<A, E>, Broken, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let n = 0; fiber.pollUnsafe() === undefined && n < 400; n++) {
      yield* n < 100 ? Effect.yieldNow : TestClock.adjust("1 second")
    }
    const exit = fiber.pollUnsafe()
    return exit === undefined ? yield* new Broken({ law: "every step ends", detail: "" }) : exit
  })

const textOf = (session: Session.Session) =>
  Effect.map(session.history, (history) => JSON.stringify(History.toMessages(history)))

const count = Effect.map(sent, ({ length }) => length)

// -----------------------------------------------------------------------------
// laws
// -----------------------------------------------------------------------------

const isStale = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && JSON.stringify(exit.cause).includes("SessionConflictError")

const step = Effect.fnUntraced(function*(op: Op, session: Session.Session, id: string, faults: Faults, fail: Fail) {
  const store = yield* Store
  const isOpen = "name" in op && Runs.get(Core.of(session).runs, op.name ?? undefined)?.state === "open"
  const before = yield* count
  const exit = yield* drive(Effect.gen(function*() {
    switch (op._tag) {
      case "Send":
        return yield* session.send(`words of ${op.name};`, { id: op.name ?? undefined, rewind: op.edits ? 1 : 0 })
      case "Run": {
        fail.at = op.fails
        const { message } = yield* Agent.run(session, `words of ${op.name};`, {
          toolkit,
          whenInterrupted: op.rollback ? "rollback" : "close",
          turn: { id: op.name ?? undefined }
        })
        return message
      }
      case "Rewind":
        return yield* session.rewind()
      case "Undo":
        return yield* session.undo
      case "Shorten":
        return yield* store.truncate(id, op.length)
      case "Other":
        return yield* (yield* Session.open({ ...options, id })).send("others;")
      case "Reopen":
        return
    }
  }))
  faults.append = "works"
  fail.at = null
  const paid = (yield* count) - before
  const isTurn = op._tag === "Send" || op._tag === "Run"
  if (isTurn && Exit.isSuccess(exit)) {
    const text = yield* textOf(session)
    yield* insist(text.includes(`words of ${op.name};`), "a turn that succeeded is in the history", text)
    yield* insist(paid > 0 || op.name !== null, "only a named turn is answered without a request")
    // A run that was left open begins anew where something else was said since.
    const copies = text.split(`words of ${op.name};`).length - 1
    yield* insist(copies === 1 || op.name === null || isOpen, "a named turn is in the history once", text)
  }
  // What the store loses while a run is under way is paid for already.
  const isLost = isTurn && op.fault === "loses what it acknowledged"
  yield* insist(!isTurn || isLost || !isStale(exit) || paid === 0, "a stale position costs nothing", String(paid))
})

interface Fail {
  /** Which request of a run fails. */
  at: number | null
}

const invariants = Effect.fnUntraced(function*(
  session: Session.Session,
  id: string,
  budget: Budget.Budget
) {
  yield* session.refresh
  const fresh = yield* Session.open({ ...options, id })
  const [here, there] = yield* Effect.all([session.history, fresh.history])
  yield* insist(
    JSON.stringify(History.entries(here)) === JSON.stringify(History.entries(there)),
    "refresh converges on the journal",
    `${here} instead of ${there}`
  )
  yield* insist(History.check(here).length === 0, "the history keeps the rules")
  yield* insist((yield* budget.state).reserved.requests === 0, "nothing stays reserved")
  const probe = yield* fresh.fork()
  yield* insist(Exit.isSuccess(yield* drive(probe.send("probe;"))), "the next message is accepted")
})

/** A bug: what it does to a session that is opened, and after each step. */
interface Bug {
  readonly open?: (core: Core.Core) => void
  readonly step?: (core: Core.Core, before: Runs.Runs) => void
}

const run = (program: ReadonlyArray<Op>, bug: Bug = {}) => {
  const faults: Faults = { append: "works" }
  const fail: Fail = { at: null }
  return Effect.gen(function*() {
    const id = "session"
    const budget = yield* Effect.orDie(Budget.make({ requests: 1000 }))
    const open = Effect.tap(
      Session.open({ ...options, id, budget }),
      (session) => Effect.sync(() => bug.open?.(Core.of(session)))
    )
    let session = yield* open
    for (const op of program) {
      if ("fault" in op) faults.append = op.fault
      if (op._tag === "Reopen") session = yield* open
      const { runs } = Core.of(session)
      yield* step(op, session, id, faults, fail)
      bug.step?.(Core.of(session), runs)
      yield* invariants(session, id, budget)
    }
    return true
  }).pipe(
    Effect.provide([handlers, faulty(faults)]),
    provide(Script.forever(Script.respondWith((request) => {
      const text = JSON.stringify(request.body)
      const last = text.slice(text.lastIndexOf("\"role\":\"user\""))
      const hasTools = text.includes("\"name\":\"look\"")
      const isResult = /tool_result/.test(last)
      if (fail.at === (isResult ? 1 : 0)) return Script.status(529)
      return hasTools && !isResult && /words of/.test(last) ? Script.toolCall("look", {}) : Script.reply("Yes.")
    })))
  )
}

describe("a session over any store", () => {
  it.effect("keeps its laws when the store hangs, loses, lies or is shortened", () =>
    Effect.gen(function*() {
      const result = yield* Arbitrary.checkEffect(Program, run, {
        runs: Number(process.env["PROGRAMS"] ?? 400),
        size: 8
      })

      assert.isUndefined(Arbitrary.formatCheckFailure(result))
    }), 120_000)

  const bugs: ReadonlyArray<readonly [string, Bug]> = [
    ["never frees a name", {
      step: (core, before) => {
        core.runs = HashMap.union(before, core.runs)
      }
    }],
    ["forgets the names of its turns", {
      step: (core) => {
        core.runs = Runs.empty
      }
    }],
    ["does not look at its journal before a request", {
      open: ({ journal }) => {
        if (journal === undefined) return
        const { store } = journal
        Object.assign(journal, {
          store: { ...store, read: (id: string, from: number) => from === 0 ? store.read(id) : known(store, id, from) }
        })
      }
    }]
  ]

  it.effect.each(bugs)("is found out when it %s", ([, bug]) =>
    Effect.gen(function*() {
      const result = yield* Arbitrary.checkEffect(Program, (program) => run(program, bug), { runs: 1000, size: 8 })

      if (result._tag !== "Falsified") return assert.fail(`It was not found out: ${result._tag}`)
      assert.isAtMost(result.shrunkInput.length, 4)
    }), 120_000)
})

/** Reads the entry at a position and none after it, as if nobody else had written. */
const known = (store: SessionStore.SessionStore["Service"], id: string, from: number) =>
  Effect.map(store.read(id, from), (entries) => entries.slice(0, 1))
