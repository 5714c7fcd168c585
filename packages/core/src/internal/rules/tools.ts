/**
 * Checks of tools, calls of tools and the choice among them.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { MessageRequest } from "../../MessageRequest.ts"
import * as Turns from "../turns.ts"
import { findings, isPresent } from "./findings.ts"
import * as JsonSchema from "./jsonSchema.ts"
import type { Finding } from "./model.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

const namePattern = /^[a-zA-Z0-9_-]{1,128}$/

/** A call may carry a longer name than a tool. */
const callNamePattern = /^[a-zA-Z0-9_-]{1,200}$/

const idPattern = /^[a-zA-Z0-9_-]+$/

/** The names of tools and of calls match the API's pattern. */
export const toolNames = (request: Request): Found => [
  ...findings(Turns.itemsThat(request, "tools", isCustomBadlyNamed), "name", {
    problem: "the name does not match ^[a-zA-Z0-9_-]{1,128}$",
    fix: "Use letters, digits, `_` and `-`, at most 128 of them."
  }),
  ...findings(Turns.blocksThat(request, isCallBadlyNamed), "name", {
    problem: "the name does not match ^[a-zA-Z0-9_-]{1,200}$",
    fix: "Use the name of the tool that was called."
  })
]

const isCustomBadlyNamed = (tool: Turns.Json): boolean => isCustom(tool) && !matches(namePattern, tool["name"])

const isCallBadlyNamed = ({ name, type }: Turns.Json): boolean => type === "tool_use" && !matches(callNamePattern, name)

/** No two tools have the same name. */
export const uniqueTools = (request: Request): Found =>
  repeated(Turns.itemsThat(request, "tools", hasName), "name", {
    problem: "another tool has this name",
    fix: "Rename one of them."
  })

const hasName = ({ name }: Turns.Json): boolean => typeof name === "string"

/** The tool that has to be called is one of the tools. */
export const toolChoice = (request: Request): Found => {
  const { tool_choice } = request
  if (tool_choice?.type !== "tool" || holdsToolsElsewhere(request)) return Turns.none
  return Turns.firstThat(request, "tools", ({ name }) => name === tool_choice.name) !== undefined ? Turns.none : [{
    path: "tool_choice.name",
    problem: "no tool of the request has this name",
    fix: "Name one of `tools`."
  }]
}

/** Toolsets, MCP servers, threads and changes in the conversation bring tools that `tools` does not name. */
const holdsToolsElsewhere = (request: Request): boolean =>
  isPresent(request.thread) || isPresent(request.mcp_servers) ||
  Turns.firstThat(request, "tools", (tool) => !hasName(tool)) !== undefined ||
  Turns.someBlock(request, ({ type }) => type === "tool_addition" || type === "compaction")

/** The schema of a tool's input is of type `object`. */
export const inputSchemaType = (request: Request): Found =>
  findings(Turns.itemsThat(request, "tools", isNotOfObjects), "input_schema.type", {
    problem: "the schema is not of type object",
    fix: "Write `type: \"object\"`, also for a tool without input."
  })

const isNotOfObjects = (tool: Turns.Json): boolean =>
  isCustom(tool) && Predicate.isObject(tool["input_schema"]) && tool["input_schema"]["type"] !== "object"

/** The schema of a tool's input is no union or intersection. */
export const inputSchemaRoot = (request: Request): Found =>
  findings(Turns.itemsThat(request, "tools", isComposed), "input_schema", {
    problem: "the schema has oneOf, anyOf or allOf at its top level",
    fix: "Put the alternatives into a property of an object."
  })

const isComposed = (tool: Turns.Json): boolean => {
  const schema = tool["input_schema"]
  return isCustom(tool) && Predicate.isObject(schema) &&
    (Array.isArray(schema["oneOf"]) || Array.isArray(schema["anyOf"]) ||
      Array.isArray(schema["allOf"]))
}

const maxStrictTools = 20

/** At most twenty tools are strict. */
export const strictTools = (request: Request): Found => {
  const strict = Turns.itemsThat(request, "tools", isStrict)
  return strict.length <= maxStrictTools ? Turns.none : [{
    path: `${strict[maxStrictTools]!.path}.strict`,
    problem: `${strict.length} tools are strict, and ${maxStrictTools} may be`,
    fix: "Make only those strict whose input must match to the letter."
  }]
}

const isStrict = ({ strict }: Turns.Json): boolean => strict === true

/** Where output must match a schema, every object of the schema lists all its properties. */
export const closedObjects = (request: Request): Found => [
  ...openIn(request.output_config?.format, "output_config.format.schema"),
  ...openIn(request.output_format, "output_format.schema"),
  ...Turns.itemsThat(request, "tools", isStrict).flatMap(({ item, path }) =>
    isCustom(item) ? open(item["input_schema"], `${path}.input_schema`) : []
  )
]

const openIn = (format: unknown, path: string): Found =>
  Predicate.isObject(format) ? open(format["schema"], path) : Turns.none

const open = (schema: unknown, path: string): Found =>
  JsonSchema.openObjects(schema, path).map((at) => ({
    path: at,
    problem: "an object of the schema allows additional properties",
    fix: "Write `additionalProperties: false`."
  }))

/** The ids of calls, and those that results refer to, match the API's pattern, and no two calls share one. */
export const toolUseIds = (request: Request): Found => [
  ...findings(Turns.blocksThat(request, isCallBadlyIdentified), "id", badId),
  ...findings(Turns.blocksThat(request, isResultBadlyIdentified), "tool_use_id", badId),
  ...repeated(Turns.blocksThat(request, isCall), "id", {
    problem: "another tool call has this id",
    fix: "Give each call an id of its own, and its result the same."
  })
]

const badId = {
  problem: "the id does not match ^[a-zA-Z0-9_-]+$",
  fix: "Replace other characters, in the call and in its result alike."
}

const isCall = ({ id, type }: Turns.Json): boolean => type === "tool_use" && typeof id === "string"

const isCallBadlyIdentified = (block: Turns.Json): boolean => isCall(block) && !matches(idPattern, block["id"])

const isResultBadlyIdentified = ({ tool_use_id, type }: Turns.Json): boolean =>
  type === "tool_result" && typeof tool_use_id === "string" && !matches(idPattern, tool_use_id)

// -----------------------------------------------------------------------------

const isCustom = ({ type }: Turns.Json): boolean => !isPresent(type) || type === "custom"

const matches = (pattern: RegExp, text: unknown): boolean => typeof text === "string" && pattern.test(text)

/** Reports each item whose field holds what an earlier item's field holds. */
const repeated = (items: ReadonlyArray<Turns.Item>, field: string, finding: Omit<Finding, "path">): Found => {
  if (items.length < 2) return Turns.none
  const seen = new Set<unknown>()
  return findings(
    items.filter(({ item }) => {
      const before = seen.size
      return seen.add(item[field]).size === before
    }),
    field,
    finding
  )
}
