// Turns every documented example into code that is type-checked and run, so documentation cannot go stale.
//
// Sources: each "```ts" fence after "**Example** (Title)" in the JSDoc of packages/*/src, and each "```ts" fence of
// README.md and docs/**/*.md. A fence is a module of its own, written to .doctest/ at the line numbers it has in its
// source, so that a compiler error or a stack trace points at the documentation.
//
//   ```ts                 type-checked and run; an unhandled failure fails the example
//   ```ts continues       as above, after the fences before it in the same document
//   ```ts no-run          type-checked only
//   ```ts file=name.ts    type-checked under that name, which fences of the same directory import; a name that ends in
//                         .test.ts is run as a test of its own
//   ```ts skip (reason)   neither; the reason is required
//
// In a fence, `expression // => expected` and `const x = … // => expected` assert with Effect's `Equal`; the comment may
// stand on the next line. An example that calls `runMain` is run as a program of its own.
//
// Usage: node packages/tools/extract-examples.mjs
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript-6"
import { glob, read, root } from "./workspace.mjs"

/**
 * Finds the fences of a document, given its lines without any comment decoration; `undefined` stands for a line that is
 * not documentation.
 */
const fencesOf = (file, lines, problems) => {
  const fences = []
  let open
  lines.forEach((line, index) => {
    if (line === undefined) return
    const fence = /^(?<indent>\s*)```(?<info>.*)$/.exec(line)
    if (open !== undefined) {
      if (fence !== null && fence.groups.info.trim() === "") {
        fences.push(open)
        open = undefined
      } else {
        open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart())
      }
    } else if (fence !== null) {
      const [language = "", ...mode] = fence.groups.info.trim().split(/\s+/)
      open = { file, language, mode: mode.join(" "), indent: fence.groups.indent, line: index + 1, code: [] }
    }
  })
  if (open !== undefined) problems.push(`${file}:${open.line} this fence is never closed`)
  return fences
}

const markdownFences = (file, text, problems) => {
  const lines = text.split("\n")
  return fencesOf(file, lines, problems).map((fence) => {
    const heading = lines.slice(0, fence.line - 1).findLast((line) => /^#+ /.test(line))
    return { ...fence, title: heading?.replace(/^#+ /, "") ?? Path.basename(file) }
  })
}

const sourceFences = (file, text, problems) => {
  const lines = text.split("\n").map(() => undefined)
  for (const { 0: comment, index } of text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)) {
    const first = text.slice(0, index).split("\n").length - 1
    comment.split("\n").forEach((line, offset) => {
      lines[first + offset] = line.replace(/^\s*(?:\/\*\*|\*\/|\*)? ?/, "")
    })
  }
  return fencesOf(file, lines, problems).map((fence) => {
    const before = lines.slice(0, fence.line - 1).findLastIndex((line) => line === undefined || /^\s*```$/.test(line))
    const title = lines.slice(before + 1, fence.line - 1)
      .map((line) => /\*\*Example\*\* \((?<title>.+)\)/.exec(line ?? "")?.groups.title)
      .findLast((title) => title !== undefined)
    if (title === undefined && fence.language !== "text") {
      problems.push(`${file}:${fence.line} a fence in a doc comment follows **Example** (Title)`)
    }
    return { ...fence, title: title ?? "untitled" }
  })
}

/** Turns `statement // => expected` into an assertion, leaving every line where it is. */
const withAssertions = (fence, problems) => {
  const code = fence.code.join("\n")
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true)
  const insertions = []
  let asserted = 0
  const visit = (node) => {
    const isExpression = ts.isExpressionStatement(node)
    const declarations = ts.isVariableStatement(node) ? node.declarationList.declarations : []
    const [rest = "", next = ""] = code.slice(node.end).split("\n", 2)
    const expected = (/^;?\s*\/\/ => (?<expected>.+)$/.exec(rest) ??
      (/^;?\s*$/.test(rest) ? /^\s*\/\/ => (?<expected>.+)$/.exec(next) : null))?.groups.expected
    const at = JSON.stringify(`${fence.file}:${fence.line + source.getLineAndCharacterOfPosition(node.end).line + 1}`)
    if (expected !== undefined && isExpression) {
      asserted++
      const { expression } = node
      insertions.push({ at: expression.getStart(source), text: ";$doctest.equals((" })
      insertions.push({ at: expression.end, text: `), ${expected}, ${at})` })
    } else if (expected !== undefined && declarations.length === 1) {
      asserted++
      insertions.push({
        at: node.end,
        text: `;$doctest.equals(${declarations[0].name.getText(source)}, ${expected}, ${at})`
      })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  const written = fence.code.filter((line) => /\/\/ => /.test(line)).length
  if (written !== asserted) {
    problems.push(
      `${fence.file}:${fence.line} "// =>" stands right behind a statement or below it (${asserted} of ${written} do)`
    )
  }
  return insertions
    .toSorted((left, right) => right.at - left.at)
    .reduce((text, { at, text: insertion }) => text.slice(0, at) + insertion + text.slice(at), code)
}

/** What one document comes to: modules to check, the test that runs some of them, and what is wrong with it. */
export const extract = (file, text) => {
  const problems = []
  const fences = file.endsWith(".md") ? markdownFences(file, text, problems) : sourceFences(file, text, problems)
  const base = file.replace(/\.(?:ts|md)$/, "")
  const up = base.split("/").slice(1).map(() => "..").join("/") || "."
  const outputs = []
  const tests = []
  const skipped = []
  const before = []
  let checked = 0
  let asTests = 0
  for (const fence of fences) {
    const at = `${file}:${fence.line}`
    if (/^(?:typescript|tsx|js|javascript|mjs)$/.test(fence.language)) {
      problems.push(`${at} code is marked "ts", so that it is checked`)
    }
    if (fence.language !== "ts") continue
    const skip = /^skip(?: \((?<reason>.+)\))?$/.exec(fence.mode)
    if (skip !== null) {
      if (skip.groups.reason === undefined) problems.push(`${at} a skipped example says why: \`\`\`ts skip (reason)`)
      skipped.push(`${at}: ${skip.groups.reason ?? "no reason"}`)
      continue
    }
    const named = /^file=(?<name>[\w.-]+\.ts)$/.exec(fence.mode)?.groups.name
    if (named === undefined && !["", "continues", "no-run"].includes(fence.mode)) {
      problems.push(`${at} unknown mark "${fence.mode}"`)
    }
    if (fence.mode !== "continues") before.length = 0
    before.push({ line: fence.line, text: withAssertions(fence, problems) })
    const lines = [`import * as $doctest from "${up}/runtime.ts"; void $doctest`]
    for (const { line, text } of before) {
      while (lines.length < line) lines.push("")
      lines.push(...text.split("\n"))
    }
    const path = named === undefined
      ? `${base}.${outputs.length + 1}.ts`
      : Path.posix.join(Path.posix.dirname(base), named)
    const code = `${lines.join("\n")}\n`
    outputs.push({ path, code })
    if (fence.mode === "no-run" || named !== undefined) {
      if (named?.endsWith(".test.ts")) asTests++
      else checked++
      continue
    }
    const module = `./${Path.posix.basename(path)}`
    const run = /\brunMain\b/.test(code)
      ? `() => $doctest.program(new URL("${module}", import.meta.url))`
      : `() => import("${module}")`
    tests.push(`test(${JSON.stringify(`${fence.title} (line ${fence.line})`)}, ${run})`)
  }
  if (tests.length > 0) {
    const head = ["import { test } from \"vitest\"", `import * as $doctest from "${up}/runtime.ts"; void $doctest`]
    outputs.push({ path: `${base}.test.ts`, code: `${[...head, ...tests].join("\n")}\n` })
  }
  return { outputs, problems, skipped, checked, run: tests.length + asTests }
}

const runtime = `import * as Assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Equal from "effect/Equal"

/** Fails unless both are equal to Effect; the difference is shown as Node shows it. */
export const equals = (actual: unknown, expected: unknown, at: string): void => {
  if (Equal.equals(actual, expected)) return
  Assert.deepEqual(actual, expected, undefined)
  Assert.fail(\`\${at}: alike in shape, but not equal to Effect\`)
}

/** Runs an example as a program: it has to end by itself, and well. */
export const program = (file: URL): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [fileURLToPath(file)], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve()
      else reject(new Error(\`\${error.message}\\n\${stdout}\\n\${stderr}\`))
    })
  })
`

const main = () => {
  const outDir = Path.join(root, ".doctest")
  const write = (path, text) => {
    Fs.mkdirSync(Path.dirname(Path.join(outDir, path)), { recursive: true })
    Fs.writeFileSync(Path.join(outDir, path), text)
  }
  Fs.rmSync(outDir, { recursive: true, force: true })
  write("runtime.ts", runtime)

  const documents = ["packages/*/src/**/*.ts", "README.md", "packages/*/README.md", "docs/**/*.md"].flatMap(glob)
  const all = documents.map((file) => extract(file, read(file)))
  for (const { path, code } of all.flatMap(({ outputs }) => outputs)) write(path, code)

  const sum = (count) => all.reduce((total, document) => total + count(document), 0)
  const skipped = all.flatMap((document) => document.skipped)
  for (const line of skipped) process.stdout.write(`skipped ${line}\n`)
  process.stdout.write(
    `examples: ${sum(({ run }) => run)} run, ${
      sum(({ checked }) => checked)
    } type-checked only, ${skipped.length} skipped\n`
  )
  const problems = all.flatMap((document) => document.problems)
  if (problems.length > 0) {
    process.stderr.write(`${problems.join("\n")}\n`)
    process.exitCode = 1
  }
}

if (import.meta.main) main()
