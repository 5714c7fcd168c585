/** Wire schemas as Effect's own structs and unions, to hold guards to: nothing of ours takes part in checking. */
import * as Wire from "@effect-claude/core/Wire"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { annotation } from "../src/internal/describe.ts"

type Any = Schema.Codec<unknown, unknown>

const known = new WeakMap<SchemaAST.AST, Any>()

/** Rebuilds a schema without a wire schema anywhere in it. */
export const reference = (ast: SchemaAST.AST): Any => {
  const found = known.get(ast)
  if (found !== undefined) return found
  const made = rebuild(ast)
  known.set(ast, made)
  return made
}

const itself = (ast: SchemaAST.AST): Any => Schema.make<Any>(ast as Any["ast"])

const rebuild = (ast: SchemaAST.AST): Any => {
  // Guards take what is in a JSON field for JSON, whatever it holds.
  if (ast === Wire.Json.ast) return itself(Schema.Unknown.check(Schema.makeFilter((u) => u !== undefined)).ast)
  if (ast === Schema.Json.ast) return itself(Schema.Unknown.ast)
  if (ast.checks !== undefined) return itself(ast)
  switch (ast._tag) {
    case "Union":
      return Schema.Union(ast.types.map(reference))
    case "Arrays":
      return Schema.Array(reference(ast.rest[0]!))
    case "Objects": {
      const fields: { [name: string]: Any | Schema.optionalKey<Any> } = {}
      for (const { name, type } of ast.propertySignatures) {
        const value = reference(type)
        fields[String(name)] = type.context?.isOptional === true ? Schema.optionalKey(value) : value
      }
      const rest = ast.indexSignatures.map(({ type }) => Schema.Record(Schema.String, reference(type)))
      const struct = Schema.Struct(fields)
      return itself((rest.length === 0 ? struct : Schema.StructWithRest(struct, rest)).ast)
    }
    case "Declaration": {
      // What a wire schema derives arbitraries from is what it stands for, spelled out.
      const link = ast.annotations?.["toCodecArbitrary"]
      return typeof link === "function" && ast.annotations?.[annotation] !== undefined
        ? reference(link([]).to)
        : itself(ast)
    }
    default:
      return itself(ast)
  }
}
