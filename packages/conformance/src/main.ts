/**
 * Walks a folder of recordings, checks every file, and prints what came of it.
 *
 * Usage: `RECORDINGS=<folder> pnpm conformance`. Ends with a code other than
 * zero when any check failed or the folder holds no recording.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Report from "./Report.ts"

const program = Effect.gen(function*() {
  const folder = yield* Config.String("RECORDINGS")
  const report = yield* Report.make(folder)
  for (const { file, kind, problem } of report.failures) yield* Console.log(`FAIL ${file} (${kind}): ${problem}`)
  yield* Console.log(Report.table(report))
  if (report.failures.length > 0 || report.files === 0) {
    yield* Effect.sync(() => {
      process.exitCode = 1
    })
  }
})

program.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
