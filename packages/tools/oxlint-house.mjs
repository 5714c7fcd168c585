// Lint rules for library source that the stock ones cannot express.
//
// - house/imports: what each package may import, and that nobody imports a barrel.
// - house/no-throw: failures are typed values, defects are bugs; neither is thrown.
// - house/no-blind-cast: `as any`, `as never` and `as unknown as X` switch the compiler off.
// - house/no-hidden-cast: what `JSON.parse` returns is `unknown`, and no function gives its caller any type it likes.
// - house/no-run: effects are returned, not run; only the outermost program runs them.
// - house/dual: an exported function of `self` and more can be called either way round.

/** Effect's domain folders; each has a barrel of the same name. */
const domains = [
  "ai",
  "cli",
  "cluster",
  "crypto",
  "devtools",
  "encoding",
  "eventlog",
  "graphql",
  "http",
  "http-api",
  "net",
  "observability",
  "persistence",
  "process",
  "reactivity",
  "rpc",
  "schema",
  "socket",
  "sql",
  "testing",
  "workers",
  "workflow"
]

const barrels = new Set([
  "effect",
  ...domains.map((domain) => `effect/${domain}`),
  "@effect/platform-node",
  "@effect-claude/core",
  "@effect-claude/http",
  "@effect-claude/session",
  "@effect-claude/testing",
  "@effect-claude/ai",
  "effect-claude"
])

const isNodeOnly = (source) =>
  source.startsWith("node:") || source === "undici" || source.startsWith("@effect/platform-node") ||
  /^@effect-claude\/(?:http|session)\/node\//.test(source)

/** effect/ai is the adapter's alone; an agent of session speaks of tools in its words. */
const isAi = (source) => source.startsWith("effect/ai/")
const isToolOfAi = (source) => /^effect\/ai\/(?:Tool|Toolkit|AiError|Prompt)$/.test(source)

const isOfCluster = (source) => source.startsWith("effect/cluster/") || source.startsWith("effect/rpc/")

/** Arrows between packages. `package.json` enforces them too; this says why. */
const layers = {
  core: {
    forbids: (source) =>
      isNodeOnly(source) || domains.some((domain) => domain !== "encoding" && source.startsWith(`effect/${domain}/`)) ||
      source.startsWith("@effect-claude/"),
    message: "core is pure: stable modules of `effect`, its encodings, and files of its own."
  },
  http: {
    forbids: (source, file) =>
      (isNodeOnly(source) && !file.includes("/src/node/")) || isAi(source) ||
      /^@effect-claude\/(?:session|testing|ai)\//.test(source),
    message: "http runs everywhere: Node belongs in src/node, effect/ai in ai, and only core lies below it."
  },
  session: {
    forbids: (source, file) =>
      (isNodeOnly(source) && !file.includes("/src/node/")) || (isAi(source) && !isToolOfAi(source)) ||
      /^@effect-claude\/(?:testing|ai)\//.test(source) ||
      (isOfCluster(source) && !file.endsWith("/SessionEntity.ts")),
    message:
      "session runs everywhere: Node belongs in src/node. It may import core, http and effect/ai's modules for " +
      "tools; its entity alone knows the cluster."
  },
  ai: {
    forbids: (source) => isNodeOnly(source) || /^@effect-claude\/(?:session|testing)\//.test(source),
    message: "ai may import core and http."
  },
  testing: {
    forbids: (source) =>
      isAi(source) || /^@effect-claude\/(?:http|session|ai)\//.test(source) || source.startsWith("@anthropic-ai/"),
    message: "testing may import core only: http and session use it in their own tests."
  }
}

const locate = (filename) => {
  const file = filename.replaceAll("\\", "/")
  const match = /\/packages\/(?<name>[^/]+)\/src\//.exec(file)
  return match === null ? undefined : { file, name: match.groups.name }
}

const imports = {
  create(context) {
    const place = locate(context.filename)
    if (place === undefined) return {}
    const layer = layers[place.name]
    const check = (node) => {
      const source = node.source?.value
      if (typeof source !== "string") return
      if (barrels.has(source)) {
        const from = source.startsWith("effect") && source !== "effect-claude" ? "effect/Effect" : `${source}/Module`
        context.report({ node, message: `Import one module, not the barrel: import * as Module from "${from}".` })
      } else if (/^\.{1,2}\/(?:.*\/)?index(?:\.ts)?$/.test(source)) {
        context.report({ node, message: "Import the module itself, not the barrel beside it." })
      } else if (source.startsWith(".") && !source.endsWith(".ts")) {
        context.report({ node, message: `Relative imports name the file: "${source}.ts".` })
      } else if (layer?.forbids(source, place.file)) {
        context.report({ node, message: `"${source}" may not be imported here: ${layer.message}` })
      }
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check
    }
  }
}

const noThrow = {
  create: (context) => ({
    ThrowStatement(node) {
      context.report({ node, message: "Fail with a typed error instead of throwing." })
    }
  })
}

const isKeyword = (type, ...names) => names.includes(type?.type)

const noBlindCast = {
  create: (context) => ({
    TSAsExpression(node) {
      const isBlind = isKeyword(node.typeAnnotation, "TSAnyKeyword", "TSNeverKeyword") ||
        (node.expression.type === "TSAsExpression" && isKeyword(node.expression.typeAnnotation, "TSUnknownKeyword"))
      if (isBlind) {
        context.report({ node, message: "Change the types until the compiler agrees, instead of casting." })
      }
    }
  })
}

const isReference = (type, name) =>
  type?.type === "TSTypeReference" && type.typeName.type === "Identifier" && type.typeName.name === name

/** The types under which a result of `JSON.parse` may go on: nothing is claimed of it. */
const claimsNothing = (context, annotation) => {
  const type = annotation?.typeAnnotation
  return isKeyword(type, "TSUnknownKeyword") ||
    (type !== undefined && /^(?:Schema\.)?Json$/.test(context.sourceCode.getText(type)))
}

const isFunction = ({ type }) =>
  type === "ArrowFunctionExpression" || type === "FunctionExpression" || type === "FunctionDeclaration"

/** Whether a result of `JSON.parse` is declared as unknown where it first goes. */
const isDeclaredUnknown = (context, node) => {
  const { parent } = node
  switch (parent.type) {
    case "ConditionalExpression":
    case "LogicalExpression":
    case "ParenthesizedExpression":
      return isDeclaredUnknown(context, parent)
    case "VariableDeclarator":
      return claimsNothing(context, parent.id.typeAnnotation)
    case "TSAsExpression":
      return isKeyword(parent.typeAnnotation, "TSUnknownKeyword")
    case "ArrowFunctionExpression":
      return claimsNothing(context, parent.returnType)
    case "ReturnStatement": {
      let outer = parent
      while (!isFunction(outer)) outer = outer.parent
      return claimsNothing(context, outer.returnType)
    }
    default:
      return false
  }
}

/** The type parameter that a function returns though none of its parameters mentions it. */
const inventedType = (context, node) => {
  const parameters = node.typeParameters?.params ?? []
  const taken = node.params.map((param) => context.sourceCode.getText(param)).join(" ")
  const invented = parameters.map(({ name }) => name.name).find((name) =>
    isReference(node.returnType?.typeAnnotation, name) && !new RegExp(`\\b${name}\\b`).test(taken)
  )
  return node.params.length === 0 ? undefined : invented
}

const noHiddenCast = {
  create(context) {
    const check = (node) => {
      const name = inventedType(context, node)
      if (name === undefined) return
      context.report({
        node,
        message: `A caller can choose any ${name}: this is a cast. Check the value, or return unknown.`
      })
    }
    return {
      ArrowFunctionExpression: check,
      FunctionDeclaration: check,
      FunctionExpression: check,
      TSDeclareFunction: check,
      CallExpression(node) {
        const { callee } = node
        const isParse = callee.type === "MemberExpression" && callee.object.type === "Identifier" &&
          callee.object.name === "JSON" && callee.property.name === "parse"
        if (isParse && !isDeclaredUnknown(context, node)) {
          context.report({ node, message: "What JSON.parse returns is unknown: declare it so, and check it." })
        }
      }
    }
  }
}

const runners = new Set(["runPromise", "runPromiseExit", "runFork", "runSync", "runSyncExit", "runCallback"])

const noRun = {
  create: (context) => ({
    MemberExpression(node) {
      if (node.object.type === "Identifier" && node.object.name === "Effect" && runners.has(node.property.name)) {
        context.report({ node, message: "Return the effect; the program that composes it runs it." })
      }
    }
  })
}

const takesSelf = (node) =>
  (node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression" ||
    node?.type === "FunctionDeclaration") && node.params.length > 1 && node.params[0].name === "self"

const dual = {
  create(context) {
    const place = locate(context.filename)
    if (place === undefined || place.file.includes("/internal/")) return {}
    const message = "Combinators on a `self` are dual: data first and data last."
    return {
      ExportNamedDeclaration(node) {
        if (takesSelf(node.declaration)) context.report({ node, message })
        for (const declarator of node.declaration?.declarations ?? []) {
          if (takesSelf(declarator.init)) context.report({ node: declarator, message })
        }
      }
    }
  }
}

export default {
  meta: { name: "house" },
  rules: {
    imports,
    "no-throw": noThrow,
    "no-blind-cast": noBlindCast,
    "no-hidden-cast": noHiddenCast,
    "no-run": noRun,
    dual
  }
}
