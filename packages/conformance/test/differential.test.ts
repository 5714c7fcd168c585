import * as Difference from "@effect-claude/conformance/Difference"
import * as Differential from "@effect-claude/conformance/Differential"
import * as Recording from "@effect-claude/conformance/Recording"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import { existsSync, writeSync } from "node:fs"
import { resolve } from "node:path"

const folder = process.env["RECORDINGS"] ?? resolve(import.meta.dirname, "../../../../shared/recordings")

describe("the official SDK, given the same bytes", () => {
  layer(NodeServices.layer)((it) => {
    it.effect.skipIf(!existsSync(folder))(
      "folds every recorded stream into the same message",
      () =>
        Effect.gen(function*() {
          const reasons = new Map<string, number>()
          const unexplained: Array<string> = []
          const count = (reason: string) => reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
          for (const file of yield* Recording.list(folder)) {
            const recording = yield* Recording.read(file)
            if (recording.kind !== "sse" || recording.endpoint !== "POST /v1/messages") continue
            const text = Recording.responseText(recording)
            const ours = yield* Differential.ours(text)
            const trimmed = !/\r?\n\r?\n$/.test(text)
            if (trimmed) {
              count("the SDK drops a last event whose blank line was trimmed; ours keeps it if its JSON is whole")
            }
            const official = yield* Effect.result(Differential.official(trimmed ? `${text}\n\n` : text))
            if (ours === undefined || Result.isFailure(official)) {
              const both = ours === undefined && Result.isFailure(official)
              if (both) count("both fail")
              else {unexplained.push(
                  `${file}: ours ${ours === undefined ? "fails" : "succeeds"}, the SDK does not agree`
                )}
              continue
            }
            let difference = Difference.first(official.success, ours)
            let actual: unknown = ours
            while (difference !== undefined) {
              const reason = Differential.explain(difference, ours)
              if (reason === undefined) {
                unexplained.push(`${file}: ${JSON.stringify(difference)}`)
                break
              }
              count(reason)
              actual = Difference.patch(actual, official.success, difference.path)
              difference = Difference.first(official.success, actual)
            }
            if (difference === undefined) count("the same message, but for the above")
          }
          const lines = [...reasons].map(([reason, times]) => `${String(times).padStart(5)}  ${reason}\n`)
          // Past the reporter, which keeps the output of passing tests to itself.
          yield* Effect.sync(() =>
            writeSync(1, `\nrecorded streams, folded by us and by the official SDK\n${lines.join("")}`)
          )

          assert.deepStrictEqual(unexplained, [])
        }),
      { timeout: 120_000 }
    )
  })
})
