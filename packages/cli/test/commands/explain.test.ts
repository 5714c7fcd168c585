import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { run } from "../support/cli.ts"

describe("explain", () => {
  it.effect("explains a status: what, why, what to do, and whether to retry", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run(["explain", "422"])

      assert.strictEqual(code, 0)
      assert.strictEqual(err, "")
      assert.include(out, "422 Unprocessable Content  UnprocessableEntityError")
      assert.include(out, "Usual causes")
      assert.include(out, "What to do")
      assert.match(out, /retry +cannot help/)
    }))

  it.effect("explains a tag, a type, a code, and words as a person types them", () =>
    Effect.gen(function*() {
      for (
        const [asked, heading] of [
          ["RateLimitError", "RateLimitError"],
          ["overloaded_error", "overloaded_error"],
          ["enforced_spend_limit_reached", "enforced_spend_limit_reached"],
          ["http 529", "529 Overloaded"]
        ] as const
      ) {
        const { code, out } = yield* run(["explain", ...asked.split(" ")])

        assert.strictEqual(code, 0)
        assert.isTrue(out.startsWith(heading), out)
      }
    }))

  it.effect("explains each of several", () =>
    Effect.gen(function*() {
      const { code, out } = yield* run(["explain", "429", "OverloadedError"])
      const { out: json } = yield* run(["explain", "429", "OverloadedError", "--json"])

      assert.strictEqual(code, 0)
      assert.match(out, /^429 [^]*\n\nOverloadedError/)
      assert.deepStrictEqual(
        JSON.parse(json).map(({ tag }: ErrorGuide.Explanation) => tag),
        ["RateLimitError", "OverloadedError"]
      )
    }))

  it.effect("has words for every error there is", () =>
    Effect.gen(function*() {
      for (const tag of Object.keys(ClaudeError.classes)) {
        const { code, out } = yield* run(["explain", tag])

        assert.strictEqual(code, 0, tag)
        assert.include(out, `Effect.catchTag("${tag}", …)`)
      }
    }))

  it.effect("lists everything without an argument", () =>
    Effect.gen(function*() {
      const { code, out } = yield* run(["explain"])

      assert.strictEqual(code, 0)
      const names = [
        ...Object.keys(ErrorGuide.byStatus),
        ...Object.keys(ErrorGuide.byCode),
        ...Object.keys(ClaudeError.classes)
      ]
      for (const name of names) assert.include(out, name)
    }))

  it.effect("prints JSON where asked", () =>
    Effect.gen(function*() {
      const { out } = yield* run(["explain", "529", "--json"])

      const explanation = JSON.parse(out)
      assert.strictEqual(explanation.tag, "OverloadedError")
      assert.strictEqual(explanation.retryable, true)
    }))

  it.effect("suggests what may have been meant", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* run(["explain", "RateLimt"])

      assert.strictEqual(code, 2)
      assert.strictEqual(out, "")
      assert.include(err, "Did you mean RateLimitError")
    }))

  it.effect("suggests nothing where nothing is near", () =>
    Effect.gen(function*() {
      for (const asked of ["zzz", "teapot"]) {
        const { code, err } = yield* run(["explain", asked])

        assert.strictEqual(code, 2)
        assert.notInclude(err, "Did you mean")
      }
    }))

  it.effect("fits the terminal", () =>
    Effect.gen(function*() {
      const { out } = yield* run(["explain", "429"], { terminal: true, columns: 60, env: { NO_COLOR: "1" } })

      for (const line of out.split("\n")) assert.isAtMost(line.length, 60)
    }))
})
