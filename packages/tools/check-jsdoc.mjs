// Checks that everything public is documented, and in one form.
//
// Every module opens with a header: prose and @since. Every export of a public module has one stand-alone paragraph,
// exactly one @category and one @since. Every field of an exported `…Options` interface says what it does.
//
// Usage: node packages/tools/check-jsdoc.mjs [package …]
import ts from "typescript-6"
import { glob, isInternal, isModule, publicPackages, read, report } from "./workspace.mjs"

const body = (comment) =>
  comment.replace(/^\/\*\*|\*\/$/g, "").split("\n").map((line) => line.replace(/^\s*\* ?/, "")).join("\n").trim()

/** The text before the first section or tag. */
const firstParagraph = (text) => {
  const paragraph = text.split(/\n\s*\n/, 1)[0].trim()
  return paragraph.startsWith("@") || paragraph.startsWith("**") || paragraph.startsWith("```") ? "" : paragraph
}

const tags = (text, tag) =>
  Array.from(text.matchAll(new RegExp(`^@${tag}(?: (?<value>.*))?$`, "gm")), ({ groups }) => groups.value)

/** The last doc comment before a node, which is the one that TypeScript shows. */
const docOf = (source, node) => {
  const comments = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? []
  const doc = comments.map(({ pos, end }) => source.text.slice(pos, end)).findLast((text) => text.startsWith("/**"))
  return doc === undefined ? undefined : body(doc)
}

const nameOf = (node) =>
  node.name?.getText() ?? node.declarationList?.declarations.map(({ name }) => name.getText()).join(", ") ??
    node.exportClause?.getText() ?? "export"

const isExported = (node) =>
  ts.isExportDeclaration(node) ||
  (ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))

const checkFields = (at, node, problems) => {
  const members = ts.isInterfaceDeclaration(node)
    ? node.members
    : ts.isTypeAliasDeclaration(node) && ts.isTypeLiteralNode(node.type)
    ? node.type.members
    : []
  const source = node.getSourceFile()
  for (const member of members) {
    if (ts.isPropertySignature(member) && (docOf(source, member) ?? "") === "") {
      problems.push(`${at(member)} option ${nameOf(node)}.${nameOf(member)} has no description`)
    }
  }
}

/** What is missing in one module; `exports` says whether its exports are public. */
export const problemsIn = (file, text, { exports }) => {
  const problems = []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const at = (node) => `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`

  const [header] = ts.getLeadingCommentRanges(text, text.startsWith("#!") ? text.indexOf("\n") : 0) ?? []
  const headerText = header === undefined ? "" : text.slice(header.pos, header.end)
  if (!headerText.startsWith("/**") || firstParagraph(body(headerText)) === "") {
    problems.push(`${file}:1 the module has no header saying what it is and what it guarantees`)
  } else if (tags(body(headerText), "since").length !== 1) {
    problems.push(`${file}:1 the header ends in one @since`)
  }
  if (!exports) return problems

  const documented = new Set()
  // `export { delete_ as delete }` is documented as a whole, or name by name.
  const exported = source.statements.filter(isExported).flatMap((node) =>
    ts.isExportDeclaration(node) && docOf(source, node) === undefined && node.exportClause !== undefined &&
      ts.isNamedExports(node.exportClause)
      ? node.exportClause.elements
      : [node]
  )
  for (const node of exported) {
    const name = nameOf(node)
    // Overloads share the comment of the first signature.
    if (ts.isFunctionDeclaration(node) && documented.has(name)) continue
    if (ts.isFunctionDeclaration(node)) documented.add(name)
    const doc = docOf(source, node)
    const isHeader = node === source.statements[0] && doc === body(headerText) &&
      (ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []).length === 1
    if (doc === undefined || isHeader) {
      problems.push(`${at(node)} ${name} has no doc comment`)
      continue
    }
    if (firstParagraph(doc) === "") problems.push(`${at(node)} ${name} has no opening paragraph`)
    for (const tag of ["category", "since"]) {
      const values = tags(doc, tag)
      if (values.length !== 1 || (values[0] ?? "").trim() === "") problems.push(`${at(node)} ${name} has one @${tag}`)
    }
    if (name.endsWith("Options")) checkFields(at, node, problems)
  }
  return problems
}

const main = () => {
  const only = process.argv.slice(2)
  const problems = publicPackages
    .filter(({ name }) => only.length === 0 || only.includes(name))
    .flatMap((pkg) =>
      glob(`${pkg.dir}/src/**/*.ts`)
        .filter((file) => !file.endsWith("/src/index.ts"))
        .flatMap((file) =>
          // The command line is a program: its modules are not imported by others.
          problemsIn(file, read(file), { exports: isModule(file) && !isInternal(file) && pkg.name !== "cli" })
        )
    )
  report("jsdoc", problems)
}

if (import.meta.main) main()
