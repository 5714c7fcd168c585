/**
 * Walks a folder of recordings, checks every file, and prints what came of it:
 * each failure with its path and the first difference, then a table by kind.
 *
 * Usage: `RECORDINGS=<folder> pnpm conformance`. Without the variable it takes
 * the recordings beside the repository, and says so where there are none. Ends
 * with a code other than zero when a check failed or a folder that was named
 * holds no recording.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { fileURLToPath } from "node:url"
import * as Report from "./Report.ts"

const beside = fileURLToPath(new URL("../../../../shared/recordings", import.meta.url))

const program = Effect.gen(function*() {
  const named = yield* Config.option(Config.String("RECORDINGS"))
  const fs = yield* FileSystem.FileSystem
  if (Option.isNone(named) && !(yield* fs.exists(beside))) {
    return yield* Console.log(
      "There are no recordings beside the repository: conformance to real traffic was NOT checked."
    )
  }
  const report = yield* Report.make(Option.getOrElse(named, () => beside))
  for (const { file, kind, problem } of report.failures) yield* Console.log(`FAIL ${file} (${kind}): ${problem}`)
  yield* Console.log(Report.table(report))
  if (report.failures.length > 0 || report.files === 0) {
    yield* Effect.sync(() => {
      process.exitCode = 1
    })
  }
})

program.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
