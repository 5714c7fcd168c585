/**
 * What a check of the surroundings found.
 *
 * @since 0.1.0
 */
import type { ExitCode } from "../ExitCode.ts"
import { ExitCode as Code } from "../ExitCode.ts"

/**
 * What a check found.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finding {
  readonly subject: string
  readonly verdict: "good" | "warning" | "bad" | "skipped"
  readonly says: string
  /** What to do about it. */
  readonly remedy?: string | undefined
  /** What the shell is told when this is the first that is bad. */
  readonly exitCode?: ExitCode | undefined
}

export const good = (subject: string, says: string): Finding => ({ subject, verdict: "good", says })

export const warning = (subject: string, says: string, remedy: string): Finding => ({
  subject,
  verdict: "warning",
  says,
  remedy
})

export const bad = (subject: string, says: string, remedy: string, exitCode: ExitCode = Code.connection): Finding => ({
  subject,
  verdict: "bad",
  says,
  remedy,
  exitCode
})

export const skipped = (subject: string, says: string): Finding => ({ subject, verdict: "skipped", says })
