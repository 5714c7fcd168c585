// Turns every documented example into code that is type-checked and run, so documentation cannot go stale.
//
// Sources: each "```ts" fence after "**Example** (Title)" in the JSDoc of packages/*/src, and each "```ts" fence of
// README.md and docs/**/*.md. A fence is a module of its own, written to .doctest/ at the line numbers it has in its
// source, so that a compiler error or a stack trace points at the documentation.
//
//   ```ts                 type-checked and run; an unhandled failure fails the example
//   ```ts continues       as above, after the fences before it in the same document
//   ```ts no-run          type-checked only
//   ```ts skip (reason)   neither; the reason is required
//
// In a fence, `expression // => expected` and `const x = … // => expected` assert with Effect's `Equal`. An example
// that calls `runMain` is run as a program of its own.
//
// Usage: node scripts/extract-examples.mjs
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript-6"

const root = Path.resolve(import.meta.dirname, "..")
const outDir = Path.join(root, ".doctest")
const problems = []

const readLines = (file) => Fs.readFileSync(Path.join(root, file), "utf8").split("\n")

/** Finds the fences of a document, given its lines stripped of any comment decoration. */
const fencesOf = (file, lines) => {
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

const markdownFences = (file) => {
  const lines = readLines(file)
  return fencesOf(file, lines).map((fence) => {
    const heading = lines.slice(0, fence.line - 1).findLast((line) => /^#+ /.test(line))
    return { ...fence, title: heading?.replace(/^#+ /, "") ?? Path.basename(file) }
  })
}

const sourceFences = (file) => {
  const text = Fs.readFileSync(Path.join(root, file), "utf8")
  const lines = text.split("\n").map(() => undefined)
  for (const { 0: comment, index } of text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)) {
    const first = text.slice(0, index).split("\n").length - 1
    comment.split("\n").forEach((line, offset) => {
      lines[first + offset] = line.replace(/^\s*(?:\/\*\*|\*\/|\*)? ?/, "")
    })
  }
  return fencesOf(file, lines).map((fence) => {
    const before = lines.slice(0, fence.line - 1).findLastIndex((line) => line === undefined || /^\s*```$/.test(line))
    const title = lines.slice(before + 1, fence.line - 1)
      .map((line) => /\*\*Example\*\* \((?<title>.+)\)/.exec(line ?? "")?.groups.title)
      .findLast((title) => title !== undefined)
    if (title === undefined) {
      problems.push(`${file}:${fence.line} a fence in a doc comment follows **Example** (Title)`)
    }
    return { ...fence, title: title ?? "untitled" }
  })
}

/** Rewrites `statement // => expected` into an assertion, on the same line. */
const withAssertions = (fence) => {
  const code = fence.code.join("\n")
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true)
  const edits = []
  const visit = (node) => {
    const isExpression = ts.isExpressionStatement(node)
    const declarations = ts.isVariableStatement(node) ? node.declarationList.declarations : []
    if (isExpression || declarations.length === 1) {
      const rest = code.slice(node.end).split("\n", 1)[0]
      const expected = /^;?\s*\/\/ => (?<expected>.+)$/.exec(rest)?.groups.expected
      const at = JSON.stringify(`${fence.file}:${fence.line + source.getLineAndCharacterOfPosition(node.end).line + 1}`)
      if (expected !== undefined && isExpression) {
        const expression = node.expression.getText(source)
        const start = node.getStart(source)
        edits.push({ start, end: node.end, text: `;$doctest.equals(${expression}, ${expected}, ${at})` })
      } else if (expected !== undefined) {
        const name = declarations[0].name.getText(source)
        edits.push({ start: node.end, end: node.end, text: `;$doctest.equals(${name}, ${expected}, ${at})` })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  const asserted = edits.length
  const text = edits.toReversed().reduce(
    (text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end),
    code
  )
  const written = code.split("\n").filter((line) => /\/\/ => /.test(line)).length
  if (written !== asserted) {
    problems.push(
      `${fence.file}:${fence.line} "// =>" stands on the last line of a statement (${asserted} of ${written} do)`
    )
  }
  return text
}

const write = (path, text) => {
  Fs.mkdirSync(Path.dirname(path), { recursive: true })
  Fs.writeFileSync(path, text)
}

const counts = { run: 0, checked: 0, skipped: 0 }

const emit = (file, fences) => {
  const base = Path.join(outDir, file.replace(/\.(?:ts|md)$/, ""))
  const up = Path.relative(Path.dirname(base), outDir) || "."
  const tests = []
  const sofar = []
  let index = 0
  for (const fence of fences) {
    const at = `${file}:${fence.line}`
    if (/^(?:typescript|tsx|js|javascript|mjs)$/.test(fence.language)) {
      problems.push(`${at} code is marked "ts", so that it is checked`)
    }
    if (fence.language !== "ts") continue
    const skip = /^skip(?: \((?<reason>.+)\))?$/.exec(fence.mode)
    if (skip !== null) {
      if (skip.groups.reason === undefined) problems.push(`${at} a skipped example says why: \`\`\`ts skip (reason)`)
      counts.skipped++
      process.stdout.write(`skipped ${at}: ${skip.groups.reason ?? "no reason"}\n`)
      continue
    }
    if (!["", "continues", "no-run"].includes(fence.mode)) problems.push(`${at} unknown mark "${fence.mode}"`)
    if (fence.mode !== "continues") sofar.length = 0
    sofar.push({ line: fence.line, text: withAssertions(fence) })
    const lines = [`import * as $doctest from "${up}/runtime.ts"; void $doctest`]
    for (const { line, text } of sofar) {
      while (lines.length < line) lines.push("")
      lines.push(...text.split("\n"))
    }
    index++
    const name = `${Path.basename(base)}.${index}.ts`
    const code = `${lines.join("\n")}\n`
    write(Path.join(Path.dirname(base), name), code)
    if (fence.mode === "no-run") {
      counts.checked++
      continue
    }
    counts.run++
    const run = /\brunMain\b/.test(code)
      ? `() => Doctest.program(new URL("./${name}", import.meta.url))`
      : `() => import("./${name}")`
    tests.push(`test(${JSON.stringify(`${fence.title} (line ${fence.line})`)}, ${run})`)
  }
  if (tests.length > 0) {
    const head = [`import { test } from "vitest"`, `import * as Doctest from "${up}/runtime.ts"`, "void Doctest"]
    write(`${base}.test.ts`, `${[...head, ...tests].join("\n")}\n`)
  }
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

Fs.rmSync(outDir, { recursive: true, force: true })
write(Path.join(outDir, "runtime.ts"), runtime)

const glob = (pattern) => Fs.globSync(pattern, { cwd: root }).map((file) => file.replaceAll("\\", "/")).toSorted()

for (const file of glob("packages/*/src/**/*.ts")) emit(file, sourceFences(file))
for (const file of [...glob("README.md"), ...glob("packages/*/README.md"), ...glob("docs/**/*.md")]) {
  if (!file.includes("node_modules")) emit(file, markdownFences(file))
}

process.stdout.write(`examples: ${counts.run} run, ${counts.checked} type-checked only, ${counts.skipped} skipped\n`)
if (problems.length > 0) {
  process.stderr.write(`${problems.join("\n")}\n`)
  process.exit(1)
}
