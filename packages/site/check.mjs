// Follows every link of the built site that stays within it: there is a page, and on it the place it names.
//
// Usage: node check.mjs
import * as Fs from "node:fs"
import * as Path from "node:path"

const dist = Path.join(import.meta.dirname, "dist")

/** What the attributes of a page say, with entities read. */
const attributesOf = (html, name) =>
  Array.from(
    html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g")),
    ([, value]) => value.replaceAll("&quot;", "\"").replaceAll("&#39;", "'").replaceAll("&amp;", "&")
  )

const pages = Fs.globSync("**/*.html", { cwd: dist }).map((file) => file.replaceAll("\\", "/")).toSorted()
const read = Object.fromEntries(pages.map((page) => {
  const html = Fs.readFileSync(Path.join(dist, page), "utf8").replace(/<script[\s\S]*?<\/script>/g, "")
  return [page, { links: [...attributesOf(html, "href"), ...attributesOf(html, "src")], ids: attributesOf(html, "id") }]
}))

/** The file that a server gives for a path. */
const fileOf = (path) =>
  [path, `${path}.html`, `${path}index.html`, `${path}/index.html`]
    .map((file) => file.replace(/^\//, ""))
    .find((file) => file !== "" && Fs.statSync(Path.join(dist, file), { throwIfNoEntry: false })?.isFile())

const problems = new Set()
let followed = 0
for (const [page, { links }] of Object.entries(read)) {
  for (const link of new Set(links)) {
    if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(link)) continue
    followed++
    const { hash, pathname } = new URL(link, `https://site/${page}`)
    const file = fileOf(decodeURI(pathname))
    const id = decodeURIComponent(hash.slice(1))
    if (file === undefined) problems.add(`${page}: ${link} leads nowhere`)
    else if (id !== "" && !read[file]?.ids.includes(id)) {
      problems.add(`${page}: ${link}: there is no such place in ${file}`)
    }
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`site: ${followed} links of ${pages.length} pages followed, ${problems.size} to mend\n`)
if (problems.size > 0 || followed === 0) process.exitCode = 1
