import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { files, layerFiles, run } from "../support/cli.ts"

/** Runs to the end while time passes. Files are read in real time, so time passes bit by bit. */
const hour = (args: ReadonlyArray<string>, options: Parameters<typeof run>[1] = {}) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(run(args, options))
    while (fiber.pollUnsafe() === undefined) {
      yield* TestClock.adjust("10 seconds")
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }
    return yield* Fiber.join(fiber)
  })

describe("models", () => {
  it.effect("lists the catalogue without a key, one line a model", () =>
    Effect.gen(function*() {
      const { code, out, requests } = yield* run(["models"])

      assert.strictEqual(code, 0)
      assert.lengthOf(requests, 0)
      for (const { id } of ModelCatalog.released.models) assert.include(out, id)
      assert.match(out, /claude-haiku-4-5 +200k +64k +1\.00 +0\.10 +5\.00/)
    }))

  it.effect("says which are being retired, and which were", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 5, 14))
      const before = yield* run(["models"])
      yield* TestClock.setTime(Date.UTC(2026, 5, 15))
      const after = yield* run(["models"])

      assert.match(before.out, /claude-opus-4 .*retires 2026-06-15: use claude-opus-5-5/)
      assert.match(after.out, /claude-opus-4 .*retired 2026-06-15/)
    }))

  it.effect("asks the API with --live", () =>
    Effect.gen(function*() {
      const { out, requests } = yield* run(["models", "--live", "--json"])

      assert.strictEqual(requests[0]!.path, "/v1/models")
      assert.isAbove(JSON.parse(out).length, 3)
    }))

  it.effect("shows all that is known of one, by any of its ids", () =>
    Effect.gen(function*() {
      const { out } = yield* run(["models", "claude-haiku-4-5-20251001"])
      const unknown = yield* run(["models", "claude-nope"])

      assert.match(out, /window +200,000 tokens/)
      assert.include(out, "$1.00 in")
      assert.strictEqual(unknown.code, 2)
      assert.include(unknown.err, "not in the catalogue")
    }))
})

describe("count", () => {
  it.effect("lets the API count, and prices the prompt", () =>
    Effect.gen(function*() {
      const { out, requests } = yield* run(["count", "Why is the sky blue?", "-m", "claude-haiku-4-5", "--json"])

      assert.strictEqual(requests[0]!.path, "/v1/messages/count_tokens")
      assert.notProperty(requests[0]!.body, "max_tokens")
      const { context_window, input_tokens, usd } = JSON.parse(out)
      assert.isAbove(input_tokens, 4)
      assert.closeTo(usd, input_tokens / 1_000_000, 1e-12)
      assert.strictEqual(context_window, 200_000)
    }))

  it.effect("estimates without asking anybody, and says how far off it may be", () =>
    Effect.gen(function*() {
      const { out, requests } = yield* run(["count", "-e", "Why is the sky blue?"])

      assert.lengthOf(requests, 0)
      assert.match(out, /tokens +about \d+, give or take \d+/)
    }))

  it.effect("warns of a prompt that nearly fills the window", () =>
    Effect.gen(function*() {
      const { err } = yield* run(["count", "-e", "-m", "claude-haiku-4-5"], { stdin: "word ".repeat(200_000) })
      const small = yield* run(["count", "-e", "-m", "claude-haiku-4-5"], { stdin: "word" })

      assert.match(err, /\d+ % of the model's window/)
      assert.strictEqual(small.err, "")
    }))

  it.effect("names what only the API can count", () =>
    Effect.gen(function*() {
      const { err } = yield* run(["count", "-e", "--pdf", "https://x.y/z.pdf", "Read"])

      assert.include(err, "Only the API can count")
    }))
})

describe("batch", () => {
  const lines = [
    "What is 2 + 2?",
    JSON.stringify("A prompt as JSON"),
    JSON.stringify({ model: "claude-opus-5-5", max_tokens: 5, messages: [{ role: "user", content: "a" }] }),
    JSON.stringify({
      custom_id: "mine",
      params: { model: "claude-haiku-4-5", max_tokens: 5, messages: [{ role: "user", content: "b" }] }
    })
  ].join("\n")

  describe("submit", () => {
    it.effect("makes a request of each line, and prints the id", () =>
      Effect.gen(function*() {
        const { paths } = yield* files({ "in.txt": `${lines}\n\n` })
        const { code, err, out, requests } = yield* run(["batch", "submit", paths["in.txt"]!, "-s", "Be brief."])

        assert.strictEqual(code, 0)
        const sent = Object(requests[0]!.body).requests
        assert.deepStrictEqual(sent.map((each: { custom_id: string }) => each.custom_id), [
          "line-1",
          "line-2",
          "line-3",
          "mine"
        ])
        assert.deepStrictEqual(sent[0].params, {
          model: "claude-sonnet-5-5",
          max_tokens: 4096,
          system: "Be brief.",
          messages: [{ role: "user", content: "What is 2 + 2?" }]
        })
        assert.deepStrictEqual(sent[1].params.messages, [{ role: "user", content: "A prompt as JSON" }])
        assert.strictEqual(sent[2].params.model, "claude-opus-5-5")
        assert.match(out, /^msgbatch_\w+\n$/)
        assert.include(err, "4 requests submitted")
      }).pipe(Effect.provide(layerFiles)))

    it.effect("waits and prints the results as JSON lines, with what they cost", () =>
      Effect.gen(function*() {
        const { paths } = yield* files({ "in.txt": lines })
        const { code, err, out } = yield* hour(["batch", "submit", paths["in.txt"]!, "--wait"])

        assert.strictEqual(code, 0)
        const results = out.trim().split("\n").map((line) => JSON.parse(line))
        assert.deepStrictEqual(results.map(({ custom_id }) => custom_id).toSorted(), [
          "line-1",
          "line-2",
          "line-3",
          "mine"
        ])
        assert.match(err, /4 succeeded · \$0\.\d+/)
      }).pipe(Effect.provide(layerFiles)))

    it.effect("shows a bar and short answers on a terminal", () =>
      Effect.gen(function*() {
        const { paths } = yield* files({ "in.txt": "What is 2 + 2?" })
        const { err, out } = yield* hour(["batch", "submit", paths["in.txt"]!, "--wait"], {
          terminal: true,
          env: { NO_COLOR: "1" }
        })

        assert.include(err, "█ 100%  1 of 1 · ended")
        assert.strictEqual(out, "line-1  2 + 2 = 4\n")
      }).pipe(Effect.provide(layerFiles)))

    it.effect("writes the results to a file", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { at, paths } = yield* files({ "in.txt": "a\nb" })
        const { out } = yield* hour(["batch", "submit", paths["in.txt"]!, "--wait", "--out", at("out.jsonl")])

        assert.strictEqual(out, "")
        assert.lengthOf((yield* fs.readFileString(at("out.jsonl"))).trim().split("\n"), 2)
      }).pipe(Effect.provide(layerFiles)))

    it.effect("exits with 7 when not every request was answered", () =>
      Effect.gen(function*() {
        const bad = JSON.stringify({ model: "claude-nope", max_tokens: 5, messages: [{ role: "user", content: "a" }] })
        const { paths } = yield* files({ "in.txt": `fine\n${bad}` })
        const { code, err } = yield* hour(["batch", "submit", paths["in.txt"]!, "--wait"])

        assert.strictEqual(code, 7)
        assert.include(err, "1 succeeded, 1 errored")
      }).pipe(Effect.provide(layerFiles)))

    it.effect("takes requests from standard input as well", () =>
      Effect.gen(function*() {
        const { code, err, requests } = yield* run(["batch", "submit", "-"], { stdin: "What is 1 + 1?\n" })

        assert.strictEqual(code, 0)
        assert.include(err, ": 1 request submitted")
        assert.deepStrictEqual(
          Object(requests[0]?.body).requests.map(({ params }: { params: { messages: unknown } }) => params.messages),
          [[{ role: "user", content: "What is 1 + 1?" }]]
        )
      }))

    it.effect("names the line that is no request, and sends nothing", () =>
      Effect.gen(function*() {
        const { paths } = yield* files({ "bad.jsonl": "fine\n{\"a\":1}", "empty.txt": "\n" })
        const bad = yield* run(["batch", "submit", paths["bad.jsonl"]!])
        const empty = yield* run(["batch", "submit", paths["empty.txt"]!])

        assert.include(bad.err, "Line 2")
        assert.include(empty.err, "no requests")
        assert.deepStrictEqual([bad.code, empty.code, bad.requests.length], [2, 2, 0])
      }).pipe(Effect.provide(layerFiles)))
  })

  it.effect("says of a batch that is not there", () =>
    Effect.gen(function*() {
      for (const verb of ["status", "results", "cancel"]) {
        const { code, err } = yield* run(["batch", verb, "msgbatch_nope"])

        assert.strictEqual(code, 4)
        assert.include(err, "NotFoundError")
      }
    }))

  it.effect("lists none where there are none", () =>
    Effect.gen(function*() {
      const { out } = yield* run(["batch", "list"])

      assert.strictEqual(out, "No batches.\n")
    }))
})

describe("files", () => {
  it.effect("uploads a file and prints its id", () =>
    Effect.gen(function*() {
      const { paths } = yield* files({ "note.txt": "hello" })
      const { code, out, requests } = yield* run(["files", "upload", paths["note.txt"]!])

      assert.strictEqual(code, 0)
      assert.match(out, /^file_\w+\n$/)
      assert.strictEqual(requests[0]!.path, "/v1/files")
      assert.include(JSON.stringify(requests[0]!.body), "text/plain")
    }).pipe(Effect.provide(layerFiles)))

  it.effect("lists none where there are none, and says of one that is not there", () =>
    Effect.gen(function*() {
      const none = yield* run(["files", "list"])
      const absent = yield* run(["files", "get", "file_nope"])

      assert.strictEqual(none.out, "No files.\n")
      assert.strictEqual(absent.code, 4)
    }))

  it.effect("downloads under a name that leads nowhere else", () =>
    Effect.gen(function*() {
      const { at, paths } = yield* files({ "there.txt": "mine" })
      const metadata = {
        id: "file_1",
        type: "file",
        filename: "../../evil.txt",
        mime_type: "text/plain",
        size_bytes: 5,
        created_at: "2026-11-20T00:00:00Z",
        downloadable: true
      }
      const script = Script.sequence(
        Script.garbage({ body: JSON.stringify(metadata) }),
        Script.garbage({ body: "hello", contentType: "text/plain" })
      )
      const nameless = Script.garbage({ body: JSON.stringify({ ...metadata, filename: "../../.." }) })
      const nowhere = yield* run(["files", "download", "file_1"], { script: nameless })
      const kept = yield* run(["files", "download", "file_1", "--out", paths["there.txt"]!], { script })
      const written = yield* run(["files", "download", "file_1", "--out", at("new.txt")], { script })
      const fs = yield* FileSystem.FileSystem

      assert.strictEqual(nowhere.code, 2)
      assert.include(nowhere.err, "cannot be used here")
      assert.strictEqual(kept.code, 2)
      assert.strictEqual(yield* fs.readFileString(paths["there.txt"]!), "mine")
      assert.strictEqual(written.code, 0)
      assert.strictEqual(yield* fs.readFileString(at("new.txt")), "hello")
    }).pipe(Effect.provide(layerFiles)))
})
