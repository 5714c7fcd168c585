// Writes exports.txt of every library package: the names it makes public, one a line, so that a change of the public
// surface is a line in a diff and not an accident.
//
// Usage: node packages/tools/codegen-surface.mjs [--check]
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript-6"
import { exists, modulesOf, publicPackages, read, report, root } from "./workspace.mjs"

const kindOf = (node) => {
  if (ts.isInterfaceDeclaration(node)) return "interface"
  if (ts.isTypeAliasDeclaration(node)) return "type"
  if (ts.isClassDeclaration(node)) return "class"
  if (ts.isFunctionDeclaration(node)) return "function"
  if (ts.isModuleDeclaration(node)) return "namespace"
  return "const"
}

/** The exports of a module, each with what it is: `add` is a const, `Usage` an interface and a const. */
export const exportsOf = (path, text) => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found = new Map()
  const add = (name, kind) => found.set(name, (found.get(name) ?? new Set()).add(kind))
  for (const node of source.statements) {
    if (ts.isExportDeclaration(node)) {
      const { exportClause } = node
      if (exportClause === undefined) add(`* from ${node.moduleSpecifier.getText()}`, "export")
      else if (ts.isNamespaceExport(exportClause)) add(exportClause.name.text, "namespace")
      else for (const { name } of exportClause.elements) add(name.text, "export")
      continue
    }
    const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) ?? [] : []
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue
    const declared = ts.isVariableStatement(node) ? node.declarationList.declarations : [node]
    for (const { name } of declared) add(name.getText(source), kindOf(node))
  }
  return Array.from(found, ([name, kinds]) => `${name} (${Array.from(kinds).join(", ")})`).toSorted()
}

const main = () => {
  const problems = []
  // The command line is a program: its modules are not imported by others.
  for (const pkg of publicPackages.filter(({ manifest }) => manifest.bin === undefined)) {
    const lines = modulesOf(pkg).flatMap((path) => {
      const module = path.replace(/\.ts$/, "")
      return exportsOf(path, read(`${pkg.dir}/src/${path}`)).map((line) => `${module}.${line}`)
    })
    const text = lines.map((line) => `${line}\n`).join("")
    const file = `${pkg.dir}/exports.txt`
    if (exists(file) ? read(file) === text : text === "") continue
    if (process.argv.includes("--check")) {
      problems.push(`${file}: the public surface is not the one written there; pnpm codegen, then read the difference`)
    } else Fs.writeFileSync(Path.join(root, file), text)
  }
  report("surface", problems)
}

if (import.meta.main) main()
