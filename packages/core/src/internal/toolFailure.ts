/**
 * The schema that every failure of a server tool has: a tag of its own, an open
 * code, and sometimes a message.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "../Wire.ts"

/** Creates the schema of a server tool's failure. */
export const toolFailure = <const Tag extends string>(identifier: string, tag: Tag, codes: ReadonlyArray<string>) =>
  Wire.struct(identifier, {
    type: Schema.Literal(tag),
    error_code: Wire.openEnum(`${identifier}Code`, codes),
    error_message: Wire.nullish(Schema.String)
  })
