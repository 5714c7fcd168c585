import * as Usage from "@effect-claude/core/Usage"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Result, Schema, Stream } from "effect"
import { assistant, options, provide, sent, user } from "./scripted.ts"

const { SessionStore: Store } = SessionStore

const opened = { ...options, id: "ada" }

const words = (session: Session.Session) => Effect.map(session.history, History.toMessages)

const count = Effect.map(sent, ({ length }) => length)

const replies = (...texts: ReadonlyArray<string>) => provide(...texts.map((text) => Script.reply(text)))

/** Makes a journal other than it was: removes it, and writes some of its entries again. */
const rewrite = (id: string, entries: (old: ReadonlyArray<SessionStore.Entry>) => ReadonlyArray<SessionStore.Entry>) =>
  Effect.gen(function*() {
    const store = yield* Store
    const old = yield* store.read(id)
    yield* store.remove(id)
    yield* Effect.forEach(entries(old), (entry, n) => store.append(id, n, entry))
  })

describe("Session", () => {
  describe("refresh", () => {
    it.effect("begins anew when the journal was removed", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.send("one")
        yield* rewrite("ada", () => [])
        const stale = yield* Effect.flip(session.send("two"))
        const paid = yield* count
        yield* session.refresh
        const forgotten = yield* words(session)
        yield* session.send("two")

        assert.deepStrictEqual([stale._tag, paid], ["SessionConflictError", 1])
        assert.deepStrictEqual(forgotten, [])
        assert.deepStrictEqual(yield* words(yield* Session.open(opened)), [user("two"), assistant("deux")])
      }).pipe(Effect.provide(SessionStore.layerMemory), replies("un", "deux")))

    it.effect("begins with the history of its options when the journal was removed", () =>
      Effect.gen(function*() {
        const seed = yield* Session.make(options)
        yield* seed.send("zero")
        const session = yield* Session.open({ ...opened, history: yield* seed.history })
        yield* session.send("one")
        yield* rewrite("ada", () => [])
        yield* session.refresh
        yield* session.send("two")

        assert.deepStrictEqual(yield* words(yield* Session.open(opened)), [
          user("zero"),
          assistant("null"),
          user("two"),
          assistant("deux")
        ])
      }).pipe(Effect.provide(SessionStore.layerMemory), replies("null", "un", "deux")))

    it.effect("forgets what was configured in a journal that is gone", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.configure({ max_tokens: 7, system: "Be brief." })
        yield* rewrite("ada", () => [])
        yield* session.refresh

        assert.strictEqual((yield* session.parameters).max_tokens, options.max_tokens)
        assert.isUndefined((yield* session.parameters).system)
      }).pipe(Effect.provide(SessionStore.layerMemory), replies()))

    it.effect("reads a journal that was rewritten at the same length", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.send("one")
        yield* (yield* Session.open({ ...options, id: "eve" })).send("uno")
        const others = yield* (yield* Store).read("eve")
        yield* rewrite("ada", () => others)
        const stale = yield* Effect.flip(session.send("two"))
        yield* session.refresh

        assert.strictEqual(stale._tag, "SessionConflictError")
        assert.deepStrictEqual(yield* words(session), [user("uno"), assistant("due")])
        assert.strictEqual(yield* session.undo, true)
        assert.deepStrictEqual(yield* words(session), [])
      }).pipe(Effect.provide(SessionStore.layerMemory), replies("un", "due")))

    const Change = Schema.Struct({ keep: Schema.Literals([0, 1, 2, 3]), add: Schema.Literals([0, 1, 2]) })

    it.effect(
      "converges on whatever the journal has become, and the next turn is committed",
      () =>
        Effect.gen(function*() {
          let runs = 0
          const check = (changes: ReadonlyArray<typeof Change.Type>) =>
            Effect.gen(function*() {
              const id = `session ${runs++}`
              const session = yield* Session.open({ ...options, id })
              for (const { add, keep } of changes) {
                yield* session.send("mine")
                yield* rewrite(id, (old) => old.slice(0, keep))
                const other = yield* Session.open({ ...options, id })
                for (let n = 0; n < add; n++) yield* other.send(`theirs ${n}`)
                yield* session.refresh
                const fresh = yield* Session.open({ ...options, id })
                if (JSON.stringify(yield* words(session)) !== JSON.stringify(yield* words(fresh))) return false
                if (JSON.stringify(yield* session.usage) !== JSON.stringify(yield* fresh.usage)) return false
                if (Result.isFailure(yield* Effect.result(session.send("next")))) return false
              }
              return true
            })
          const result = yield* Arbitrary.checkEffect(
            Arbitrary.array(Arbitrary.schema(Change), { minLength: 1, maxLength: 4 }),
            check,
            { runs: 150, size: 8 }
          )

          assert.isUndefined(Arbitrary.formatCheckFailure(result))
        }).pipe(Effect.provide(SessionStore.layerMemory), provide(Script.forever(Script.reply("Yes.")))),
      60_000
    )
  })

  describe("a stale position", () => {
    it.effect("costs no request: four writers in turn pay for as many as they commit", () =>
      Effect.gen(function*() {
        const writers = yield* Effect.forEach([0, 1, 2, 3], () => Session.open(opened))
        let conflicts = 0
        for (let round = 0; round < 24; round++) {
          for (const session of writers) {
            yield* Effect.catchTag(session.send("mine"), "SessionConflictError", () => {
              conflicts++
              return Effect.andThen(session.refresh, session.send("mine"))
            })
          }
        }

        assert.strictEqual(conflicts, 95, "each turn but the first began at a stale position")
        assert.strictEqual(yield* count, 96)
        assert.strictEqual((yield* (yield* Session.open(opened)).history).exchanges, 96)
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(Script.forever(Script.reply("Yes.")))))

    it.effect("costs no request of a stream", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        const other = yield* Session.open(opened)
        yield* other.send("theirs")
        const stale = yield* Effect.flip(Stream.runDrain(session.stream("mine")))

        assert.strictEqual(stale._tag, "SessionConflictError")
        assert.strictEqual(yield* count, 1)
      }).pipe(Effect.provide(SessionStore.layerMemory), replies("un", "never")))
  })
})

describe("Session", () => {
  describe("open, of a journal with a damaged entry", () => {
    /** Keeps lines in memory, which a test can damage. */
    const damaged = (lines: Array<string>) =>
      Layer.succeed(
        Store,
        SessionStore.make({
          append: (_, position, line) => Effect.sync(() => lines.length === position && lines.push(line) > 0),
          read: (_, from) => Effect.sync(() => lines.slice(from)),
          truncate: (_, length) => Effect.sync(() => void lines.splice(length)),
          remove: () => Effect.void,
          list: Effect.succeed([])
        })
      )

    it.effect.each(
      [
        ["is not JSON", "{\"version\":1,\"ent"],
        [
          "does not follow from those before it",
          JSON.stringify({
            version: 1,
            entry: { type: "changed", size: 99, entries: [], usage: Usage.empty, spent: Usage.empty, cost: null }
          })
        ]
      ] as const
    )("tells how many can be read, and goes on there when asked to: one that %s", ([, line]) => {
      const lines: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.send("one")
        yield* session.send("two")
        yield* session.send("three")
        lines[1] = line
        const error = yield* Effect.flip(Session.open(opened))
        const before = lines.length
        const recovered = yield* Session.open({ ...opened, recover: true })
        yield* recovered.send("four")

        assert.strictEqual(error.readable, 1)
        assert.include(error.message, "The 1 entries before it can be read")
        assert.strictEqual(before, 3, "nothing is removed unless that is asked for")
        assert.notProperty((yield* sent)[0], "recover")
        assert.deepStrictEqual(yield* words(yield* Session.open(opened)), [
          user("one"),
          assistant("un"),
          user("four"),
          assistant("quatre")
        ])
      }).pipe(Effect.provide(damaged(lines)), replies("un", "deux", "trois", "quatre"))
    })

    it.effect("never removes what a later version wrote", () => {
      const lines = [JSON.stringify({ version: 2 })]
      return Effect.gen(function*() {
        const error = yield* Effect.flip(Session.open({ ...opened, recover: true }))

        assert.include(error.message, "was written in version 2")
        assert.lengthOf(lines, 1)
      }).pipe(Effect.provide(damaged(lines)), replies())
    })
  })
})
