import * as Limits from "@effect-claude/http/Limits"
import * as Timeouts from "@effect-claude/http/Timeouts"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"

describe("Timeouts", () => {
  describe("defaults", () => {
    it("are the documented numbers", () => {
      const { total, uploadRate, ...finite } = Timeouts.defaults
      const seconds = Object.entries(finite).map(([name, limit]) => [name, Duration.toSeconds(limit)])

      assert.deepStrictEqual(Object.fromEntries(seconds), {
        connect: 10,
        headers: 300,
        jsonHeaders: 240,
        firstContent: 600,
        nextContent: 600,
        idle: 90,
        foldedTotal: 3600
      })
      assert.isFalse(Duration.isFinite(total))
      assert.strictEqual(uploadRate, 50_000)
    })
  })

  describe("make", () => {
    const names = [
      "connect",
      "headers",
      "jsonHeaders",
      "firstContent",
      "nextContent",
      "idle",
      "total",
      "foldedTotal"
    ] as const
    for (const name of names) {
      it(`sets ${name}, and keeps the rest`, () => {
        assert.deepStrictEqual(Timeouts.make({ [name]: "7 seconds" }), {
          ...Timeouts.defaults,
          [name]: Duration.seconds(7)
        })
      })
    }

    it("sets the rate of uploads, and starts from given limits", () => {
      const from = Timeouts.make({ idle: "7 seconds" })

      assert.deepStrictEqual(Timeouts.make({ uploadRate: 7 }, from), { ...from, uploadRate: 7 })
      assert.strictEqual(Timeouts.make(undefined, from), from)
    })
  })

  describe("headersWithin", () => {
    it("gives an upload time in proportion to its size, on a streamed request", () => {
      const within = (streamed: boolean, bodySize: number) =>
        Duration.toSeconds(Timeouts.headersWithin(Timeouts.defaults, { streamed, bodySize }))

      assert.strictEqual(within(true, 0), 300)
      assert.strictEqual(within(true, 5_000_000), 400)
      assert.strictEqual(within(false, 5_000_000), 240)
    })
  })
})

describe("Limits", () => {
  describe("make", () => {
    it("is the documented numbers where nothing is given", () => {
      assert.deepStrictEqual(Limits.make(), { event: 2 ** 24, body: 2 ** 26, toolInput: 2 ** 24, heldEvents: 10_000 })
    })

    for (const name of ["event", "body", "toolInput", "heldEvents"] as const) {
      it(`sets ${name}, and keeps the rest`, () => {
        assert.deepStrictEqual(Limits.make({ [name]: 7 }), { ...Limits.defaults, [name]: 7 })
      })
    }
  })
})
