import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { crash } from "./crash/kill.ts"

/** How many processes are killed beside each other, and each of them how often. */
const lanes = 4
const kills = 50

describe("a process that is killed", () => {
  it.live(
    `loses nothing it acknowledged, and leaves journals that open, ${lanes * kills} times 8`,
    () =>
      Effect.gen(function*() {
        const found = yield* Effect.forEach(
          Array.from({ length: lanes }, (_, lane) => lane),
          (lane) => crash({ kills, sessions: 8, seed: `lane ${lane}` }),
          { concurrency: lanes }
        )
        const sum = (field: keyof (typeof found)[number]) => found.reduce((sum, each) => sum + each[field], 0)

        assert.isAtLeast(sum("opened"), lanes * kills)
        assert.isAbove(sum("acknowledged"), lanes * kills)
        // Some kills came between writing an entry and saying so: the moments that matter were met.
        assert.isAbove(sum("ahead"), 0)
      }),
    600_000
  )
})
