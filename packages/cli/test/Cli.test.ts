import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FileSystem, Option, PlatformError } from "effect"
import * as ExitCode from "effect-claude/ExitCode"
import * as Files from "effect-claude/Files"
import * as Render from "effect-claude/Render"
import * as Report from "effect-claude/Report"
import * as Style from "effect-claude/Style"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { files, layerFiles, run } from "./support/cli.ts"

const commands = [
  "chat",
  "ask",
  "demo",
  "explain",
  "models",
  "count",
  "batch",
  "files",
  "doctor",
  "log",
  "replay",
  "cert"
]

describe("Cli", () => {
  describe("run", () => {
    it.effect("shows every command, every global flag and every exit code without arguments", () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* run([], { columns: 100 })

        assert.strictEqual(code, 0)
        assert.strictEqual(err, "")
        for (const command of commands) assert.match(out, new RegExp(`^  ${command} `, "m"))
        for (const flag of ["offline", "proxy", "ca", "base-url", "traffic-log", "completions"]) {
          assert.include(out, `--${flag}`)
        }
        for (const [exitCode, meaning] of ExitCode.meanings) assert.include(out, `${exitCode}`.padEnd(5) + meaning)
      }))

    it.effect("fits its help to the screen", () =>
      Effect.gen(function*() {
        for (const columns of [40, 60, 80]) {
          for (const command of [[], ...commands.map((name) => [name])]) {
            const { out } = yield* run([...command, "--help"], { columns })

            for (const line of out.split("\n")) {
              // Commands are shown as they are to be typed.
              if (!line.startsWith("  effect-claude") && !line.includes(" | ")) assert.isAtMost(line.length, columns)
            }
          }
        }
      }))

    it.effect("shows the help of each command with examples", () =>
      Effect.gen(function*() {
        for (const command of commands) {
          const { code, out } = yield* run([command, "--help"])

          assert.strictEqual(code, 0, command)
          assert.include(out, `effect-claude ${command}`)
        }
      }))

    it.effect("says its version", () =>
      Effect.gen(function*() {
        const { out } = yield* run(["--version"])

        assert.strictEqual(out, "effect-claude 1.2.3\n")
      }))

    it.effect("answers a mistake with a sentence on standard error, not a screen of help", () =>
      Effect.gen(function*() {
        for (
          const args of [["nope"], ["ask", "--nope"], ["ask", "Hi", "-n", "many"], ["cert", "der-to-pem"], ["log"]]
        ) {
          const { code, err, out } = yield* run(args)

          assert.strictEqual(code, 2, args.join(" "))
          assert.strictEqual(out, "")
          assert.isAtMost(err.trim().split("\n").length, 3)
          assert.include(err, "--help")
        }
      }))

    it.effect("prints completions for each shell", () =>
      Effect.gen(function*() {
        for (const shell of ["bash", "zsh", "fish", "powershell"]) {
          const { code, out } = yield* run(["--completions", shell])

          assert.strictEqual(code, 0)
          for (const word of ["der-to-pem", "offline", "traffic-log", "claude-haiku-4-5", "OverloadedError"]) {
            assert.include(out, word, shell)
          }
          assert.notInclude(out, "no-help")
        }
      }))

    it.effect("prints completions that Bash can use", () =>
      Effect.gen(function*() {
        const { out } = yield* run(["--completions", "bash"])
        const { paths } = yield* files({ "completions": out, "picture.png": "" })
        const complete = (...words: ReadonlyArray<string>) =>
          spawnSync(
            "bash",
            [
              "--norc",
              "-c",
              `cd "$1"; . ./completions; shift; COMP_LINE="$*"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
              _effect_claude "$1" "\${!#}"
              printf '%s\\n' "\${COMPREPLY[@]}"`,
              "bash",
              Path.dirname(paths["completions"]!),
              "effect-claude",
              ...words
            ],
            { encoding: "utf8" }
          ).stdout.trim().split(/\s+/)

        assert.deepStrictEqual(complete("ba"), ["batch"])
        assert.deepStrictEqual(complete("batch", "s"), ["submit", "status"])
        assert.deepStrictEqual(complete("cert", "der-to-pem", "--off"), ["--offline"])
        assert.deepStrictEqual(complete("ask", "--image", "pic"), ["picture.png"])
        assert.deepStrictEqual(complete("explain", "Overl"), ["OverloadedError"])
        assert.include(complete("chat", "--model", "claude-h"), "claude-haiku-4-5")
        assert.deepStrictEqual(complete("demo", "breaker"), ["breaker"])
      }).pipe(Effect.provide(layerFiles)))

    it.effect("takes the flags of the connection anywhere on the line", () =>
      Effect.gen(function*() {
        const flags = ["--offline", "--proxy", "http://p:1", "--ca", "c.pem", "--base-url", "https://x.y"]
        const before = yield* run([...flags, "ask", "Hi"], { script: Script.reply("ok") })
        const after = yield* run(["ask", "Hi", ...flags], { script: Script.reply("ok") })
        const none = yield* run(["ask", "Hi"], { script: Script.reply("ok") })

        const target = {
          offline: true,
          proxy: Option.some("http://p:1"),
          ca: Option.some("c.pem"),
          baseUrl: Option.some("https://x.y")
        }
        assert.deepStrictEqual(before.targets, [target])
        assert.deepStrictEqual(after.targets, [target])
        assert.deepStrictEqual(none.targets, [{
          offline: false,
          proxy: Option.none(),
          ca: Option.none(),
          baseUrl: Option.none()
        }])
      }))

    it.effect("says on standard error when it is offline, and only then", () =>
      Effect.gen(function*() {
        const offline = yield* run(["ask", "Hi", "--offline"], { script: Script.reply("ok") })
        const online = yield* run(["ask", "Hi"], { script: Script.reply("ok") })

        assert.include(offline.err, "offline")
        assert.notInclude(offline.out, "offline")
        assert.strictEqual(online.err, "")
      }))

    it.effect("colours on a terminal, and not for NO_COLOR, TERM=dumb or a pipe", () =>
      Effect.gen(function*() {
        const has = (options: Parameters<typeof run>[1]) =>
          Effect.map(run(["explain", "429"], options), ({ out }) => out.includes("\u001b["))

        assert.isTrue(yield* has({ terminal: true }))
        assert.isFalse(yield* has({ terminal: true, env: { NO_COLOR: "1" } }))
        assert.isFalse(yield* has({ terminal: true, env: { TERM: "dumb" } }))
        assert.isFalse(yield* has({}))
        assert.isTrue(yield* has({ env: { FORCE_COLOR: "1" } }))
        assert.isFalse(yield* has({ env: { FORCE_COLOR: "0" } }))
      }))
  })

  describe("README", () => {
    it("lists the exit codes as they are", () => {
      const readme = Fs.readFileSync(Path.join(import.meta.dirname, "../README.md"), "utf8")

      for (const [code, meaning] of ExitCode.meanings) {
        assert.match(readme, new RegExp(`^\\| ${code} +\\| ${meaning.replace(/[()]/g, "\\$&")} +\\|$`, "m"))
      }
    })
  })
})

describe("Render", () => {
  it("writes numbers, money, times and sizes as a person reads them", () => {
    assert.deepStrictEqual([0, 999, 1000, 1_234_567].map(Render.count), ["0", "999", "1,000", "1,234,567"])
    assert.deepStrictEqual(
      [999, 1000, 1500, 64_000, 999_999, 1_000_000, 1_500_000].map(Render.short),
      ["999", "1k", "1.5k", "64k", "1M", "1M", "1.5M"]
    )
    assert.deepStrictEqual(
      [0, 0.000_01, 0.01, 0.5, 1, 12.345].map(Render.money),
      ["$0", "$0.00001", "$0.0100", "$0.5000", "$1.00", "$12.35"]
    )
    assert.deepStrictEqual(
      [0, 999, 999.9, 1234, 30_000, 59_940, 59_990, 119_900, 3_599_900, 90_000_000, 172_800_000].map((millis) =>
        Render.duration(Duration.millis(millis))
      ),
      [
        "0 ms",
        "999 ms",
        "1 s",
        "1.2 s",
        "30 s",
        "59.9 s",
        "1 min 0 s",
        "2 min 0 s",
        "1 h 0 min",
        "25 h 0 min",
        "2 days"
      ]
    )
    assert.deepStrictEqual([0, 1023, 1024, 1024 * 1024].map(Render.bytes), ["0 B", "1023 B", "1 KB", "1 MB"])
  })
})

describe("Report", () => {
  describe("ofClaudeError", () => {
    it("has words, a remedy and a code for every error there is, as the guide says", () => {
      for (const [tag, code] of Object.entries(ExitCode.byTag)) {
        const explanation = Option.getOrThrow(ErrorGuide.explain(tag))
        // What the API cannot be blamed for is nobody's to wait out.
        if (explanation.retryable) assert.include([5, 6], code, tag)
        assert.include([1, 3, 4, 5, 6], code, tag)
      }
    })

    it("quotes the request id and the wait where the message does not", () => {
      const error = new ClaudeError.OverloadedError({
        message: "busy",
        outcome: "rejected",
        requestId: "req_9",
        status: 529
      })
      const shown = Report.show(Report.ofClaudeError(error), 80, Style.plain)

      assert.include(shown, "✗ OverloadedError (HTTP 529)")
      assert.include(shown, "request id: req_9")
      assert.include(shown, "worth a retry: yes")
      assert.include(shown, "effect-claude explain OverloadedError")
    })

    it("says what to do once, and the status and the request id once", () => {
      for (const status of [400, 401, 404, 429, 529]) {
        const text = `{"type":"error","error":{"type":"x","message":"Because"},"request_id":"req_1"}`
        const error = ErrorResponse.toError({ status, headers: {}, text, now: 0 })
        const shown = Report.show(Report.ofClaudeError(error), 500, Style.plain)

        assert.include(shown, `✗ ${error._tag} (HTTP ${status})\n  x: Because\n  → `)
        assert.lengthOf(shown.split("req_1"), 2)
        assert.lengthOf(shown.split("HTTP"), 2)
        assert.notInclude(shown, " — ")
      }
      const refused = new ClaudeError.ConnectionError({
        phase: "connect",
        outcome: "notSent",
        message: "No. Check it."
      })
      const lost = new ClaudeError.ConnectionError({ phase: "headers", outcome: "unknown", message: "Lost." })

      assert.isUndefined(Report.ofClaudeError(refused).remedy)
      assert.isDefined(Report.ofClaudeError(lost).remedy)
    })

    it("lets no server write to the terminal", () => {
      const error = new ClaudeError.ApiError({ message: "a\u001b[2Jb", outcome: "unknown", requestId: "\u0007" })

      const shown = Report.show(Report.ofClaudeError(error), 80, Style.plain)
      for (const control of ["\u0007", "\u001b"]) assert.notInclude(shown, control)
    })
  })

  describe("exitCode", () => {
    it.effect("says that a bug is one", () =>
      Effect.gen(function*() {
        const { code, err } = yield* run(["doctor"], {
          network: { connect: () => Effect.die("oops") },
          env: { HTTPS_PROXY: "http://p:1" }
        })

        assert.strictEqual(code, 1)
        assert.include(err, "bug in effect-claude")
        assert.include(err, "oops")
      }))

    it.effect("is 130 and says nothing when interrupted", () =>
      Effect.gen(function*() {
        const { code, err } = yield* run(["doctor"], {
          network: { connect: () => Effect.interrupt },
          env: { HTTPS_PROXY: "http://p:1" }
        })

        assert.strictEqual(code, 130)
        assert.strictEqual(err, "")
      }))
  })
})

describe("Files", () => {
  describe("write", () => {
    it.effect("keeps what was there when writing breaks off", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { paths } = yield* files({ "talk.json": "mine" })
        const full: FileSystem.FileSystem = {
          ...fs,
          open: (path, options) =>
            Effect.map(fs.open(path, options), (file) => ({
              ...file,
              writeAll: (data) =>
                Effect.andThen(
                  file.writeAll(data.slice(0, 2)),
                  Effect.fail(
                    PlatformError.systemError({
                      _tag: "Unknown",
                      module: "FileSystem",
                      method: "writeAll",
                      description: "no space"
                    })
                  )
                )
            }))
        }
        const failure = yield* Files.write(paths["talk.json"]!, "replaced", { replace: true }).pipe(
          Effect.provideService(FileSystem.FileSystem, full),
          Effect.flip
        )

        assert.include(failure.message, "no space")
        assert.strictEqual(yield* fs.readFileString(paths["talk.json"]!), "mine")
      }).pipe(Effect.provide(layerFiles)))
  })

  it.effect("follows no planted link, and writes files that only this user can read", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { at, paths } = yield* files({ "victim": "mine" })
      for (const name of ["out", "out.part"]) yield* fs.symlink(paths["victim"]!, at(name))
      const taken = yield* Effect.flip(Files.write(at("out"), "new", { replace: false }))
      yield* Files.write(at("out"), "new", { replace: true })
      yield* Files.write(at("other"), "new", { replace: false })

      assert.include(taken.message, "exists")
      assert.strictEqual(yield* fs.readFileString(paths["victim"]!), "mine")
      const modes = yield* Effect.forEach(["out", "other"], (name) =>
        Effect.map(fs.stat(at(name)), ({ mode }) => mode & 0o777))
      assert.deepStrictEqual(modes, [0o600, 0o600])
    }).pipe(Effect.provide(layerFiles)))

  it.effect("leaves what was there until the new content is complete, and nothing beside it", () =>
    Effect.gen(function*() {
      const { at, directory } = yield* files({})
      const { code } = yield* run(["chat"], { terminal: true, typed: ["Hi", `/save ${at("talk.json")}`] })

      assert.strictEqual(code, 0)
      assert.deepStrictEqual(Fs.readdirSync(directory), ["talk.json"])
    }).pipe(Effect.provide(layerFiles)))
})
