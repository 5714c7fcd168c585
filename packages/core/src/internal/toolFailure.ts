import * as Schema from "effect/Schema"
import * as Wire from "../Wire.ts"

/** Creates the schema of a server tool's failure. */
export const toolFailure = <const Tag extends string>(identifier: string, tag: Tag, codes: ReadonlyArray<string>) =>
  Wire.struct(identifier, {
    type: Schema.Literal(tag),
    error_code: Wire.openEnum(`${identifier}Code`, codes),
    error_message: Wire.nullish(Schema.String)
  })
