// Tries a seeded sample of mutations: changes one place in a source file, runs the tests that belong to the file, and
// lists the changes that no test notices. The file is restored, also when the run is interrupted.
//
// Usage: node packages/tools/mutate.mjs [seed] [count] [glob]
//        node packages/tools/mutate.mjs 7 20 packages/core/src/internal/rules/*.ts
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { bin, exists, glob, read, root, shell } from "./workspace.mjs"

/** Pairs of code that a test should tell apart. */
const swaps = [
  [" === ", " !== "],
  [" !== ", " === "],
  [" && ", " || "],
  [" || ", " && "],
  [" < ", " <= "],
  [" <= ", " < "],
  [" > ", " >= "],
  [" >= ", " > "],
  [" + 1", " + 2"],
  [" - 1", " - 2"],
  ["true", "false"],
  ["false", "true"],
  ["Math.min(", "Math.max("],
  ["Math.max(", "Math.min("]
]

/** The places where a text can be changed, outside of comments and imports: an offset, what is there, what replaces it. */
export const mutationsOf = (text) => {
  const found = []
  let offset = 0
  for (const line of text.split("\n")) {
    if (!/^\s*(?:\/?\*|\/\/|import |export (?:type|interface) )/.test(line)) {
      for (const [from, to] of swaps) {
        for (let at = line.indexOf(from); at !== -1; at = line.indexOf(from, at + 1)) {
          const isWord = /^\w+$/.test(from)
          if (isWord && /\w/.test(`${line[at - 1] ?? ""}${line[at + from.length] ?? ""}`)) continue
          found.push({ offset: offset + at, from, to, line: text.slice(0, offset).split("\n").length })
        }
      }
    }
    offset += line.length + 1
  }
  return found
}

export const apply = (text, { from, offset, to }) => text.slice(0, offset) + to + text.slice(offset + from.length)

/** The tests of a source file: the file of its own name, or those of the nearest folder above that is a module. */
export const testsOf = (file, has) => {
  const [, name, inner] = /^packages\/([^/]+)\/src\/(.*)\.ts$/.exec(file) ?? []
  if (inner === undefined) return undefined
  const test = (path) => `packages/${name}/test/${path}.test.ts`
  if (has(test(inner))) return [test(inner)]
  const parts = inner.split("/").filter((part) => part !== "internal").slice(0, -1)
  for (; parts.length > 0; parts.pop()) {
    const module = `${parts.join("/").replace(/(^|\/)\w(?=[^/]*$)/, (at) => at.toUpperCase())}`
    if (has(test(module))) return [test(module)]
  }
  return undefined
}

/** Draws numbers below 1 from a seed. */
const drawing = (seed) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const main = () => {
  const [seed = "0", count = "20", pattern = "packages/*/src/**/*.ts"] = process.argv.slice(2)
  const draw = drawing(Number(seed))
  const all = glob(pattern).flatMap((file) => {
    const tests = testsOf(file, exists)
    return tests === undefined ? [] : mutationsOf(read(file)).map((mutation) => ({ file, tests, ...mutation }))
  })
  const sample = all.map((each) => ({ each, at: draw() })).toSorted((a, b) => a.at - b.at)
    .slice(0, Number(count)).map(({ each }) => each)
  const survivors = []
  for (const mutation of sample) {
    const path = Path.join(root, mutation.file)
    const original = read(mutation.file)
    const restore = () => Fs.writeFileSync(path, original)
    process.once("exit", restore)
    Fs.writeFileSync(path, apply(original, mutation))
    const { status } = spawnSync(bin("vitest"), ["run", ...mutation.tests], { cwd: root, shell, stdio: "ignore" })
    restore()
    process.off("exit", restore)
    const shown = `${mutation.file}:${mutation.line} ${mutation.from.trim()} -> ${mutation.to.trim()}`
    process.stdout.write(`${status === 0 ? "SURVIVED" : "killed  "} ${shown}\n`)
    if (status === 0) survivors.push(shown)
  }
  process.stdout.write(
    `${sample.length} of ${all.length} mutations tried with seed ${seed}, ${survivors.length} survived\n`
  )
  if (survivors.length > 0) process.exitCode = 1
}

if (import.meta.main) {
  process.on("SIGINT", () => process.exit(130))
  process.on("SIGTERM", () => process.exit(143))
  main()
}
