/**
 * What came of checking a folder of recordings.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Check from "./Check.ts"
import * as Recording from "./Recording.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A check that failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure {
  readonly file: string
  readonly kind: Check.Kind
  readonly problem: string
}

/**
 * What came of checking a folder.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly files: number
  readonly counts: ReadonlyMap<Check.Kind, { readonly passed: number; readonly failed: number }>
  readonly failures: ReadonlyArray<Failure>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Checks every recording of a folder, and of those below it.
 *
 * A file that cannot be read as a recording counts as a failure of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(folder: string) {
  const path = yield* Path.Path
  const files = yield* Recording.list(folder)
  const counts = new Map<Check.Kind, { passed: number; failed: number }>()
  const failures: Array<Failure> = []
  for (const file of files) {
    const outcomes = yield* Recording.read(file).pipe(
      Effect.flatMap(Check.check),
      Effect.catchCause((cause) => Effect.succeed<Array<Check.Outcome>>([{ kind: "file", problem: String(cause) }]))
    )
    for (const { kind, problem } of outcomes) {
      const count = counts.get(kind) ?? { passed: 0, failed: 0 }
      counts.set(kind, count)
      if (problem === undefined) count.passed++
      else {
        count.failed++
        failures.push({ file: path.relative(folder, file), kind, problem })
      }
    }
  }
  const report: Report = { files: files.length, counts, failures }
  return report
})

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

/**
 * Returns the report as a table: files, and what passed and failed by kind.
 *
 * @category printing
 * @since 0.1.0
 */
export const table = (self: Report): string => {
  const rows = [...self.counts].toSorted(([a], [b]) => a.localeCompare(b)).map(([kind, { failed, passed }]) =>
    `  ${kind.padEnd(10)} ${String(passed).padStart(7)} passed ${String(failed).padStart(5)} failed`
  )
  return [`${self.files} recordings`, ...rows].join("\n")
}
