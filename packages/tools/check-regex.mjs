// Checks that every regular expression of the published sources takes linear time, whatever text it is given.
//
// Text from servers, models and files is matched by many of them, and one that backtracks stops the process. A checker
// proves each safe or finds a text that makes it slow. What it cannot decide in time is refused too: write it simpler.
//
// Usage: node packages/tools/check-regex.mjs
import * as Fs from "node:fs"
import * as Path from "node:path"
import { check } from "recheck"
import ts from "typescript-6"
import { publicPackages, root } from "./workspace.mjs"

/** Returns the regular expressions of a source: literals, and constructors that are given literal text. */
export const expressionsOf = (path, text) => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found = []
  const add = (node, pattern, flags) =>
    found.push({ line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, pattern, flags })
  const visit = (node) => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/")
      add(node, node.text.slice(1, end), node.text.slice(end + 1))
    } else if (
      (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === "RegExp" &&
      node.arguments?.[0] !== undefined && ts.isStringLiteralLike(node.arguments[0])
    ) {
      const flags = node.arguments[1]
      add(node, node.arguments[0].text, flags !== undefined && ts.isStringLiteralLike(flags) ? flags.text : "")
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Returns what is wrong with an expression, or undefined. */
export const problemOf = async ({ flags, pattern }) => {
  const { attack, checker, complexity, error, status } = await check(pattern, flags, { timeout: 20_000 })
  if (status === "safe") return undefined
  return status === "vulnerable"
    ? `takes ${complexity.summary} time, for example on ${attack.pattern.slice(0, 100)}`
    : `cannot be decided (${error?.kind ?? checker}); write it simpler`
}

/** What was found safe before, so that only new expressions take time. */
const cache = Path.join(root, "node_modules/.cache/effect-claude/regex.json")

const main = async () => {
  const safe = new Set(Fs.existsSync(cache) ? JSON.parse(Fs.readFileSync(cache, "utf8")) : [])
  const problems = []
  let count = 0
  for (const { dir } of publicPackages) {
    for (const file of Fs.globSync(`${dir}/src/**/*.ts`, { cwd: root })) {
      for (const expression of expressionsOf(file, Fs.readFileSync(Path.join(root, file), "utf8"))) {
        count++
        const key = `/${expression.pattern}/${expression.flags}`
        const problem = safe.has(key) ? undefined : await problemOf(expression)
        if (problem === undefined) safe.add(key)
        if (problem !== undefined) {
          problems.push(`${file}:${expression.line} ${key} ${problem}`)
        }
      }
    }
  }
  Fs.mkdirSync(Path.dirname(cache), { recursive: true })
  Fs.writeFileSync(cache, JSON.stringify(Array.from(safe)))
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.stdout.write(
    `regular expressions: ${problems.length === 0 ? `ok (${count})` : `${problems.length} of ${count} to mend`}\n`
  )
  if (problems.length > 0) process.exitCode = 1
}

if (process.argv[1] === import.meta.filename) await main()
