/**
 * What a command gives up with when the fault is not the API's: in plain words,
 * with what to do about it.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { ExitCode } from "./ExitCode.ts"

/**
 * A command could not do what was asked.
 *
 * @category errors
 * @since 0.1.0
 */
export class Failure extends Data.TaggedError("Failure")<{
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string | undefined
  /** What the shell is told. */
  readonly exitCode: ExitCode
}> {}

/**
 * A command was asked for something that cannot be.
 *
 * @category constructors
 * @since 0.1.0
 */
export const usage = (message: string, remedy?: string): Failure =>
  new Failure({ message, remedy, exitCode: ExitCode.usage })

/**
 * A command ends with a code and has said all there is to say.
 *
 * @category errors
 * @since 0.1.0
 */
export class Done extends Data.TaggedError("Done")<{ readonly exitCode: ExitCode }> {}
