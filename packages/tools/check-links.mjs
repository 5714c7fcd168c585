// Keeps the links of the documentation whole: every relative link leads to a file that is there, every anchor to a
// heading of it, and the index of the questions lists each of them.
//
// Usage: node packages/tools/check-links.mjs
import * as Fs from "node:fs"
import * as Path from "node:path"
import { glob, read, report, root } from "./workspace.mjs"

/** The text of a document without its code, line by line. */
const proseOf = (text) => {
  let fence = false
  return text.split("\n").map((line) => {
    const marks = /^\s*(?:```|~~~)/.test(line)
    if (marks) fence = !fence
    return marks || fence ? "" : line
  })
}

/** What a heading is called in a link, as GitHub has it. */
export const slugOf = (heading) =>
  heading
    .trim()
    .replace(/!?\[(?<text>[^\]]*)\]\([^)]*\)/g, "$<text>")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-")

/** The headings of a document, and the anchors they make; one that repeats is numbered. */
export const headingsOf = (text) => {
  const seen = new Map()
  return proseOf(text).flatMap((line) => {
    const heading = /^(?<level>#{1,6}) (?<title>.+?)\s*#*$/.exec(line)?.groups
    if (heading === undefined) return []
    const slug = slugOf(heading.title)
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return [{ ...heading, anchor: count === 0 ? slug : `${slug}-${count}` }]
  })
}

/** The targets of a document's links and images, with their lines. Code is not prose, in a line neither. */
export const linksOf = (text) =>
  proseOf(text).flatMap((line, index) =>
    [
      ...line.replace(/`[^`]*`/g, (code) => "`".repeat(code.length)).matchAll(/\]\(\s*<?(?<target>[^)\s>]+)>?[^)]*\)/g),
      ...line.matchAll(/^\[[^\]]+\]:\s*<?(?<target>[^\s>]+)/g)
    ].map(({ groups }) => ({ line: index + 1, target: groups.target }))
  )

/** What is wrong with the links of a document. `find` gives the text of a file, "" for a directory, or undefined. */
export const problemsIn = (file, text, find) =>
  linksOf(text).flatMap(({ line, target }) => {
    const at = `${file}:${line}`
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return []
    if (target.startsWith("/")) return [`${at} ${target}: a link is relative, so that it works everywhere`]
    const [path, anchor] = target.split("#", 2)
    const to = path === "" ? file : Path.posix.join(Path.posix.dirname(file), decodeURI(path))
    const found = path === "" ? text : find(to)
    if (found === undefined) return [`${at} ${target}: there is no ${to}`]
    if (anchor === undefined || !to.endsWith(".md")) return []
    return headingsOf(found).some((heading) => heading.anchor === anchor)
      ? []
      : [`${at} ${target}: there is no such heading in ${to}`]
  })

/** The questions that their index does not list, each a second-level heading that asks. */
export const missingIn = (index, documents) => {
  const listed = new Set(linksOf(index).map(({ target }) => target))
  return documents.flatMap(({ name, text }) =>
    headingsOf(text)
      .filter(({ level, title, anchor }) => level === "##" && title.endsWith("?") && !listed.has(`${name}#${anchor}`))
      .map(({ title, anchor }) => `docs/questions/README.md lacks [${title}](${name}#${anchor})`)
  )
}

const find = (file) => {
  const stat = Fs.statSync(Path.join(root, file), { throwIfNoEntry: false })
  return stat === undefined ? undefined : stat.isDirectory() ? "" : read(file)
}

const main = () => {
  const documents = ["*.md", "docs/**/*.md", "packages/*/README.md", "examples/**/*.md"].flatMap(glob)
  const questions = documents
    .filter((file) => /^docs\/questions\/(?!README)[^/]+\.md$/.test(file))
    .map((file) => ({ name: Path.posix.basename(file), text: read(file) }))
  report("links", [
    ...documents.flatMap((file) => problemsIn(file, read(file), find)),
    ...(questions.length === 0 ? [] : missingIn(find("docs/questions/README.md") ?? "", questions))
  ])
}

if (import.meta.main) main()
