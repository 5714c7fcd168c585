import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Span from "../../../src/internal/time/duration.ts"

describe("Span", () => {
  describe("format", () => {
    it.each(
      [
        ["0 millis", "0 ms"],
        ["1 nanos", "0 ms"],
        ["100 millis", "100 ms"],
        ["999 millis", "999 ms"],
        [999.9, "1 s"],
        [1234.567, "1.2 s"],
        ["30 seconds", "30 s"],
        [59_940, "59.9 s"],
        [59_960, "1 min"],
        [66_661, "1 min 7 s"],
        [119_600, "2 min"],
        ["10 minutes", "10 min"],
        [3_599_600, "1 h"],
        ["90 minutes", "1 h 30 min"],
        [Duration.infinity, "ever"]
      ] as const
    )("writes %s as %s", (span, text) => {
      assert.strictEqual(Span.format(Duration.fromInputUnsafe(span)), text)
    })
  })
})
