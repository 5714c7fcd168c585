import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { files, layerFiles, run } from "../support/cli.ts"

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0])

describe("ask", () => {
  it.effect("prints the answer and nothing else on standard output", () =>
    Effect.gen(function*() {
      const ran = yield* run(["ask", "Hi"], { script: Script.reply("Hello **you**.") })

      assert.strictEqual(ran.code, 0)
      assert.strictEqual(ran.out, "Hello **you**.\n")
      assert.strictEqual(ran.err, "")
    }))

  it.effect("asks what the arguments say, with what comes on standard input", () =>
    Effect.gen(function*() {
      const [both, piped] = yield* Effect.all([
        run(["ask", "Review", "this"], { stdin: "diff --git\n", script: Script.reply("ok") }),
        run(["ask"], { stdin: "What now?", script: Script.reply("ok") })
      ])

      assert.deepPropertyVal(both.requests[0]!.body, "messages", [{
        role: "user",
        content: "Review this\n\ndiff --git\n"
      }])
      assert.deepPropertyVal(piped.requests[0]!.body, "messages", [{ role: "user", content: "What now?" }])
    }))

  it.effect("puts the flags where the API has them", () =>
    Effect.gen(function*() {
      const { requests } = yield* run(
        ["ask", "Hi", "--model", "claude-haiku-4-5", "--system", "Be brief.", "-n", "7", "-t", "0.5"],
        { script: Script.reply("ok") }
      )

      assert.deepInclude(requests[0]!.body, {
        model: "claude-haiku-4-5",
        system: "Be brief.",
        max_tokens: 7,
        temperature: 0.5
      })
    }))

  it.effect("takes the model from the environment when none is named", () =>
    Effect.gen(function*() {
      const named = yield* run(["ask", "Hi"], {
        env: { ANTHROPIC_MODEL: "claude-opus-5-5" },
        script: Script.reply("ok")
      })
      const usual = yield* run(["ask", "Hi"], { script: Script.reply("ok") })

      assert.propertyVal(named.requests[0]!.body, "model", "claude-opus-5-5")
      assert.propertyVal(usual.requests[0]!.body, "model", "claude-sonnet-5-5")
      assert.propertyVal(usual.requests[0]!.body, "max_tokens", 4096)
    }))

  it.effect("shows Markdown and what it cost on a terminal", () =>
    Effect.gen(function*() {
      const { err, out } = yield* run(["ask", "Hi"], {
        terminal: true,
        env: { NO_COLOR: "1" },
        script: Script.message({
          content: [{ type: "text", text: "**Hello**" }],
          usage: { input_tokens: 1000, output_tokens: 500 }
        })
      })

      // What says that something is waited for is gone when it comes.
      assert.strictEqual(out, "…\r\u001b[KHello\n")
      assert.match(err, /claude-sonnet-5-5 · 1,000 tokens in, 500 out · \$0\.\d+ · \d+ ms · end_turn/)
    }))

  it.effect("says nothing of the cost when told to be quiet", () =>
    Effect.gen(function*() {
      const { err } = yield* run(["ask", "Hi", "-q"], { terminal: true, script: Script.reply("ok") })

      assert.strictEqual(err, "")
    }))

  it.effect("prints the whole message with --json", () =>
    Effect.gen(function*() {
      const { out } = yield* run(["ask", "Hi", "--json"], { script: Script.reply("Hello") })

      const message = JSON.parse(out)
      assert.strictEqual(message.type, "message")
      assert.deepStrictEqual(message.content, [{ type: "text", text: "Hello" }])
    }))

  it.effect("prints the request and sends nothing with --dry-run", () =>
    Effect.gen(function*() {
      const { out, requests } = yield* run(["ask", "Hi", "--dry-run"])

      assert.deepStrictEqual(JSON.parse(out).messages, [{ role: "user", content: "Hi" }])
      assert.lengthOf(requests, 0)
    }))

  it.effect("asks for JSON that matches a schema", () =>
    Effect.gen(function*() {
      const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] }
      const { paths } = yield* files({ "schema.json": JSON.stringify(schema) })
      const { requests } = yield* run(["ask", "Hi", "--schema", paths["schema.json"]!], { script: Script.reply("{}") })

      assert.deepPropertyVal(requests[0]!.body, "output_config", {
        format: { type: "json_schema", schema: { ...schema, additionalProperties: false } }
      })
    }).pipe(Effect.provide(layerFiles)))

  it.effect("warns about what structured output cannot express of a schema", () =>
    Effect.gen(function*() {
      const schema = { type: "object", additionalProperties: { type: "number" } }
      const { paths } = yield* files({ "schema.json": JSON.stringify(schema), "list.json": "[]" })
      const run1 = yield* run(["ask", "Hi", "--schema", paths["schema.json"]!], { script: Script.reply("{}") })
      const run2 = yield* run(["ask", "Hi", "--schema", paths["list.json"]!], { script: Script.reply("{}") })

      assert.include(run1.err, "schema.json")
      assert.strictEqual(run2.code, 2)
      assert.lengthOf(run2.requests, 0)
    }).pipe(Effect.provide(layerFiles)))

  it.effect("attaches images and documents, told by their content", () =>
    Effect.gen(function*() {
      const { paths } = yield* files({ "plot.dat": png, "paper.dat": "%PDF-1.7 …" })
      const { requests } = yield* run(
        [
          "ask",
          "Look",
          "--image",
          paths["plot.dat"]!,
          "--image",
          "https://x.y/z.png",
          "--image",
          "file_1",
          "--pdf",
          paths["paper.dat"]!
        ],
        { script: Script.reply("ok") }
      )

      const [turn] = Object(requests[0]!.body).messages
      assert.deepStrictEqual(turn.content.map((block: { type: string }) => block.type), [
        "image",
        "image",
        "image",
        "document",
        "text"
      ])
      assert.strictEqual(turn.content[0].source.media_type, "image/png")
      assert.deepStrictEqual(turn.content[1].source, { type: "url", url: "https://x.y/z.png" })
      assert.deepStrictEqual(turn.content[2].source, { type: "file", file_id: "file_1" })
    }).pipe(Effect.provide(layerFiles)))

  it.effect("refuses files that are not what they are given as", () =>
    Effect.gen(function*() {
      const { at, paths } = yield* files({
        "text.png": "no image",
        "doc.png": "%PDF-1.7",
        "song.webp": "RIFF....WAVE",
        "bad.json": "{"
      })
      const cases = [
        [["--image", paths["text.png"]!], "not an image"],
        [["--image", paths["doc.png"]!], "use --pdf"],
        [["--image", paths["song.webp"]!], "not an image"],
        [["--pdf", paths["text.png"]!], "is not a PDF"],
        [["--schema", paths["bad.json"]!], "is not JSON"],
        [["--image", at("absent.png")], "there is no such file"]
      ] as const
      for (const [flags, words] of cases) {
        const { code, err, requests } = yield* run(["ask", "Look", ...flags], { columns: 500 })

        assert.strictEqual(code, 2)
        assert.include(err, words)
        assert.lengthOf(requests, 0)
      }
    }).pipe(Effect.provide(layerFiles)))

  it.effect("lets the model think first with --thinking, and says what it thought on standard error", () =>
    Effect.gen(function*() {
      const script = Script.forever(Script.thinking("Two and two.", "Four."))
      const thought = yield* run(["ask", "2 + 2?", "--thinking", "-q"], { script })
      const old = yield* run(["ask", "2 + 2?", "--thinking", "-m", "claude-haiku-4-5", "--dry-run"])
      const without = yield* run(["ask", "2 + 2?"], { script })

      assert.strictEqual(thought.out, "Four.\n")
      assert.strictEqual(thought.err, "Two and two.\n")
      assert.deepPropertyVal(thought.requests[0]!.body, "thinking", { type: "adaptive", display: "summarized" })
      assert.deepInclude(JSON.parse(old.out), {
        max_tokens: 6144,
        thinking: { type: "enabled", budget_tokens: 2048 }
      })
      assert.strictEqual(without.err, "")
      assert.notProperty(without.requests[0]!.body, "thinking")
    }))

  it.effect("wants a question", () =>
    Effect.gen(function*() {
      const { code, err } = yield* run(["ask"], { stdin: "  \n" })

      assert.strictEqual(code, 2)
      assert.include(err, "There is nothing to ask")
    }))

  it.effect("exits with 0 when nothing was asked for but to cache the prompt", () =>
    Effect.gen(function*() {
      const warmed = yield* run(["ask", "Hi", "-n", "0"], { script: Script.model() })

      assert.strictEqual(warmed.code, 0)
      assert.notInclude(warmed.err, "cut")
    }))

  it.effect("exits with 7 and says why when the answer is cut or refused", () =>
    Effect.gen(function*() {
      const cut = yield* run(["ask", "Tell me a story", "-n", "5"])
      const refused = yield* run(["ask", "Hi"], { script: Script.refusal("not that") })

      assert.strictEqual(cut.code, 7)
      assert.include(cut.err, "--max-tokens")
      assert.strictEqual(refused.code, 7)
      assert.include(refused.err, "declined to answer (not that)")
    }))

  it.effect("keeps what arrived of a broken answer, and says what broke", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run(["ask", "Hi"], {
        script: Script.reply("Half of what was to come").pipe(Script.cutAfter({ events: 4 }))
      })

      assert.strictEqual(code, 6)
      assert.isTrue(out.startsWith("Half") && out.endsWith("\n"), out)
      assert.include(err, "StreamTruncatedError")
    }))

  it.effect("has an exit code, words and a remedy for every status", () =>
    Effect.gen(function*() {
      const expected = [[400, 4], [401, 3], [402, 3], [403, 3], [404, 4], [405, 4], [409, 4], [413, 4], [
        422,
        4
      ]] as const
      for (const [status, code] of expected) {
        const ran = yield* run(["ask", "Hi"], { script: Script.status(status) })

        assert.strictEqual(ran.code, code, String(status))
        assert.include(ran.err, `(HTTP ${status})`)
        assert.include(ran.err, "→ ")
        assert.strictEqual(ran.out, "")
      }
    }))

  it.effect("says on standard error what it waits for, and tries again", () =>
    Effect.gen(function*() {
      const script = Script.sequence(Script.status(529), Script.reply("at last"))
      const fiber = yield* Effect.forkChild(run(["ask", "Hi"], { script }))
      yield* TestClock.adjust("1 minute")
      const { code, err, out } = yield* Fiber.join(fiber)

      assert.strictEqual(code, 0)
      assert.strictEqual(out, "at last\n")
      assert.match(err, /^↻ OverloadedError \(529\): trying again in .+, retry 1\n$/)
    }))

  it.effect("exits with 5 when trying again did not help", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(run(["ask", "Hi"], { script: Script.forever(Script.status(529)) }))
      yield* TestClock.adjust("10 minutes")
      const { code, requests } = yield* Fiber.join(fiber)

      assert.strictEqual(code, 5)
      assert.isAbove(requests.length, 3)
    }))

  it.effect("gives up sooner when somebody watches", () =>
    Effect.gen(function*() {
      const script = Script.forever(Script.status(529))
      const fiber = yield* Effect.forkChild(run(["ask", "Hi"], { script, terminal: true }))
      yield* TestClock.adjust("10 minutes")
      const { requests } = yield* Fiber.join(fiber)

      assert.lengthOf(requests, 3)
    }))

  it.effect("never shows the key", () =>
    Effect.gen(function*() {
      for (const script of [Script.status(401), Script.status(400), Script.garbage(), Script.reply("ok")]) {
        const ran = yield* run(["ask", "Hi", "--json"], { script, terminal: true })

        assert.notInclude(ran.out + ran.err, "never-shown")
      }
    }))
})
