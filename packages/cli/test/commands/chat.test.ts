import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem } from "effect"
import type { Input } from "effect-claude/LineReader"
import { TestClock } from "effect/testing"
import { files, layerFiles, type Options, run } from "../support/cli.ts"

const chat = (typed: ReadonlyArray<string | Input>, options: Options = {}, flags: ReadonlyArray<string> = []) =>
  run(["chat", ...flags], { terminal: true, columns: 200, env: { NO_COLOR: "1" }, typed, ...options })

const ctrlC: Input = { _tag: "Interrupt", cleared: false }

/** The turns of the last request. */
const sent = (ran: { readonly requests: ReadonlyArray<{ readonly body: unknown }> }): ReadonlyArray<unknown> =>
  Object(ran.requests.at(-1)?.body).messages

const words = (turns: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  turns.map((turn) => {
    const { content } = Object(turn)
    return typeof content === "string" ? content : content.map((block: { text?: string }) => block.text).join("")
  })

describe("chat", () => {
  it.effect("sends the conversation along with each turn", () =>
    Effect.gen(function*() {
      const ran = yield* chat(["My name is Ada.", "What is my name?"])

      assert.strictEqual(ran.code, 0)
      assert.include(ran.out, "Your name is Ada.")
      assert.deepStrictEqual(words(sent(ran)), ["My name is Ada.", "Nice to meet you, Ada!", "What is my name?"])
    }))

  it.effect("shows Markdown, and what each answer cost", () =>
    Effect.gen(function*() {
      const { err, out } = yield* chat(["Hi"], { script: Script.reply("**bold** `code`") })

      assert.include(out, "bold code\n")
      assert.match(err, /\d+ tokens in, \d+ out · \$0\.\d+ · \d+ ms/)
    }))

  it.effect("reads a file or a pipe line by line, with nothing but answers on standard output", () =>
    Effect.gen(function*() {
      const { code, out } = yield* chat(["My name is Ada.", "What is my name?"], { terminal: false })

      assert.strictEqual(code, 0)
      assert.strictEqual(out, "Nice to meet you, Ada!\nYour name is Ada.\n")
    }))

  it.effect("tells a script of the first failure, and goes on", () =>
    Effect.gen(function*() {
      const script = Script.sequence(Script.status(400), Script.status(401), Script.reply("three"))
      const failed = yield* chat(["a", "b", "c"], { script, terminal: false })
      const mistaken = yield* chat(["/nope", "Hi"], { terminal: false })
      const cut = yield* chat(["Tell me a story"], { terminal: false }, ["-n", "5"])

      assert.deepStrictEqual([failed.code, mistaken.code, cut.code], [4, 2, 7])
      assert.strictEqual(failed.out, "three\n")
    }))

  it.effect("passes over blank lines, and joins a line that ends in a backslash with the next", () =>
    Effect.gen(function*() {
      const ran = yield* chat(["", "  ", "one \\", "two"], { script: Script.reply("ok") })

      assert.lengthOf(ran.requests, 1)
      assert.deepStrictEqual(words(sent(ran)), ["one \ntwo"])
    }))

  it.effect("goes on after a failure as if the turn had never been", () =>
    Effect.gen(function*() {
      const script = Script.sequence(Script.reply("one"), Script.status(400), Script.reply("three"))
      const ran = yield* chat(["a", "b", "c"], { script })

      assert.strictEqual(ran.code, 0)
      assert.include(ran.err, "InvalidRequestError (HTTP 400)")
      assert.deepStrictEqual(words(sent(ran)), ["a", "one", "c"])
    }))

  it.effect("keeps what was said of an answer that broke off", () =>
    Effect.gen(function*() {
      const script = Script.sequence(
        Script.reply("one two three four five").pipe(Script.cutAfter({ events: 4 })),
        Script.reply("ok")
      )
      const ran = yield* chat(["a", "b"], { script })

      assert.include(ran.err, "StreamTruncatedError")
      const [first, kept, last] = words(sent(ran))
      assert.strictEqual(first, "a")
      assert.isTrue("one two three four five".startsWith(kept!) && kept !== "")
      assert.strictEqual(last, "b")
    }))

  it.effect("says why an answer is not complete", () =>
    Effect.gen(function*() {
      const cut = yield* chat(["Tell me a story"], {}, ["-n", "5"])
      const refused = yield* chat(["Hi"], { script: Script.refusal() })
      const empty = yield* chat(["Hi"], { script: Script.reply("") })

      assert.include(cut.err, "--max-tokens")
      assert.include(refused.err, "declined")
      assert.include(empty.err, "no text")
    }))

  it.effect("warns when the window is nearly full", () =>
    Effect.gen(function*() {
      const reply = (input_tokens: number) =>
        Script.message({ content: [{ type: "text", text: "ok" }], usage: { input_tokens, output_tokens: 10 } })
      const below = yield* chat(["Hi"], { script: reply(169_980) }, ["-m", "claude-haiku-4-5"])
      const above = yield* chat(["Hi"], { script: reply(170_000) }, ["-m", "claude-haiku-4-5"])

      assert.notInclude(below.err, "Soon nothing fits")
      assert.include(above.err, "170,010 of the model's 200,000 tokens (85 %)")
    }))

  describe("thinking", () => {
    const script = Script.forever(Script.thinking("Let me **see**.", "Four."))

    it.effect("is asked for and shown once it is on, and not before or after", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["a", "/thinking on", "b", "/thinking off", "c"], { script })

        assert.deepStrictEqual(
          ran.requests.map(({ body }) => Object(body).thinking),
          [undefined, { type: "adaptive", display: "summarized" }, undefined]
        )
        assert.lengthOf(ran.err.split("Let me see.\n"), 2)
        assert.notInclude(ran.out, "Let me")
        assert.lengthOf(ran.out.split("Four.\n"), 4)
      }))

    it.effect("is shown from the beginning with --thinking, dimmed on a terminal, and once more turns it over", () =>
      Effect.gen(function*() {
        const dimmed = yield* chat(["a", "/thinking", "b"], { script, env: {} }, ["--thinking"])
        const piped = yield* chat(["a"], { script, terminal: false }, ["--thinking"])

        assert.deepStrictEqual(dimmed.requests.map(({ body }) => "thinking" in Object(body)), [true, false])
        assert.include(dimmed.err.replaceAll("\u001b[22m\u001b[2m", ""), "\u001b[2mLet me see.\n")
        assert.strictEqual(piped.out, "Four.\n")
        assert.strictEqual(piped.err, "Let me **see**.\n")
      }))

    it.effect("has a budget on top of the answer's tokens where the model takes no other way", () =>
      Effect.gen(function*() {
        const old = ["--thinking", "-m", "claude-haiku-4-5"]
        const usual = yield* chat(["a"], { script }, old)
        const small = yield* chat(["a"], { script }, [...old, "-n", "100"])
        const unknown = yield* chat(["a"], { script }, ["--thinking", "-m", "claude-of-tomorrow"])

        assert.deepInclude(usual.requests[0]!.body, {
          max_tokens: 6144,
          thinking: { type: "enabled", budget_tokens: 2048 }
        })
        assert.deepInclude(small.requests[0]!.body, {
          max_tokens: 1124,
          thinking: { type: "enabled", budget_tokens: 1024 }
        })
        assert.deepPropertyVal(unknown.requests[0]!.body, "thinking", { type: "adaptive", display: "summarized" })
      }))

    it.effect("is kept with the conversation, and with the model", () =>
      Effect.gen(function*() {
        const { at } = yield* files({})
        yield* chat(["a", `/save ${at("talk.json")}`], { script }, ["--thinking", "-m", "claude-haiku-4-5"])
        const again = yield* chat(["b"], { script, env: { ANTHROPIC_MODEL: "claude-opus-5" } }, ["-l", at("talk.json")])
        const other = yield* chat(["b"], { script }, ["-l", at("talk.json"), "-m", "claude-sonnet-5-5"])
        const fresh = yield* chat(["b"], { script, env: { ANTHROPIC_MODEL: "claude-opus-5" } })

        assert.deepPropertyVal(again.requests[0]!.body, "thinking", { type: "enabled", budget_tokens: 2048 })
        assert.deepStrictEqual(
          [again, other, fresh].map(({ requests }) => Object(requests[0]!.body).model),
          ["claude-haiku-4-5", "claude-sonnet-5-5", "claude-opus-5"]
        )
      }).pipe(Effect.provide(layerFiles)))

    it.effect("wants on or off", () =>
      Effect.gen(function*() {
        const { err } = yield* chat(["/thinking maybe"])

        assert.include(err, "wants on or off")
      }))
  })

  describe("Ctrl-C", () => {
    const story = Script.model().pipe(Script.slow("1 second"))

    const stopped = (typed: ReadonlyArray<string | Input>, at: Effect.Effect<void>, script = story) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(chat(typed, { script, interrupt: at }))
        yield* TestClock.adjust("5 minutes")
        return yield* Fiber.join(fiber)
      })

    it.effect("stops the answer, keeps what was said, and the next turn is accepted", () =>
      Effect.gen(function*() {
        let first = true
        const once = Effect.suspend(() => {
          if (!first) return Effect.never
          first = false
          return Effect.sleep("6 seconds")
        })
        const ran = yield* stopped(["Tell me a story", "My name is Ada."], once)

        assert.strictEqual(ran.code, 0)
        assert.include(ran.err, "What was said so far is kept")
        const [asked, kept, next] = words(sent(ran))
        assert.strictEqual(asked, "Tell me a story")
        assert.isTrue(kept!.startsWith("You asked"), kept)
        assert.strictEqual(next, "My name is Ada.")
        assert.include(ran.out, "Nice to meet you, Ada!")
      }))

    it.effect("leaves nothing behind when nothing was said yet", () =>
      Effect.gen(function*() {
        const ran = yield* stopped(["Tell me a story"], Effect.sleep("100 millis"))

        assert.include(ran.err, "Stopped before anything was said")
        assert.include(ran.err, "0 exchanges")
      }))

    it.effect("leaves at the prompt right after an answer was stopped", () =>
      Effect.gen(function*() {
        const ran = yield* stopped(["Tell me a story", ctrlC, "never asked"], Effect.sleep("6 seconds"))

        assert.strictEqual(ran.code, 0)
        assert.lengthOf(ran.requests, 1)
      }))

    it.effect("leaves when pressed twice at the prompt, and not when pressed once", () =>
      Effect.gen(function*() {
        const twice = yield* chat([ctrlC, ctrlC, "never asked"])
        const once = yield* chat([ctrlC, "Hi", ctrlC, "Hi"])
        const between = yield* chat([ctrlC, "/help", ctrlC, "", ctrlC, "Hi"])

        assert.lengthOf(twice.requests, 0)
        assert.include(twice.err, "Ctrl-C again")
        assert.lengthOf(once.requests, 2)
        assert.lengthOf(between.requests, 1)
      }))

    it.effect("takes back a line without counting", () =>
      Effect.gen(function*() {
        const cleared: Input = { _tag: "Interrupt", cleared: true }
        const ran = yield* Effect.forEach(
          [[cleared, cleared, cleared], [ctrlC, cleared], [cleared, ctrlC]],
          (pressed) => chat([...pressed, "Hi"])
        )

        assert.deepStrictEqual(ran.map(({ requests }) => requests.length), [1, 1, 1])
      }))

    it.effect("takes back the whole of a message of several lines", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["one \\", ctrlC, "two"], { script: Script.reply("ok") })

        assert.deepStrictEqual(words(sent(ran)), ["two"])
      }))
  })

  describe("commands", () => {
    it.effect("lists them all with /help", () =>
      Effect.gen(function*() {
        const { out } = yield* chat(["/help"])

        for (
          const name of [
            "help",
            "system",
            "model",
            "thinking",
            "tokens",
            "cost",
            "save",
            "load",
            "undo",
            "fork",
            "history",
            "clear",
            "quit"
          ]
        ) assert.include(out, `/${name}`)
      }))

    it.effect("leaves with /quit", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["/quit", "Hi"])

        assert.strictEqual(ran.code, 0)
        assert.lengthOf(ran.requests, 0)
      }))

    it.effect("goes on with another model and other instructions", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["Hi", "/model claude-haiku-4-5", "/system Be brief.", "Hi"])
        const plain = yield* chat(["/system none", "Hi"], {}, ["-s", "Be brief."])

        assert.deepInclude(ran.requests[1]!.body, {
          model: "claude-haiku-4-5",
          system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }]
        })
        assert.lengthOf(sent(ran), 3)
        assert.notProperty(plain.requests[0]!.body, "system")
      }))

    it.effect("takes exchanges back with /undo", () =>
      Effect.gen(function*() {
        const one = yield* chat(["a", "b", "/undo", "c"])
        const two = yield* chat(["a", "b", "/undo 2", "c"])
        const none = yield* chat(["/undo", "/undo x", "/undo 0"])

        assert.deepStrictEqual(words(sent(one)).filter((_, i) => i % 2 === 0), ["a", "c"])
        assert.deepStrictEqual(words(sent(two)), ["c"])
        assert.include(none.err, "nothing to take back")
        assert.include(none.err, "/undo wants a number, not x")
        assert.include(none.err, "/undo wants a number, not 0")
      }))

    it.effect("branches with /fork, and keeps the branches apart", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["a", "/fork", "b", "/fork 1", "c", "/fork 2", "d", "/fork 9"])

        const asked = ran.requests.map(({ body }) => words(Object(body).messages).filter((_, i) => i % 2 === 0))
        assert.deepStrictEqual(asked, [["a"], ["a", "b"], ["a", "c"], ["a", "b", "d"]])
        assert.include(ran.err, "There is no branch 9")
      }))

    it.effect("shows how full the window is and what was spent, over all models", () =>
      Effect.gen(function*() {
        const script = Script.forever(Script.message({
          content: [{ type: "text", text: "ok" }],
          usage: { input_tokens: 1000, output_tokens: 500 }
        }))
        const ran = yield* chat(["Hi", "/model claude-haiku-4-5", "Hi", "/tokens", "/cost"], { script })

        assert.include(ran.out, " 0.8 %\n1,500 of 200,000 tokens\n")
        assert.include(ran.out, "2,000 tokens in, 1,000 out")
        assert.match(ran.out, /input +2,000 +\$0\.\d+/)
        assert.match(ran.out, /output +1,000 +\$0\.\d+/)
      }))

    it.effect("saves a conversation, and loads it again", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { at } = yield* files({})
        const file = at("talk.json")
        const saved = yield* chat(["My name is Ada.", "/system Be brief.", `/save ${file}`, `/save ${file}`])
        const { mode } = yield* fs.stat(file)
        const again = yield* chat(["What is my name?"], {}, ["--load", file])
        const inside = yield* chat([`/load ${file}`, "What is my name?", `/save! ${file}`])

        assert.include(saved.err, "exists")
        assert.include(saved.err, "/save!")
        assert.strictEqual(mode & 0o777, 0o600)
        assert.include(again.out, "Your name is Ada.")
        assert.deepPropertyVal(again.requests[0]!.body, "system", [{
          type: "text",
          text: "Be brief.",
          cache_control: { type: "ephemeral" }
        }])
        assert.include(inside.out, "Your name is Ada.")
        assert.include(inside.err, `Written to ${file}`)
      }).pipe(Effect.provide(layerFiles)))

    it.effect("takes ~ for the home directory", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { at, directory } = yield* files({})
        for (const variable of ["HOME", "USERPROFILE"]) {
          const env = { NO_COLOR: "1", [variable]: directory }
          const { err } = yield* chat(["Hi", `/save ~/${variable}.json`, `/load ~/${variable}.json`], { env })

          assert.isTrue(yield* fs.exists(at(`${variable}.json`)))
          assert.include(err, "Going on with")
        }
      }).pipe(Effect.provide(layerFiles)))

    it.effect("loads the turns of a request, and refuses what is none", () =>
      Effect.gen(function*() {
        const { at, paths } = yield* files({
          "turns.json": JSON.stringify([{ role: "user", content: "My name is Ada." }, {
            role: "assistant",
            content: "Hi"
          }]),
          "other.json": JSON.stringify({ a: 1 })
        })
        const ran = yield* chat([`/load ${paths["turns.json"]}`, "What is my name?"])
        const refused = yield* chat([`/load ${paths["other.json"]}`, `/load ${at("absent")}`, "/load", "Hi"])

        assert.include(ran.out, "Your name is Ada.")
        assert.include(refused.err, "not a conversation")
        assert.include(refused.err, "no such file")
        assert.include(refused.err, "/load wants")
        assert.lengthOf(refused.requests, 1)
      }).pipe(Effect.provide(layerFiles)))

    it.effect("shows the conversation with /history", () =>
      Effect.gen(function*() {
        const { out } = yield* chat(["My name is Ada.", "What is my name?", "/history"])

        const exchanges = ["› My name is Ada.\nNice to meet you, Ada!", "› What is my name?\nYour name is Ada."]
        assert.isTrue(out.endsWith(`\n\n${exchanges.join("\n\n")}\n\n`), out)
      }))

    it.effect("begins anew with /clear", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["a", "/clear", "b"])

        assert.deepStrictEqual(words(sent(ran)), ["b"])
      }))

    it.effect("runs commands that were pasted at once one after the other", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["/model claude-haiku-4-5\n/system Be brief.", "Hi"])

        assert.deepInclude(ran.requests[0]!.body, {
          model: "claude-haiku-4-5",
          system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }]
        })
      }))

    it.effect("knows a command from a path", () =>
      Effect.gen(function*() {
        const ran = yield* chat(["/nope", "/help!", "/etc/hosts is what?"])

        assert.include(ran.err, "There is no command /nope")
        assert.include(ran.err, "There is no command /help!")
        assert.lengthOf(ran.requests, 1)
      }))
  })
})
