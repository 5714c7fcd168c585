/**
 * The base every error of the SDK is made from.
 *
 * Fields that can hold prompt content (`body`, `details`, `partial`) are readable
 * on the error and absent from everything that prints one. They are not
 * enumerable, so `toJSON`, inspection, loggers and spans do not see them.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import type { Details, Failure } from "./failureTypes.ts"

/** The brand of the SDK's errors. */
export const TypeId = "~@effect-claude/core/ClaudeError"

/** Whether a value carries the brand. */
export const isFailure = (u: unknown): u is Failure<string> => Predicate.hasProperty(u, TypeId)

const hidden: ReadonlyArray<string> = ["body", "details", "partial"]

/** Creates the base class of the error with the given tag. */
export function failure<Tag extends string>(
  tag: Tag
): new<Extra extends { readonly [field: string]: unknown } = {}>(
  args: Details & Extra
) => Failure<Tag> & Readonly<Extra>
export function failure(tag: string): unknown {
  class Base extends Data.TaggedError(tag)<{ readonly [field: string]: unknown }> {
    readonly [TypeId] = TypeId
    constructor(args: { readonly [field: string]: unknown }) {
      const { body, details, partial, ...rest } = args
      const shown: { [field: string]: unknown } = {}
      for (const key of Object.keys(rest)) {
        if (rest[key] !== undefined) shown[key] = rest[key]
      }
      super(shown)
      defineHidden(this, "body", body)
      defineHidden(this, "details", details)
      defineHidden(this, "partial", partial)
    }
    override toJSON(): unknown {
      const out: { [field: string]: unknown } = { _tag: tag, message: this.message }
      for (const key of Object.keys(this)) {
        if (key !== TypeId && key !== "cause" && !hidden.includes(key)) out[key] = Reflect.get(this, key)
      }
      return out
    }
    override toString(): string {
      return `${tag}: ${this.message}`
    }
    with(details: { readonly [field: string]: unknown }): Base {
      const fields: { [field: string]: unknown } = { message: this.message, cause: this.cause }
      for (const key of [...Object.keys(this), ...hidden]) {
        if (key !== TypeId && key !== "_tag") fields[key] = Reflect.get(this, key)
      }
      return Reflect.construct(this.constructor, [{ ...fields, ...details }])
    }
  }
  return Base
}

const defineHidden = (self: object, name: string, value: unknown): void => {
  Object.defineProperty(self, name, { value, enumerable: false, configurable: true })
}
