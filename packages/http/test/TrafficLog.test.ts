import type * as Claude from "@effect-claude/http/Claude"
import * as Hedging from "@effect-claude/http/Hedging"
import * as Messages from "@effect-claude/http/Messages"
import type { TrafficEntry } from "@effect-claude/http/TrafficEntry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import type * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as PlatformError from "effect/PlatformError"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { key, patiently, question, scripted } from "./scripted.ts"

const hello = { text: "Hi!", usage: { input_tokens: 10, output_tokens: 5 } }

/** Runs an effect, and returns the entries that were written of its calls. */
const logged = (
  script: Script.Script,
  use: Effect.Effect<unknown, unknown, Claude.Claude | ClaudeTest.ClaudeTest>,
  options?: TrafficLog.Options
): Effect.Effect<ReadonlyArray<TrafficEntry>> =>
  Effect.gen(function*() {
    const entries = yield* Ref.make<ReadonlyArray<TrafficEntry>>([])
    const log = TrafficLog.layer((entry) => Ref.update(entries, (all) => [...all, entry]), options)
    yield* Effect.exit(Effect.provide(use, Layer.provideMerge(log, scripted(script))))
    return (yield* Ref.get(entries)).map((entry) => JSON.parse(JSON.stringify(entry)))
  })

describe("TrafficLog", () => {
  describe("layer", () => {
    it.effect("writes what a call asked, took, used and returned", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 10, 20, 10))
        const [entry, ...others] = yield* logged(
          Script.reply(hello).pipe(Script.delay("2 seconds")),
          patiently(Messages.create(question))
        )

        const { requestId, ...rest } = entry!
        assert.match(requestId!, /^req_/)
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual<unknown>(rest, {
          v: 1,
          time: "2026-11-20T10:00:00.000Z",
          operation: "messages.create",
          model: question.model,
          outcome: "completed",
          attempts: 1,
          latencyMs: 2000,
          inputTokens: 10,
          outputTokens: 5,
          stopReason: "end_turn"
        })
      }))

    it.effect("writes when the first content of a stream came", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(
          Script.reply(hello).pipe(
            Script.chunked("perEvent"),
            Script.pause({ events: 5 }, "3 seconds"),
            Script.delay("2 seconds")
          ),
          patiently(Stream.runDrain(Messages.stream(question)))
        )

        assert.strictEqual(entry?.firstContentMs, 2000)
        assert.strictEqual(entry?.latencyMs, 5000)
      }))

    it.effect("writes how often a call was tried and how long was waited", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(
          Script.sequence(Script.times(Script.status(529), 2), Script.reply(hello)),
          patiently(Messages.create(question))
        )

        assert.strictEqual(entry?.attempts, 3)
        assert.strictEqual(entry?.waitedMs, 3000)
      }))

    it.effect("writes how many requests were sent twice", () =>
      Effect.gen(function*() {
        const entries: Array<TrafficEntry> = []
        const stack = TrafficLog.layer((entry) => Effect.sync(() => entries.push(entry))).pipe(
          Layer.provide(Hedging.layer({ after: "5 seconds" })),
          Layer.provide(scripted(Script.forever(Script.reply(hello).pipe(Script.delay("8 seconds")))))
        )
        yield* patiently(Effect.provide(Messages.create(question), stack))

        assert.deepStrictEqual(entries.map(({ attempts, hedges }) => ({ attempts, hedges })), [{
          attempts: 1,
          hedges: 1
        }])
      }))

    it.effect("writes what the cache did, and who answered", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(
          Script.reply({
            text: "Hi!",
            model: "claude-haiku-4-5",
            usage: {
              input_tokens: 10,
              output_tokens: 5,
              cache_read_input_tokens: 90,
              cache_creation_input_tokens: 7,
              cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 3 }
            }
          }),
          Messages.create(question)
        )

        assert.strictEqual(entry?.cacheReadTokens, 90)
        assert.strictEqual(entry?.cacheWriteTokens, 7)
        assert.strictEqual(entry?.answeredBy, "claude-haiku-4-5")
      }))

    it.effect("writes that the model refused", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(Script.refusal(), Messages.create(question))

        assert.strictEqual(entry?.outcome, "completed")
        assert.strictEqual(entry?.stopReason, "refusal")
        assert.strictEqual(entry?.refusal, "unspecified")
      }))

    it.effect("writes a failed call, with the tag and the facts of its error", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(Script.forever(Script.status(529)), patiently(Messages.create(question)))

        assert.strictEqual(entry?.outcome, "failed")
        assert.strictEqual(entry?.attempts, 6)
        assert.isDefined(entry?.requestId)
        assert.deepStrictEqual(entry?.error, {
          tag: "OverloadedError",
          status: 529,
          outcome: "rejected",
          gaveUp: "maxRetries"
        })
      }))

    it.effect("writes what a stream that was cut had used", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(
          Script.reply({ ...hello, text: "Hi! How are you?" }).pipe(Script.cutAfter({ events: 4 })),
          Stream.runDrain(Messages.stream(question))
        )

        assert.strictEqual(entry?.error?.tag, "StreamTruncatedError")
        assert.strictEqual(entry?.inputTokens, 10)
      }))

    it.effect("writes a call that was interrupted, and a stream that was left", () =>
      Effect.gen(function*() {
        const entries = yield* logged(
          Script.sequence(Script.reply(hello).pipe(Script.stall({ after: "headers" })), Script.reply(hello)),
          Effect.gen(function*() {
            const fiber = yield* Effect.forkChild(Messages.create(question))
            yield* TestClock.adjust("1 second")
            yield* Fiber.interrupt(fiber)
            yield* Stream.runDrain(Stream.take(Messages.stream(question), 1))
          })
        )

        assert.deepStrictEqual(entries.map(({ outcome }) => outcome), ["abandoned", "abandoned"])
        assert.deepStrictEqual(entries.map(({ inputTokens }) => inputTokens), [undefined, 10])
      }))
  })

  describe("a function that dies", () => {
    it.effect("does not fail a call, and is heard of", () =>
      Effect.gen(function*() {
        const warnings: Array<unknown> = []
        const stack = Layer.provide(TrafficLog.layer(() => Effect.die("a bug")), scripted(Script.reply(hello)))
        yield* Messages.create(question).pipe(
          Effect.provide(stack),
          Effect.provide(Logger.layer([Logger.make(({ message }) => warnings.push(message))]))
        )

        assert.deepStrictEqual(warnings, [["The traffic log has a defect", "a bug"]])
      }))
  })

  describe("content", () => {
    const secret = "The code is 1234."
    const asking = Messages.create({ ...question, messages: [{ role: "user", content: secret }] })

    it.effect("is not written by default", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(Script.reply("I will not tell."), asking)

        assert.notInclude(JSON.stringify(entry), secret)
        assert.notInclude(JSON.stringify(entry), "tell")
      }))

    it.effect("shows the first 200 characters when asked", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(
          Script.reply("👋".repeat(300)),
          Messages.create({
            ...question,
            messages: [
              { role: "user", content: "first" },
              { role: "assistant", content: "second" },
              { role: "user", content: [{ type: "text", text: secret }, { type: "text", text: "Keep it." }] }
            ]
          }),
          { content: "preview" }
        )

        assert.strictEqual(entry?.prompt, `${secret}\nKeep it.`)
        assert.strictEqual(entry?.answer, "👋".repeat(200))
      }))

    it.effect("shows hashes when asked", () =>
      Effect.gen(function*() {
        const [entry] = yield* logged(
          Script.reply("abc"),
          Messages.create({ ...question, messages: [{ role: "user", content: "abc" }] }),
          { content: "hash" }
        )

        const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert.strictEqual(entry?.prompt, abc)
        assert.strictEqual(entry?.answer, abc)
      }))

    it.effect("never shows a key, not even hashed or cut short", () =>
      Effect.gen(function*() {
        const padding = "x".repeat(190)
        const asked = { ...question, messages: [{ role: "user", content: `${padding}${key}` }] } as const
        const [preview] = yield* logged(Script.reply(key), Messages.create(asked), { content: "preview" })
        const [hash] = yield* logged(Script.reply("[key]"), Messages.create(asked), { content: "hash" })
        const [same] = yield* logged(Script.reply(key), Messages.create(asked), { content: "hash" })

        assert.strictEqual(preview?.prompt, `${padding}[key]`)
        assert.strictEqual(preview?.answer, "[key]")
        assert.strictEqual(hash?.answer, same?.answer)
      }))
  })

  describe("layerFiles", () => {
    it.effect("appends a line to each file of the day a call began", () =>
      Effect.gen(function*() {
        const { filesOf, root } = yield* temporary
        yield* Effect.gen(function*() {
          yield* TestClock.setTime(Date.UTC(2026, 10, 20, 23, 59, 59))
          yield* Messages.create(question)
          yield* patiently(Messages.create(question))
          yield* Messages.create(question)
        }).pipe(Effect.provide(
          TrafficLog.layerFiles({ directory: `${root}/traffic` }).pipe(
            Layer.provide(scripted(Script.sequence(
              Script.reply(hello),
              Script.reply(hello).pipe(Script.delay("5 seconds")),
              Script.reply(hello)
            )))
          )
        ))

        assert.deepStrictEqual(yield* filesOf("traffic"), [
          ["claude-2026-11-20.jsonl", 2],
          ["claude-2026-11-20.log", 2],
          ["claude-2026-11-21.jsonl", 1],
          ["claude-2026-11-21.log", 1]
        ])
      }).pipe(onDisk))

    it.effect("writes files that only this user can read, and follows no link", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { root } = yield* temporary
        yield* fs.makeDirectory(`${root}/planted`)
        yield* fs.symlink(`${root}/target`, `${root}/planted/claude-1970-01-01.log`)
        const log = (directory: string) =>
          Effect.provide(
            Messages.create(question),
            TrafficLog.layerFiles({ directory, formats: ["log"] }).pipe(Layer.provide(scripted(Script.reply(hello))))
          )
        yield* log(`${root}/a/b`)
        yield* log(`${root}/planted`)

        const modes = yield* Effect.forEach(["a", "a/b", "a/b/claude-1970-01-01.log"], (name) =>
          Effect.map(fs.stat(`${root}/${name}`), ({ mode }) => mode & 0o777))
        assert.deepStrictEqual(modes, [0o700, 0o700, 0o600])
        assert.isFalse(yield* fs.exists(`${root}/target`))
      }).pipe(onDisk))

    it.effect("writes only the formats that are asked for, under the prefix", () =>
      Effect.gen(function*() {
        const { filesOf, root } = yield* temporary
        yield* Effect.provide(
          Messages.create(question),
          TrafficLog.layerFiles({ directory: `${root}/t`, prefix: "app", formats: ["jsonl"] }).pipe(
            Layer.provide(scripted(Script.reply(hello)))
          )
        )

        assert.deepStrictEqual(yield* filesOf("t"), [["app-1970-01-01.jsonl", 1]])
      }).pipe(onDisk))

    it.effect("does not fail a call when the disk does, and says so once until it works again", () =>
      Effect.gen(function*() {
        const warnings: Array<unknown> = []
        const { root } = yield* temporary
        let isFull = true
        const full = Layer.effect(
          FileSystem.FileSystem,
          Effect.map(FileSystem.FileSystem, (fs) => ({
            ...fs,
            open: (...[path, options]: Parameters<typeof fs.open>) =>
              Effect.suspend(() => isFull ? Effect.fail(noSpace(path)) : fs.open(path, options))
          }))
        )
        yield* Effect.gen(function*() {
          yield* Messages.create(question)
          yield* Messages.create(question)
          isFull = false
          yield* Messages.create(question)
          isFull = true
          yield* Messages.create(question)
        }).pipe(
          Effect.provide(
            TrafficLog.layerFiles({ directory: `${root}/t` }).pipe(
              Layer.provide(full),
              Layer.provide(scripted(Script.forever(Script.reply(hello))))
            )
          ),
          Effect.provide(Logger.layer([Logger.make(({ message }) => warnings.push(message))]))
        )

        assert.strictEqual(warnings.length, 2)
        assert.match(String(warnings[0]), /traffic log cannot be written.*no space left/)
      }).pipe(onDisk))
  })
})

const noSpace = (path: string) =>
  PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "open",
    pathOrDescriptor: path,
    description: "no space left"
  })

/** An empty directory, and what is in the directory `name` of it. */
const temporary = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const root = yield* fs.makeTempDirectoryScoped()
  const filesOf = Effect.fnUntraced(function*(name: string) {
    const names = (yield* fs.readDirectory(`${root}/${name}`)).toSorted()
    return yield* Effect.forEach(
      names,
      (file) =>
        Effect.map(fs.readFileString(`${root}/${name}/${file}`), (text) => [file, text.split("\n").length - 1] as const)
    )
  })
  return { root, filesOf }
})

const onDisk = Effect.provide(Layer.merge(NodeFileSystem.layer, NodePath.layer))
