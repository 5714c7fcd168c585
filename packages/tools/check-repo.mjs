// Keeps the repository as it should be found: no leftovers, no files that grew a second subject, nothing stray.
//
// Usage: node packages/tools/check-repo.mjs
import { execFileSync } from "node:child_process"
import { exists, glob, publicPackages, read, report, root } from "./workspace.mjs"

// --- the top level holds what a visitor expects

const topLevel = new Set([
  ".changeset",
  ".ci",
  ".editorconfig",
  ".gitattributes",
  ".github",
  ".gitignore",
  ".oxlintrc.json",
  "AGENTS.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "docs",
  "dprint.json",
  "examples",
  "package.json",
  "packages",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "tsconfig.base.json",
  "tsconfig.doctest.json",
  "tsconfig.json",
  "tsconfig.packages.json",
  "tsconfig.typetest.json",
  "tstyche.json",
  "vitest.config.ts",
  "vitest.setup.ts"
])

// --- no line that should not have stayed

const word = (...parts) => parts.join("")

/** The markers of what was left for later. */
export const leftovers = [word("TO", "DO"), word("FIX", "ME"), word("XX", "X"), word("HA", "CK")]

/** What leaves a test out, or runs it alone. */
export const leftOut = ["only", "skip", "todo"]

const rules = [
  {
    pattern: new RegExp(`\\b(?:${leftovers.join("|")})\\b`),
    says: "a leftover marker: do it, or say in the documentation what is not done"
  },
  {
    pattern: new RegExp(
      `\\b(?:it|test|describe|effect|live|prop)\\.(?:${leftOut.join("|")})\\(|\\b(?:xit|xdescribe|fdescribe)\\(`
    ),
    only: /\.(?:test|tst)\.ts$/,
    says: "a test that is left out or run alone"
  },
  {
    pattern: /@ts-(?:ignore|nocheck|expect-error)\b/,
    only: /^packages\/[^/]+\/src\//,
    says: "the compiler is switched off"
  },
  {
    pattern: /(?:oxlint|eslint)-disable(?!.* -- \S)|@effect-diagnostics(?!.* -- \S)/,
    only: /\.(?:ts|mjs)$/,
    says: "a rule is switched off without a reason: end the comment with -- why"
  },
  {
    pattern: /(?:^|[\s"'`(=:])(?:file:\/\/)?\/(?:home|root|Users|mnt|work|workspace)\/\w/,
    says: "a path of one machine"
  },
  {
    pattern: /\bissue #?\d+\b|(?:^|\s)#\d+\b(?=[\s.,)]|$)/i,
    not: /^\.changeset\/|\.(?:json|ya?ml)$/,
    says: "a number that means nothing in this repository"
  },
  { pattern: /[ \t]+$/, not: /\.md$/, says: "trailing space" },
  { pattern: /^(?:<{7}|>{7}|={7})(?:\s|$)/, says: "a merge that was not finished" }
]

const isText = /\.(?:ts|mjs|js|json|jsonc|md|ya?ml|txt|sh)$|^[^.]*$|\/run$/
const isSource = /^packages\/[^/]+\/src\/.*\.ts$/
const exempt = new Set(["pnpm-lock.yaml", "packages/tools/check-repo.mjs", "packages/tools/test/check-repo.test.mjs"])

/** What is wrong with one file. */
export const problemsIn = (file, text) => {
  if (!isText.test(file) || exempt.has(file)) return []
  const lines = text.split("\n")
  const applicable = rules.filter((rule) => (rule.only?.test(file) ?? true) && !(rule.not?.test(file) ?? false))
  const problems = lines.flatMap((line, index) =>
    applicable.filter(({ pattern }) => pattern.test(line)).map(({ says }) => `${file}:${index + 1} ${says}`)
  )
  if (isSource.test(file) && lines.length - 1 > 450) {
    problems.push(`${file} has ${lines.length - 1} lines: is there a second noun in there?`)
  }
  return problems
}

/** The TypeScript projects that `tsc -b` does not know of. */
const unreferenced = () => {
  const references = ["tsconfig.json", "tsconfig.packages.json"].flatMap((file) => JSON.parse(read(file)).references)
  const known = new Set(references.map(({ path }) => path.endsWith(".json") ? path : `${path}/tsconfig.json`))
  return glob("packages/*/tsconfig*.json").filter((file) => !known.has(file))
}

/** The libraries that documented examples could not import by name. */
const unnamed = () => {
  const { devDependencies } = JSON.parse(read("package.json"))
  return publicPackages
    .filter(({ manifest }) => manifest.bin === undefined && !(manifest.name in devDependencies))
    .map(({ manifest }) => manifest.name)
}

const main = () => {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8"
  })
  const files = listed.split("\n").filter((file) => file !== "" && exists(file))
  const entries = Array.from(new Set(files.map((file) => file.split("/", 1)[0])))
  const stray = entries.filter((entry) => !topLevel.has(entry))
  for (const file of files.filter((file) => isSource.test(file))) {
    const length = read(file).split("\n").length - 1
    if (length > 400 && length <= 450) process.stdout.write(`${file} has ${length} lines, of about 400\n`)
  }
  report("repository", [
    ...stray.map((entry) => `${entry} does not belong at the top level`),
    ...unreferenced().map((file) => `${file} is in no reference of tsconfig.json or tsconfig.packages.json`),
    ...unnamed().map((name) => `${name} is not among the devDependencies of package.json`),
    ...files.flatMap((file) => problemsIn(file, read(file)))
  ])
}

if (import.meta.main) main()
