import * as Message from "@effect-claude/core/Message"
import * as History from "@effect-claude/session/History"
import * as HistoryJson from "@effect-claude/session/HistoryJson"
import * as SessionEntity from "@effect-claude/session/SessionEntity"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue } from "effect"
import { EntityId } from "effect/cluster"
import { fileURLToPath } from "node:url"
import * as Machines from "../support/machines.ts"

/** The sessions that the machines of the example run. */
const Chat = SessionEntity.make("Chat")

const program = fileURLToPath(new URL("../cluster.ts", import.meta.url))

const deadly = fileURLToPath(new URL("machine.ts", import.meta.url))

/** Each in a shard of its own, of the eight there are: two machines with four shards each both have somebody. */
const users = ["ada", "barbara", "jean", "john", "radia", "shafi"]

/** Answers after a while, so that there is time to kill whoever asks, and counts what was asked. */
const makeScript = () => {
  const asked: Array<string> = []
  const script = Script.forever(Script.respondWith(({ body }) => {
    const { messages } = body as { readonly messages: ReadonlyArray<{ readonly content: Texts }> }
    const words = messages.at(-1)?.content.at(-1)?.text ?? ""
    asked.push(words)
    return Script.reply(`You said: ${words}`).pipe(Script.delay("1 second"))
  }))
  return { asked, script }
}

type Texts = ReadonlyArray<{ readonly text: string }>

/** Every user says something, all at once. The words are the id. Returns what was answered. */
const everybodySays = (what: string) =>
  Effect.flatMap(Chat.client, (sessions) =>
    Effect.forEach(users, (user) => {
      const words = `${user} says ${what}`
      return Effect.map(sessions(user).Send({ id: words, input: words }), Message.text)
    }, { concurrency: "unbounded" }))

/** Waits until so many more requests have arrived. Returns the machine that asked last, which is not answered yet. */
const midTurn = Effect.fnUntraced(
  function*(asked: ReadonlyArray<string>, more: number, saying: Fiber.Fiber<unknown, unknown>) {
    const { asking } = yield* Machines.Machines
    const enough = asked.length + more
    yield* Effect.sleep("5 millis").pipe(Effect.repeat({ until: () => asked.length >= enough }))
    assert.isUndefined(saying.pollUnsafe())
    return (yield* Queue.clear(asking)).at(-1)!
  }
)

/** What each user said so far and was answered, as the sessions know it. */
const conversations = Effect.flatMap(Chat.client, (sessions) =>
  Effect.forEach(users, (user) =>
    Effect.gen(function*() {
      const { history } = yield* sessions(user).Export()
      const said = yield* Effect.fromResult(HistoryJson.decode(history))
      assert.deepStrictEqual(History.check(said), [])
      return History.toMessages(said).flatMap(({ content }) => (content as Texts).map(({ text }) => text))
    })))

const answersTo = (what: string) => users.map((user) => `You said: ${user} says ${what}`)

/** Conversations in which each thing was said once, and answered. */
const each = (...all: ReadonlyArray<string>) =>
  users.map((user) => all.flatMap((what) => [`${user} says ${what}`, `You said: ${user} says ${what}`]))

const hasPostgres = await Effect.runPromise(Effect.scoped(Machines.hasPostgres))

const databases = [
  { name: "SQLite", database: "SQLite", title: "SQLite", skip: false },
  {
    name: "PostgreSQL",
    database: undefined,
    title: hasPostgres ? "PostgreSQL" : "PostgreSQL (NOT RUN: none answers on this machine)",
    skip: !hasPostgres
  }
] as const

describe.each(databases)("sessions on two machines over $title", ({ database, name, skip }) => {
  const here = (script: Script.Script, run = program) =>
    Effect.provide(Machines.layer({ program: run, script, database }))

  it.live.skipIf(skip)("lose nothing and say nothing twice when machines are killed in the middle of turns", () => {
    const { asked, script } = makeScript()
    return Effect.gen(function*() {
      const machines = yield* Machines.Machines
      assert.strictEqual(machines.database, name)
      yield* machines.start("one")
      yield* machines.start("two")
      const said: Array<string> = []
      const say = (what: string) => Effect.tap(everybodySays(what), () => Effect.sync(() => said.push(what)))

      const shards = yield* Effect.forEach(users, (user) => Chat.getShardId(EntityId.make(user)))
      assert.lengthOf(new Set(shards.map(({ id }) => id)), users.length)

      // The shards are leased: each turn is asked for once, and in the end both machines have some.
      const served = new Set<string>()
      while (served.size < 2 && said.length < 20) {
        yield* say(`hello ${said.length}`)
        for (const { name } of yield* Queue.clear(machines.asking)) served.add(name)
      }
      assert.deepStrictEqual([...served].toSorted(), ["one", "two"])
      assert.lengthOf(asked, said.length * users.length)

      for (const round of ["three", "four", "five"]) {
        yield* Queue.clear(machines.asking)
        const saying = yield* Effect.forkChild(say(`round ${round}`))
        const victim = yield* midTurn(asked, users.length, saying)
        yield* victim.kill
        yield* machines.start(round)
        assert.deepStrictEqual(yield* Fiber.join(saying), answersTo(`round ${round}`))
      }

      assert.isAbove(asked.length, said.length * users.length, "somebody was killed while asking")
      assert.deepStrictEqual(yield* conversations, each(...said))
      // What was said can be said again.
      assert.deepStrictEqual(yield* everybodySays("round three"), answersTo("round three"))
      assert.deepStrictEqual(yield* conversations, each(...said))
    }).pipe(here(script))
  }, 180_000)

  it.live.skipIf(skip)("find the answer of a machine that died after it had committed it", () => {
    const { asked, script } = makeScript()
    return Effect.gen(function*() {
      const machines = yield* Machines.Machines
      yield* machines.start("one")
      yield* machines.start("two")
      const ada = (yield* Chat.client)("ada")
      yield* ada.Send({ id: "1", input: "Hello" })
      yield* Queue.clear(machines.asking)
      const answer = yield* ada.Send({ id: "2", input: "Answer, then die" })
      const next = yield* ada.Send({ id: "3", input: "Are you well?" })

      assert.strictEqual(Message.text(answer), "You said: Answer, then die")
      assert.strictEqual(Message.text(next), "You said: Are you well?")
      // It was asked for once, by one machine; the other has it from the store.
      assert.deepStrictEqual(asked, ["Hello", "Answer, then die", "Are you well?"])
      assert.lengthOf(new Set(yield* Queue.clear(machines.asking)), 2)
    }).pipe(here(script, deadly))
  }, 180_000)

  it.live.skipIf(skip)("say nothing twice when a machine takes itself for the owner that it no longer is", () => {
    const { asked, script } = makeScript()
    return Effect.gen(function*() {
      const machines = yield* Machines.Machines
      yield* machines.start("one")
      yield* machines.start("two")
      yield* everybodySays("hello")
      yield* Queue.clear(machines.asking)

      const saying = yield* Effect.forkChild(everybodySays("more"))
      const frozen = yield* midTurn(asked, users.length, saying)
      yield* frozen.freeze
      assert.deepStrictEqual(yield* Fiber.join(saying), answersTo("more"))
      yield* frozen.thaw
      assert.deepStrictEqual(yield* everybodySays("and more"), answersTo("and more"))

      assert.isAbove(asked.length, 3 * users.length, "somebody was frozen while asking")
      assert.deepStrictEqual(yield* conversations, each("hello", "more", "and more"))
    }).pipe(here(script))
  }, 180_000)
})
