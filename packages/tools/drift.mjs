// Compares core with the types and tables of the official SDK that is installed, and prints what core lacks: models and
// their retirement dates, betas, error codes, tools, blocks, events, fields and methods. It is a report: what it finds
// is work, and no failure. Update `@anthropic-ai/sdk` in `pnpm-workspace.yaml` first.
//
// Usage: node packages/tools/drift.mjs
import * as Fs from "node:fs"
import * as Module from "node:module"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import ts from "typescript-6"
import { root } from "./workspace.mjs"

const resolve = Module.createRequire(import.meta.url).resolve
const sdk = Path.dirname(resolve("@anthropic-ai/sdk"))

// -----------------------------------------------------------------------------
// shapes of core against types of the SDK
// -----------------------------------------------------------------------------

/** Parameters of the SDK that are headers, or that it uses itself. */
const notSent = new Set(["betas", "user_profile_id", "workspace_id"])

const isNullish = (type) => (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0

const membersOf = (type) => (type.isUnion() ? type.types : [type]).filter((member) => !isNullish(member))

/** Whether a type is an object with fields of its own: no array, no map, not unknown. */
const isStruct = (checker, type) =>
  (type.flags & ts.TypeFlags.Object) !== 0 && !checker.isArrayLikeType(type) &&
  type.getProperties().length > 0 && type.getStringIndexType() === undefined

const tagsOf = (checker, type) => {
  const tag = type.getProperty("type")
  if (tag === undefined) return []
  return membersOf(checker.getTypeOfSymbol(tag)).flatMap((literal) => literal.isStringLiteral() ? [literal.value] : [])
}

const isCompound = (shape, kind) => Array.isArray(shape) && shape[0] === kind

const unwrap = (shape) => {
  if (isCompound(shape, "c")) return unwrap(shape[1])
  if (isCompound(shape, "l")) return unwrap(shape[1]())
  if (isCompound(shape, "o")) return shape[1]
  return shape
}

const fieldOf = (struct, name) => struct[name] ?? struct[`${name}?`] ?? struct[`${name}~`]

const tagsOfShape = (member) => {
  const tag = fieldOf(unwrap(member), "type")
  return (isCompound(tag, "|") ? tag[1] : [tag]).flatMap((literal) =>
    typeof literal === "string" && literal.startsWith("=") ? [literal.slice(1)] : []
  )
}

/** Lists the fields and variants of a type that a shape does not have, and where the shape leaves a known type open. */
export const missingIn = (checker, type, shape, path = "", seen = new Set()) => {
  const key = `${checker.typeToString(type)} ${path.split(".").at(-1)}`
  if (seen.has(key)) return []
  seen.add(key)
  const inner = unwrap(shape)
  const structs = membersOf(type).filter((member) => isStruct(checker, member))
  const arrays = membersOf(type).filter((member) => checker.isArrayType(member))
  const go = (type, shape, at) => missingIn(checker, type, shape, at, seen)
  if (inner === "j" || inner === "*") {
    const fields = new Set(structs.flatMap((member) => member.getProperties().map(({ name }) => name)))
    return fields.size === 0 ? [] : [`${path} is untyped: ${[...fields].join(", ")}`]
  }
  const parts = isCompound(inner, "|") ? inner[1].map(unwrap) : [inner]
  const items = parts.filter((part) => isCompound(part, "["))
  return [
    ...arrays.flatMap((array) =>
      items.flatMap(([, item]) => checker.getTypeArguments(array).flatMap((type) => go(type, item, `${path}[]`)))
    ),
    ...structs.flatMap((struct) => {
      const tags = tagsOf(checker, struct)
      const union = parts.find((part) => isCompound(part, "t"))
      if (union !== undefined) {
        const [, members, untagged] = union
        if (tags.length === 0) return untagged === undefined ? [] : go(struct, untagged, path)
        return tags.flatMap((tag) => {
          const member = members.find((member) => tagsOfShape(member).includes(tag))
          return member === undefined ? [`${path} has no variant "${tag}"`] : go(struct, member, `${path}<${tag}>`)
        })
      }
      const known = parts.filter((part) => typeof part === "object" && !Array.isArray(part))
      if (known.length === 0) return []
      return struct.getProperties().filter(({ name }) => !notSent.has(name)).flatMap((property) => {
        const fields = known.map((part) => fieldOf(part, property.name)).filter((field) => field !== undefined)
        const at = `${path}.${property.name}`
        return fields.length === 0
          ? [`${at} is missing`]
          : fields.flatMap((field) => go(checker.getTypeOfSymbol(property), field, at))
      })
    })
  ]
}

/** Pairs of a declaration of the SDK and a schema of core. */
const pairs = [
  ["resources/messages/messages", "MessageCreateParamsNonStreaming", "MessageRequest.MessageRequest"],
  ["resources/beta/messages/messages", "MessageCreateParamsNonStreaming", "MessageRequest.MessageRequest"],
  ["resources/messages/messages", "Message", "Message.Message"],
  ["resources/beta/messages/messages", "BetaMessage", "Message.Message"],
  ["resources/messages/messages", "RawMessageStreamEvent", "StreamEvent.StreamEvent"],
  ["resources/beta/messages/messages", "BetaRawMessageStreamEvent", "StreamEvent.StreamEvent"],
  ["resources/messages/messages", "MessageTokensCount", "TokenCount.TokenCount"],
  ["resources/beta/messages/messages", "BetaMessageTokensCount", "TokenCount.TokenCount"],
  ["resources/messages/messages", "MessageCountTokensParams", "TokenCount.TokenCountRequest"],
  ["resources/beta/messages/messages", "MessageCountTokensParams", "TokenCount.TokenCountRequest"],
  ["resources/messages/batches", "MessageBatch", "Batch.MessageBatch"],
  ["resources/messages/batches", "MessageBatchIndividualResponse", "Batch.BatchResult"],
  ["resources/beta/messages/batches", "BetaMessageBatch", "Batch.MessageBatch"],
  ["resources/models", "ModelInfo", "Model.ModelInfo"],
  ["resources/beta/models", "BetaModelInfo", "Model.ModelInfo"],
  ["resources/files", "FileMetadata", "File.FileMetadata"],
  ["resources/beta/files", "BetaFileMetadata", "File.FileMetadata"],
  ["resources/skills/skills", "Skill", "Skill.Skill"],
  ["resources/skills/versions", "SkillVersion", "Skill.SkillVersion"],
  ["resources/shared", "ErrorResponse", "ErrorResponse.ErrorResponse"]
]

/** Methods of the SDK and what does the same here. Resources that are not named are reached with `Raw`. */
const methods = {
  messages: {
    create: "Messages.create",
    parse: "StructuredOutput",
    stream: "Messages.stream",
    countTokens: "Messages.countTokens",
    toolRunner: "Agent",
    thread: "Thread"
  },
  "messages.batches": {
    create: "Batches.create",
    retrieve: "Batches.get",
    list: "Batches.list",
    delete: "Batches.delete",
    cancel: "Batches.cancel",
    results: "Batches.results"
  },
  models: { retrieve: "Models.get", list: "Models.list" },
  files: {
    list: "Files.list",
    delete: "Files.delete",
    download: "Files.download",
    retrieveMetadata: "Files.get",
    upload: "Files.upload"
  },
  skills: { create: "Skills.create", retrieve: "Skills.get", list: "Skills.list", delete: "Skills.delete" },
  "skills.versions": {
    create: "Skills.createVersion",
    retrieve: "Skills.getVersion",
    list: "Skills.listVersions",
    download: "Skills.downloadVersion",
    delete: "Skills.deleteVersion"
  }
}

// -----------------------------------------------------------------------------
// reading the SDK
// -----------------------------------------------------------------------------

/** Returns the literals of an alias whose union also has `string & {}`, which would absorb them in `string`. */
const spelledOut = (text, alias) =>
  Array.from(
    (new RegExp(`export type ${alias} =([^;]*);`).exec(text)?.[1] ?? "").matchAll(/'([^']+)'/g),
    ([, name]) => name
  )

/** Reads `June 30th, 2026` as `2026-06-30`. */
export const toIsoDate = (text) => {
  const [, month, day, year] = /^(\w+) (\d+)(?:st|nd|rd|th), (\d{4})$/.exec(text) ?? []
  const names = "January February March April May June July August September October November December".split(" ")
  const number = names.indexOf(month) + 1
  return number === 0 ? undefined : `${year}-${String(number).padStart(2, "0")}-${day.padStart(2, "0")}`
}

/** Lists the resources of a client with the names of their methods. */
const resourcesOf = (client) => {
  const out = {}
  const visit = (resource, path) => {
    out[path] = Object.getOwnPropertyNames(Object.getPrototypeOf(resource)).filter((name) =>
      name !== "constructor" && !name.startsWith("_") && typeof resource[name] === "function"
    )
    for (const [name, inner] of Object.entries(resource)) {
      if (name !== "_client" && inner?._client === client) visit(inner, `${path}.${name}`)
    }
  }
  for (const [name, resource] of Object.entries(client)) if (resource?._client === client) visit(resource, name)
  return out
}

const load = (file) => import(pathToFileURL(Path.join(root, file)).href)

const main = async () => {
  const read = (file) => Fs.readFileSync(Path.join(sdk, file), "utf8")
  const { version } = JSON.parse(read("package.json"))
  const Core = Object.fromEntries(
    await Promise.all(
      ["Batch", "Betas", "ErrorGuide", "ErrorResponse", "File", "Message", "MessageRequest", "Model", "ModelCatalog"]
        .concat(["Skill", "StreamEvent", "TokenCount", "Tool"])
        .map(async (name) => [name, await load(`packages/core/src/${name}.ts`)])
    )
  )
  const { shapeOf } = await load("packages/core/src/internal/describe.ts")
  const sections = []
  const section = (name, lines) => sections.push([name, [...new Set(lines)]])
  const without = (names, known) => names.filter((name) => !known.includes(name))

  section("models", without(spelledOut(read("resources/messages/messages.d.ts"), "Model"), Core.Model.Model.known))
  section("betas", without(spelledOut(read("resources/beta/beta.d.ts"), "AnthropicBeta"), Core.Betas.Beta.known))

  const { DEPRECATED_MODELS } = await import(pathToFileURL(Path.join(sdk, "internal/data/deprecated-models.js")).href)
    .then((module) => module.default ?? module)
  section(
    "retirement dates",
    Object.entries(DEPRECATED_MODELS).flatMap(([id, text]) => {
      const date = toIsoDate(text)
      const entry = Core.ModelCatalog.find(Core.ModelCatalog.released, id)
      const known = entry._tag === "Some" ? entry.value.retiresOn : undefined
      return known === date ? [] : [`${id} retires on ${date}, here on ${known ?? "no date"}`]
    })
  )

  const declarations = Fs.globSync("resources/**/*.d.ts", { cwd: sdk })
  const codes = (files) =>
    files.flatMap((file) => Array.from(read(file).matchAll(/error_code: '(\w+)';/g), ([, code]) => code))
  const isMessages = (file) => /resources\/(?:beta\/)?(?:messages|models|files|skills|shared|beta\.d)/.test(file)
  const guided = Object.keys((await load("packages/core/src/internal/guide/codes.ts")).guides)
  section("error codes of messages, models, files and skills", without(codes(declarations.filter(isMessages)), guided))
  const others = new Set(without(codes(declarations.filter((file) => !isMessages(file))), guided))
  section("error codes of resources without a module", [`${others.size}: ${[...others].toSorted().join(", ")}`])

  const files = [...new Set(pairs.map(([file]) => Path.join(sdk, `${file}.d.ts`)))].filter((file) =>
    Fs.existsSync(file)
  )
  const program = ts.createProgram(files, {
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: []
  })
  const checker = program.getTypeChecker()
  const fields = pairs.flatMap(([file, name, ours]) => {
    const source = program.getSourceFile(Path.join(sdk, `${file}.d.ts`))
    const symbol = source && checker.getSymbolAtLocation(source)
    const declared = symbol && checker.getExportsOfModule(symbol).find((declared) => declared.name === name)
    const [module, member] = ours.split(".")
    const schema = Core[module]?.[member]
    if (declared === undefined) return [`${file} declares no ${name} any more`]
    if (schema === undefined) return [`core has no ${ours}`]
    return missingIn(checker, checker.getDeclaredTypeOfSymbol(declared), shapeOf(schema.ast)).map((problem) =>
      `${ours}${problem}`
    )
  })
  section("fields, tools, blocks and events", fields)

  const { default: Anthropic } = await import("@anthropic-ai/sdk")
  const resources = Object.entries(resourcesOf(new Anthropic({ apiKey: "none" })))
  const known = (path) => methods[path.replace(/^beta\./, "")]
  section(
    "methods",
    resources.flatMap(([path, names]) =>
      known(path) === undefined ? [] : without(names, Object.keys(known(path))).map((name) => `${path}.${name}`)
    )
  )
  const open = resources.filter(([path, names]) => known(path) === undefined && names.length > 0)
  section("resources without a module", [
    `${open.length}, with ${open.reduce((sum, [, names]) => sum + names.length, 0)} methods, reached with Raw: ` +
    `${[...new Set(open.map(([path]) => path.replace(/^beta\./, "").split(".")[0]))].join(", ")}`
  ])

  process.stdout.write(`drift from @anthropic-ai/sdk ${version}\n`)
  for (const [name, lines] of sections) {
    process.stdout.write(`${name}: ${lines.length === 0 ? "none" : ""}\n${lines.map((line) => `  ${line}\n`).join("")}`)
  }
}

if (import.meta.main) await main()
