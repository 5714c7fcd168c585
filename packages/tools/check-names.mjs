// Keeps the names in the prose of the documents true: `Module.member` in code quotes, of a module of ours, is an export
// of it or a field that it declares.
//
// Usage: node packages/tools/check-names.mjs
import { glob, modulesOf, publicPackages, read, report } from "./workspace.mjs"

/** The names written as code in a document, outside of its fences, with their lines. */
export const namesIn = (text) => {
  let fence = false
  return text.split("\n").flatMap((line, index) => {
    const marks = /^\s*```/.test(line)
    if (marks) fence = !fence
    if (marks || fence) return []
    return [...line.matchAll(/`(?<code>[^`]+)`/g)].flatMap(({ groups }) =>
      [...groups.code.matchAll(/(?<![\w./@-])(?<module>[A-Z]\w*)\.(?<member>[a-zA-Z]\w*)(?![\w]*\.\w)/g)].map((
        match
      ) => ({
        line: index + 1,
        module: match.groups.module,
        member: match.groups.member
      }))
    )
  })
}

/** What is wrong with the names of a document. `members` gives what a module has, or undefined if it is not ours. */
export const problemsIn = (file, text, members) =>
  namesIn(text)
    .filter(({ member, module }) => members(module)?.has(member) === false)
    .map(({ line, member, module }) => `${file}:${line} ${module} has no ${member}`)

const exportsOf = (pkg) =>
  read(`${pkg.dir}/exports.txt`)
    .split("\n")
    .flatMap((line) => /(?<module>\w+)\.(?<member>\w+) \(/.exec(line)?.groups ?? [])

const fieldsOf = (source) => [...source.matchAll(/readonly (?<field>\w+)\??:/g)].map(({ groups }) => groups.field)

const main = () => {
  const modules = new Map()
  for (const pkg of publicPackages.filter(({ manifest }) => manifest.bin === undefined)) {
    for (const module of modulesOf(pkg)) {
      const name = module.replace(/^.*\//, "").replace(/\.ts$/, "")
      modules.set(name, new Set([...(modules.get(name) ?? []), ...fieldsOf(read(`${pkg.dir}/src/${module}`))]))
    }
    for (const { member, module } of exportsOf(pkg)) modules.get(module)?.add(member)
  }
  // These are modules of Effect's, too, and of Effect's in most sentences.
  for (const name of ["Tool", "Schema"]) modules.delete(name)
  const documents = ["README.md", "docs/**/*.md", "packages/*/README.md"].flatMap(glob)
  report("names", documents.flatMap((file) => problemsIn(file, read(file), (name) => modules.get(name))))
}

if (import.meta.main) main()
