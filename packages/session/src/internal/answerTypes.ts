/**
 * What reading an answer brings, which `StructuredOutput` exports.
 *
 * @since 0.1.0
 */
import * as Message from "@effect-claude/core/Message"
import * as Failure from "./failure.ts"

/** An answer, read. */
export interface Answer<A> {
  readonly value: A
  readonly message: Message.Message
  /** How often the model was asked again. */
  readonly repairs: number
}

/** An answer as it is written, and in the end the answer. */
export type Event<A> =
  | { readonly _tag: "Partial"; readonly value: unknown }
  | {
    readonly _tag: "Repairing"
    /** What is wrong, and the answer it is wrong with. */
    readonly error: StructuredOutputError
    /** How often the model was asked again by now: 1 the first time. */
    readonly repair: number
  }
  | { readonly _tag: "Done"; readonly answer: Answer<A> }

/** Options of reading an answer. */
export interface ReadOptions {
  /**
   * How often the model is asked again when its answer does not match.
   *
   * @default 1
   */
  readonly repairs?: number | undefined
}

/** An answer that could not be read as the schema. */
export class StructuredOutputError extends Failure.failure("StructuredOutputError")<{
  readonly reason: "schema" | "refusal" | "truncated" | "toolUse" | "notJson" | "mismatch"
  /** What is wrong, without what was said. */
  readonly problem: string
}> {
  override get message(): string {
    return `The answer has no value (${this.reason}): ${this.problem}`
  }
  /** What the model said. */
  get text(): string {
    return this.answer === undefined ? "" : Message.text(this.answer)
  }
}
