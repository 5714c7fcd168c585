/**
 * The program as a person meets it: started by its name in a terminal, typed to,
 * and looked at. Needs tmux.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

const demo = fileURLToPath(new URL("../src/demo.ts", import.meta.url))

const hasTmux = spawnSync("tmux", ["-V"]).status === 0

if (!hasTmux) process.stderr.write("effect-claude: tmux is not installed, so the tests in a terminal are left out\n")

/** A terminal of its own, closed with the scope. */
const terminalOf = (columns: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const socket = `effect-claude-${process.pid}-${terminals++}`
      const tmux = (...args: ReadonlyArray<string>) =>
        execFileSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], { encoding: "utf8" })
      const env = { ...process.env, NO_COLOR: "" }
      execFileSync("tmux", [
        "-L",
        socket,
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        String(columns),
        "-y",
        "40",
        "sh"
      ], { env })
      tmux("send-keys", "-t", "0", "PS1='$ '", "Enter")
      const screen = () => tmux("capture-pane", "-p", "-t", "0").trimEnd()
      return {
        tmux,
        screen: Effect.sync(screen),
        /** Types keys as tmux names them. */
        press: (...keys: ReadonlyArray<string>) => Effect.sync(() => tmux("send-keys", "-t", "0", ...keys)),
        /** Starts the program. */
        start: (...args: ReadonlyArray<string>) =>
          Effect.sync(() =>
            tmux("send-keys", "-t", "0", `clear; ${process.execPath} ${bin} ${args.join(" ")}`, "Enter")
          ),
        /** Waits until the screen shows something. */
        until: (expected: RegExp) =>
          Effect.promise(async () => {
            for (let tries = 0; tries < 300; tries++) {
              const now = screen()
              if (expected.test(now)) return now
              await new Promise((resolve) => setTimeout(resolve, 50))
            }
            throw new Error(`The screen never showed ${expected}:\n${screen()}`)
          })
      }
    }),
    ({ tmux }) => Effect.sync(() => tmux("kill-server"))
  )

const terminal = terminalOf(80)

let terminals = 0

/** A prompt whose response takes ten seconds, so that a slow machine still finds it incomplete. */
const long = "Count to 999"

describe.skipIf(!hasTmux)("terminal", { timeout: 60_000 }, () => {
  it.live(
    "chat answers, stops at Ctrl-C, goes on, and leaves at the second one",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { press, screen, start, until } = yield* terminal
        yield* start("chat", "--offline")
        yield* until(/›$/)
        yield* press("My name is Ada.", "Enter")
        yield* until(/Nice to meet you, Ada![^]*›$/)
        yield* press(long, "Enter")
        yield* until(/1, 2, 3/)
        yield* press("C-c")
        yield* until(/Stopped\. What was said so far is kept[^]*›$/)
        yield* press("What is my name?", "Enter")
        const answered = yield* until(/Your name is Ada\.[^]*›$/)
        yield* press("C-c")
        yield* until(/Ctrl-C again/)
        yield* press("C-c")
        yield* until(/exchanges · .*\n\$$/)
        yield* press("echo code $?", "Enter")
        yield* until(/code 0/)
        // The terminal is as it was: it echoes, and Ctrl-C reaches the shell.
        yield* press("stty -a | grep -c ' icanon.* echo '", "Enter")
        yield* until(/\n1\n/)

        assert.include(answered, "offline:")
        assert.notInclude(yield* screen, "Error")
      }))
  )

  it.live(
    "chat survives Ctrl-Z, keeps what is typed ahead, and recalls lines",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { press, start, until } = yield* terminal
        yield* start("chat", "--offline")
        yield* until(/›$/)
        yield* press(long, "Enter")
        yield* until(/1, 2, 3/)
        yield* press("typed ahead")
        yield* press("C-c")
        yield* until(/› typed ahead$/)
        yield* press("C-u", "Up")
        yield* until(/› Count to 999$/)
        yield* press("C-u", "C-z")
        yield* until(/\$$/)
        yield* press("fg", "Enter")
        yield* until(/›$/)
        // One key at a time: keys that arrive together are taken for a paste, which completes nothing.
        yield* press("/he")
        yield* until(/› \/he$/)
        yield* press("Tab")
        yield* until(/› \/help$/)
        yield* press("Enter")
        yield* until(/\/fork \[n\][^]*›$/)
        yield* press("C-d")
        yield* until(/\$$/)
      }))
  )

  it.live("chat takes what is pasted as one message", () =>
    Effect.scoped(Effect.gen(function*() {
      const { press, start, tmux, until } = yield* terminal
      yield* start("chat", "--offline")
      yield* until(/›$/)
      tmux("set-buffer", "repeat after me: one\ntwo\n")
      tmux("paste-buffer", "-r", "-t", "0")
      yield* until(/\d out[^]*›$/)
      yield* press("/history", "Enter")
      yield* until(/› repeat after me: one\ntwo\n/)
    })))

  it.live("ask stops at Ctrl-C with 130, and leaves the line clean", () =>
    Effect.scoped(Effect.gen(function*() {
      const { press, start, until } = yield* terminal
      yield* start("ask", `"${long}"`, "--offline")
      yield* until(/1, 2, 3/)
      yield* press("C-c")
      yield* until(/\n\$$/)
      yield* press("echo code $?", "Enter")
      yield* until(/code 130/)
    })))

  it.live("wraps at the width of the terminal, and shows colours there", () =>
    Effect.scoped(Effect.gen(function*() {
      const { screen, start, tmux, until } = yield* terminal
      yield* start("explain", "429")
      yield* until(/exit code +5\n\$$/)

      for (const line of (yield* screen).split("\n")) assert.isAtMost(line.length, 80)
      assert.include(tmux("capture-pane", "-e", "-p", "-t", "0"), "\u001b[1m429 Too Many Requests")
    })))

  it.live("shows what the model thinks dimmed, and words whole on a narrow screen", () =>
    Effect.scoped(Effect.gen(function*() {
      const { press, start, tmux, until } = yield* terminalOf(40)
      yield* start("chat", "--offline", "--thinking")
      yield* until(/›$/)
      yield* press("My name is Ada.", "Enter")
      const screen = yield* until(/Nice to meet you, Ada![^]*\$0[^]*›$/)
      const colors = tmux("capture-pane", "-e", "-p", "-t", "0")

      assert.include(screen, "The user wrote 15 characters. A short,\nplain answer will do.\n\nNice to meet you")
      assert.match(colors, new RegExp(`${"\u001b"}\\[2mThe user wrote`))
      assert.notMatch(colors, new RegExp(`${"\u001b"}\\[2m[^\n]*Nice to meet you`))
    })))

  it.live("shows the demo with words whole, and what belongs together below one another", () =>
    Effect.scoped(Effect.gen(function*() {
      const { press, tmux, until } = yield* terminalOf(60)
      yield* press(`clear; ${process.execPath} ${demo}`, "Enter")
      yield* until(/output tokens .*\n\$$/)
      const screen = tmux("capture-pane", "-p", "-S", "-", "-t", "0")

      assert.include(
        screen,
        "\n2/3  Tell me, in a few sentences, what becomes of a request\n     when the API is busy.\n"
      )
      assert.match(screen, /\n {2}… attempt 1 failed: RateLimitError[^\n]*\n {4}\S/)
      assert.include(screen, "what a stand-in can\n  offer. A request left")
      assert.match(screen, /\n {2}caught AuthenticationError:[^\n]*\n {2}invalid x-api-key/)
    })))

  it.live("draws the progress of a batch over itself, on one line", () =>
    Effect.scoped(Effect.gen(function*() {
      const { press, until } = yield* terminalOf(40)
      yield* press(`echo 1+1 | ${process.execPath} ${bin} batch submit - --wait --offline`, "Enter")
      const screen = yield* until(/succeeded[^]*\$$/)

      assert.lengthOf(screen.match(/100%/g) ?? [], 1)
      assert.notMatch(screen, /\d of \d[^]*in_progress/)
    })))

  it.live("says nothing when the reader of its output leaves", () =>
    Effect.scoped(Effect.gen(function*() {
      const { start, until } = yield* terminal
      // Quoted so that the line that is typed is not taken for what it prints.
      yield* start("explain", "|", "head", "-1;", "echo", "do''ne")
      const screen = yield* until(/^done$/m)

      assert.notInclude(screen, "EPIPE")
      assert.match(screen, /status/)
    })))
})
