// Checks that every line of the threat model in SECURITY.md names a test that exists.
//
// Usage: node packages/tools/check-security.mjs
import { exists, read, report } from "./workspace.mjs"

const row = /^\|[^|]+\|[^|]+\| \[[^\]]+\]\(([^)]+)\): "([^"]+)" +\|$/

/** Returns the problems of a threat model. `textOf` returns the text of a file, or undefined. */
export const problemsOf = (page, textOf) => {
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !/^\| (?:who|-)/.test(line))
  if (rows.length === 0) return ["SECURITY.md has no threat model"]
  return rows.flatMap((line) => {
    const [, file, title] = row.exec(line) ?? []
    if (file === undefined) return [`SECURITY.md names no test: ${line}`]
    const text = textOf(file)
    if (text === undefined) return [`SECURITY.md names ${file}, which does not exist`]
    return text.includes(title) ? [] : [`SECURITY.md names "${title}", which is not in ${file}`]
  })
}

if (import.meta.main) {
  report("security", problemsOf(read("SECURITY.md"), (file) => exists(file) ? read(file) : undefined))
}
