/**
 * The schema of errors of server tools: a tag, an open code and an optional
 * message.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "../Wire.ts"

/** Creates the schema of the error of a server tool. */
export const toolFailure = <const Tag extends string>(identifier: string, tag: Tag, codes: ReadonlyArray<string>) =>
  Wire.struct(identifier, {
    type: Schema.Literal(tag),
    error_code: Wire.openEnum(`${identifier}Code`, codes),
    error_message: Wire.nullish(Schema.String)
  })
