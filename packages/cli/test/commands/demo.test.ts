import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { scenes } from "effect-claude/handlers/demo"
import { TestClock } from "effect/testing"
import { type Options, run } from "../support/cli.ts"

/** Plays scenes while time passes. */
const demo = (args: ReadonlyArray<string>, options: Options = {}) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(run(["demo", ...args], options))
    while (fiber.pollUnsafe() === undefined) {
      yield* TestClock.adjust("100 millis")
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }
    return yield* Fiber.join(fiber)
  })

describe("demo", () => {
  it.effect("lists its scenes: features, scenarios, and every error there is", () =>
    Effect.gen(function*() {
      const { code, out } = yield* demo([])

      assert.strictEqual(code, 0)
      for (const { name } of scenes) assert.include(out, name)
      for (const tag of Object.keys(ClaudeError.classes)) {
        assert.isTrue(scenes.some(({ kind, name }) => kind === "error" && name === tag), tag)
      }
      assert.isAtLeast(scenes.filter(({ kind }) => kind === "scenario").length, 10)
    }))

  it.effect("wraps the list at the width of the screen", () =>
    Effect.gen(function*() {
      const { out } = yield* demo([], { columns: 60 })

      for (const line of out.split("\n")) assert.isAtMost(line.length, 60, line)
    }))

  it("has a name of its own for each scene, and code that fits the screen", () => {
    assert.strictEqual(new Set(scenes.map(({ name }) => name.toLowerCase())).size, scenes.length)
    for (const { code, name } of scenes) {
      for (const line of code.split("\n")) assert.isAtMost(line.length, 78, name)
    }
  })

  it.effect("plays every scene to its end, each on a screen", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* demo(["--all"], { columns: 80 })

      assert.strictEqual(err, "")
      assert.strictEqual(code, 0)
      const screens = out.split("─".repeat(80)).slice(1)
      assert.lengthOf(screens, scenes.length)
      for (const [index, screen] of screens.entries()) {
        assert.isAtMost(screen.trim().split("\n").length, 30, scenes[index]!.name)
        assert.notInclude(screen, "undefined")
      }
    }), 60_000)

  it.effect(
    "shows for each error what a program catches, with a remedy unless the message has one",
    () =>
      Effect.gen(function*() {
        const { out } = yield* demo(["errors"], { columns: 500 })
        const screens = out.split("─".repeat(100)).slice(1)
        const without = screens.filter((screen) => !screen.includes("  → "))

        for (const tag of Object.keys(ClaudeError.classes)) assert.include(out, `caught as     ${tag}`)
        assert.deepStrictEqual(
          without.map((screen) => /caught as +(\w+)/.exec(screen)?.[1]),
          ["ClaudeTimeoutError", "ResponseDecodeError", "RequestValidationError", "CircuitOpenError", "PacingError"]
        )
        for (const screen of without) assert.match(screen, /Stream|Check|Leave|send it\s+later/)
      }),
    60_000
  )

  it.effect("shows what the API answers to each of the scenarios", () =>
    Effect.gen(function*() {
      const { out } = yield* demo(["scenarios"], { columns: 5000 })
      const statuses = Object.fromEntries(
        out.split("─".repeat(100)).slice(1).map((screen) => [
          /  (\S+) · \d+\/\d+/.exec(screen)?.[1],
          Number(/← (\d+)/.exec(screen)?.[1])
        ])
      )

      assert.deepStrictEqual(statuses, {
        "baseline": 200,
        "system-prompt": 200,
        "truncated": 200,
        "bad-model": 404,
        "no-max-tokens": 400,
        "bad-key": 401,
        "no-key": 401,
        "two-user-turns": 200,
        "assistant-first": 200,
        "get-instead": 405,
        "system-in-messages": 400
      })
      assert.include(out, "\"stop_reason\":\"max_tokens\"")
      assert.include(out, "Your name is Ada.")
      assert.include(out, "x-api-key header is required")
    }))

  it.effect("plays scenes by name, in any case and in the order given", () =>
    Effect.gen(function*() {
      const { code, out } = yield* demo(["ASK", "ratelimiterror"])

      assert.strictEqual(code, 0)
      assert.match(out, /One question[^]*1\/2[^]*RateLimitError[^]*2\/2/)
    }))

  it.effect("fails when a scene does not come out as it should, and plays the others", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* demo(["BillingError", "AuthenticationError"], { stage: Script.status(401) })

      assert.strictEqual(code, 1)
      assert.include(err, "BillingError was to be shown, and AuthenticationError came")
      assert.include(err, "1 of 2 scenes did not come out as they should: BillingError")
      assert.include(out, "2/2")
    }))

  it.effect("refuses a scene it does not have", () =>
    Effect.gen(function*() {
      const { code, err } = yield* demo(["nope"])

      assert.strictEqual(code, 2)
      assert.include(err, "no scene nope")
    }))

  it.effect("waits for Enter between scenes on a terminal, and leaves at q", () =>
    Effect.gen(function*() {
      const all = yield* demo(["ask", "ask"], { terminal: true, typed: [""] })
      const left = yield* demo(["ask", "ask"], { terminal: true, typed: ["q"] })
      const through = yield* demo(["ask", "ask", "--no-wait"], { terminal: true, typed: ["q"] })

      assert.deepStrictEqual([all, left, through].map(({ out }) => out.split("6 * 7 = 42").length - 1), [2, 1, 2])
    }))
})
