import * as AtomicFile from "@effect-claude/http/AtomicFile"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FileSystem, Layer } from "effect"
import { TestClock } from "effect/testing"

const inDirectory = <A, E, R>(use: (directory: string, fs: FileSystem.FileSystem) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    return yield* use(yield* fs.makeTempDirectoryScoped(), fs)
  }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer)))

describe("AtomicFile", () => {
  describe("create", () => {
    it.effect("writes a file that only this user can read, and leaves nothing else", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          yield* AtomicFile.create(`${directory}/a`, "é")
          yield* AtomicFile.create(`${directory}/b`, new Uint8Array([1, 2]), { mode: 0o644 })

          assert.strictEqual(yield* fs.readFileString(`${directory}/a`), "é")
          assert.deepStrictEqual([...yield* fs.readFile(`${directory}/b`)], [1, 2])
          assert.strictEqual((yield* fs.stat(`${directory}/a`)).mode & 0o777, 0o600)
          assert.strictEqual((yield* fs.stat(`${directory}/b`)).mode & 0o777, 0o644)
          assert.deepStrictEqual((yield* fs.readDirectory(directory)).toSorted(), ["a", "b"])
        })
      ))

    it.effect("lets one of many writers have a name", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          const exits = yield* Effect.forEach(
            Array.from({ length: 16 }, (_, n) => n),
            (n) => Effect.exit(AtomicFile.create(`${directory}/a`, String(n))),
            { concurrency: "unbounded" }
          )
          const winner = exits.findIndex(Exit.isSuccess)
          const error = yield* Effect.flip(AtomicFile.create(`${directory}/a`, "late"))

          assert.lengthOf(exits.filter(Exit.isSuccess), 1)
          assert.strictEqual(yield* fs.readFileString(`${directory}/a`), String(winner))
          assert.strictEqual(error.reason._tag, "AlreadyExists")
          assert.deepStrictEqual(yield* fs.readDirectory(directory), ["a"])
        })
      ))

    it.effect("does not write through a symbolic link, dangling or not", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          yield* fs.writeFileString(`${directory}/target`, "old")
          yield* fs.symlink(`${directory}/target`, `${directory}/link`)
          yield* fs.symlink(`${directory}/missing`, `${directory}/dangling`)
          const tags = yield* Effect.forEach(["link", "dangling"], (name) =>
            Effect.map(Effect.flip(AtomicFile.create(`${directory}/${name}`, "new")), ({ reason }) =>
              reason._tag))

          assert.deepStrictEqual(tags, ["AlreadyExists", "AlreadyExists"])
          assert.strictEqual(yield* fs.readFileString(`${directory}/target`), "old")
          assert.isFalse(yield* fs.exists(`${directory}/missing`))
        })
      ))

    it.effect("writes by way of another directory where it is given one", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          yield* fs.makeDirectory(`${directory}/sealed`)
          const missing = yield* Effect.exit(
            AtomicFile.create(`${directory}/sealed/a`, "x", { temporary: `${directory}/missing` })
          )

          assert.isTrue(Exit.isFailure(missing))
          assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/sealed`), [])
        })
      ))
  })

  describe("replace", () => {
    it.effect("puts the new file in place of the old one, whole", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          yield* fs.writeFileString(`${directory}/a`, "a longer old text", { mode: 0o644 })
          yield* AtomicFile.replace(`${directory}/a`, "new")

          assert.strictEqual(yield* fs.readFileString(`${directory}/a`), "new")
          assert.strictEqual((yield* fs.stat(`${directory}/a`)).mode & 0o777, 0o600)
          assert.deepStrictEqual(yield* fs.readDirectory(directory), ["a"])
        })
      ))

    it.effect("replaces a symbolic link and leaves its target", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          yield* fs.writeFileString(`${directory}/target`, "old")
          yield* fs.symlink(`${directory}/target`, `${directory}/link`)
          yield* AtomicFile.replace(`${directory}/link`, "new")

          assert.strictEqual(yield* fs.readFileString(`${directory}/target`), "old")
          assert.strictEqual(yield* fs.readFileString(`${directory}/link`), "new")
        })
      ))

    it.effect("keeps the old file when the write fails, and leaves nothing behind", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          yield* fs.makeDirectory(`${directory}/a`)
          yield* fs.writeFileString(`${directory}/a/inside`, "old")
          const exit = yield* Effect.exit(AtomicFile.replace(`${directory}/a`, "new"))

          assert.isTrue(Exit.isFailure(exit))
          assert.deepStrictEqual(yield* fs.readDirectory(directory), ["a"])
        })
      ))
  })

  describe("makeDirectory", () => {
    it.effect("closes a directory to others, new or not", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          yield* fs.makeDirectory(`${directory}/open`, { mode: 0o755 })
          yield* AtomicFile.makeDirectory(`${directory}/open`)
          yield* AtomicFile.makeDirectory(`${directory}/x/y`)
          const modes = yield* Effect.forEach(
            ["open", "x", "x/y"],
            (name) => Effect.map(fs.stat(`${directory}/${name}`), ({ mode }) => mode & 0o777)
          )

          assert.deepStrictEqual(modes, [0o700, 0o700, 0o700])
        })
      ))
  })

  describe("removeStale", () => {
    it.effect("removes what killed writers left, once it is old, and nothing else", () =>
      inDirectory((directory, fs) =>
        Effect.gen(function*() {
          for (const name of [".writing-old", ".writing-new", "mine"]) yield* fs.makeDirectory(`${directory}/${name}`)
          yield* fs.writeFileString(`${directory}/.writing-old/a`, "half")
          yield* fs.writeFileString(`${directory}/.writing-file`, "a file")
          for (const name of [".writing-old", ".writing-file", "mine"]) {
            yield* fs.utimes(`${directory}/${name}`, new Date(0), new Date(0))
          }
          yield* TestClock.setTime(3_600_001)
          yield* AtomicFile.removeStale(directory)
          yield* AtomicFile.removeStale(`${directory}/missing`)

          assert.deepStrictEqual((yield* fs.readDirectory(directory)).toSorted(), [
            ".writing-file",
            ".writing-new",
            "mine"
          ])
        })
      ))
  })
})
