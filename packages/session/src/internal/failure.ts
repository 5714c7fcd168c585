/**
 * The base of errors that can carry an answer.
 *
 * An answer is what was said: it is readable on the error, and absent from all
 * that prints one. So is the low-level cause, which may quote what was to be
 * written.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"

/** What such an error is made of, besides its own fields. */
export interface Hidden {
  /** The answer that could not be kept, where there was one. Never printed. */
  readonly answer?: Message.Message | undefined
  /** The low-level failure. Never printed. */
  readonly cause?: unknown
}

/** What all such errors have. */
export interface Failure<Tag extends string> extends Cause.YieldableError, Hidden {
  readonly _tag: Tag
  readonly cause?: unknown
  /** Returns a copy that carries the answer. */
  withAnswer(answer: Message.Message | undefined): this
}

/** Creates the base class of the error with the given tag. */
export function failure<Tag extends string>(
  tag: Tag
): new<Fields extends { readonly [field: string]: unknown } = {}>(
  args: Fields & Hidden
) => Failure<Tag> & Readonly<Fields>
export function failure(tag: string): unknown {
  class Base extends Data.TaggedError(tag)<{ readonly [field: string]: unknown }> {
    constructor(args: { readonly [field: string]: unknown }) {
      const { answer, cause, ...shown } = args
      super(shown)
      for (const [name, value] of Object.entries({ answer, cause })) {
        Object.defineProperty(this, name, { value, enumerable: false, configurable: true })
      }
    }
    override toJSON(): unknown {
      return { ...this.fields(), message: this.message }
    }
    override toString(): string {
      return `${tag}: ${this.message}`
    }
    withAnswer(answer: unknown): Base {
      return Reflect.construct(this.constructor, [{ ...this.fields(), cause: Reflect.get(this, "cause"), answer }])
    }
    private fields(): { readonly [field: string]: unknown } {
      return Object.fromEntries(Object.keys(this).map((key) => [key, Reflect.get(this, key)]))
    }
  }
  return Base
}
