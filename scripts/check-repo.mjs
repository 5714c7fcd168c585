// Keeps the repository as it should be found: no leftovers, no files that grew a second subject, nothing stray.
//
// Usage: node scripts/check-repo.mjs
import { execFileSync } from "node:child_process"
import { exists, read, report, root } from "./workspace.mjs"

const problems = []

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8"
})
  .split("\n")
  .filter((file) => file !== "" && exists(file))

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
  "scripts",
  "tsconfig.base.json",
  "tsconfig.doctest.json",
  "tsconfig.json",
  "tsconfig.packages.json",
  "tsconfig.typetest.json",
  "tstyche.json",
  "vitest.config.ts",
  "vitest.setup.ts"
])

for (const entry of new Set(files.map((file) => file.split("/", 1)[0]))) {
  if (!topLevel.has(entry)) problems.push(`${entry} does not belong at the top level`)
}

// --- no line that should not have stayed

const word = (...parts) => parts.join("")
const rules = [
  {
    pattern: new RegExp(
      `\\b(?:${[word("TO", "DO"), word("FIX", "ME"), word("XX", "X"), word("HA", "CK")].join("|")})\\b`
    ),
    says: "a leftover marker: do it, or say in the documentation what is not done"
  },
  {
    pattern: /\b(?:it|test|describe|effect|live|prop)\.(?:only|skip|todo)\(|\b(?:xit|xdescribe|fdescribe)\(/,
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
const exempt = new Set(["pnpm-lock.yaml", "scripts/check-repo.mjs"])

for (const file of files) {
  if (!isText.test(file) || exempt.has(file)) continue
  const applicable = rules.filter((rule) => (rule.only?.test(file) ?? true) && !(rule.not?.test(file) ?? false))
  read(file).split("\n").forEach((line, index) => {
    for (const rule of applicable) {
      if (rule.pattern.test(line)) problems.push(`${file}:${index + 1} ${rule.says}`)
    }
  })
}

// --- one subject per file

for (const file of files) {
  if (!/^packages\/[^/]+\/src\/.*\.ts$/.test(file)) continue
  const length = read(file).split("\n").length - 1
  if (length > 450) problems.push(`${file} has ${length} lines: is there a second noun in there?`)
  else if (length > 400) process.stdout.write(`${file} has ${length} lines, of about 400\n`)
}

report("repository", problems)
