/**
 * `doctor`: what keeps a program from reaching Claude, and what to do about it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Checkup from "../Checkup.ts"
import * as Connection from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Done } from "../Failure.ts"
import * as Layout from "../Layout.ts"
import { Screen } from "../Screen.ts"
import type { Style } from "../Style.ts"
import * as TerminalText from "../TerminalText.ts"

/**
 * What `doctor` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly json: boolean
}

/**
 * Runs `doctor`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const doctor = Effect.fnUntraced(function*({ json }: Input) {
  const { out, width } = yield* Screen
  const columns = yield* width
  const findings = yield* Checkup.run(
    yield* Connection.target,
    (finding) => json ? Effect.void : out.line(show(finding, columns, out.style))
  )
  if (json) yield* out.line(JSON.stringify(findings.map(({ exitCode: _, ...finding }) => finding), null, 2))
  const first = findings.find(({ verdict }) => verdict === "bad")
  if (first === undefined) {
    if (!json) yield* out.line(`\n${out.style.green("All is in order.")}`)
    return
  }
  return yield* new Done({ exitCode: first.exitCode ?? ExitCode.failed })
})

const show = ({ remedy, says, subject, verdict }: Checkup.Finding, width: number, style: Style): string => {
  const mark =
    { good: style.green("✓"), warning: style.yellow("!"), bad: style.red("✗"), skipped: style.dim("·") }[verdict]
  const name = Layout.pad(subject, 14)
  const words = TerminalText.sanitize(says)
  return [
    Layout.paragraph(words, width, `${mark} ${verdict === "skipped" ? style.dim(name) : name}`),
    ...(remedy === undefined || remedy === "" ? [] : [
      Layout.paragraph(remedy, width, `${" ".repeat(16)}${style.green("→")} `)
    ])
  ].join("\n")
}
