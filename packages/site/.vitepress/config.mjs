// How the documents become a site. What the sidebars show is read from the documents themselves.
import * as Fs from "node:fs"
import * as Path from "node:path"
import { defineConfig } from "vitepress"
import { slugOf } from "../../tools/check-links.mjs"

const content = Path.resolve(import.meta.dirname, "../.content")

const titleOf = (file) =>
  /^# (?<title>.+)$/m.exec(Fs.readFileSync(Path.join(content, file), "utf8"))?.groups.title.replaceAll("`", "") ?? file

/** What the index of a directory links to, in its order. */
const listedIn = (directory, nameOf = (file) => titleOf(`${directory}/${file}`)) => {
  const index = Fs.readFileSync(Path.join(content, directory, "index.md"), "utf8")
  const files = [...index.matchAll(/\]\((?<file>[^()#:]+\.md)\)/g)].map(({ groups }) => groups.file)
  return files.filter((file) => !file.startsWith("..")).map((file) => ({
    text: nameOf(file),
    link: `/${directory}/${file.replace(/\.md$/, "")}`
  }))
}

/** The modules of a package. */
const modulesIn = (name) =>
  Fs.globSync("**/*.md", { cwd: Path.join(content, "reference", name) })
    .filter((file) => !file.endsWith("index.md"))
    .toSorted()
    .map((file) => file.replaceAll("\\", "/").replace(/\.md$/, ""))
    .map((module) => ({ text: module, link: `/reference/${name}/${module}` }))

const reference = Fs.readdirSync(Path.join(content, "reference"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ text: name, collapsed: true, link: `/reference/${name}/`, items: modulesIn(name) }))

/** What search looks at: of the reference the names alone, which keeps its index small, and all of the rest. */
const searched = (source, env, md) =>
  md.render(
    env.relativePath.startsWith("reference/")
      ? source.split("\n").filter((line) => /^#{1,3} /.test(line)).join("\n\n")
      : source,
    env
  )

export default defineConfig({
  title: "effect-claude",
  description: "The Claude API as Effects",
  head: [["link", { rel: "icon", href: "data:," }]],
  srcDir: ".content",
  outDir: "dist",
  // Anchors as GitHub makes them: the documents are read there, too.
  markdown: { anchor: { slugify: slugOf } },
  themeConfig: {
    search: { provider: "local", options: { _render: searched } },
    outline: [2, 3],
    nav: [
      { text: "Guide", link: "/guide/" },
      { text: "Questions", link: "/questions/" },
      { text: "Examples", link: "/examples/" },
      { text: "Command line", link: "/command-line" },
      { text: "Architecture", link: "/architecture" },
      { text: "Comparison", link: "/comparison" },
      { text: "Reference", link: "/reference/" }
    ],
    sidebar: {
      "/guide/": [{ text: "Guide", link: "/guide/", items: listedIn("guide") }],
      "/questions/": [{ text: "Questions", link: "/questions/", items: listedIn("questions") }],
      "/examples/": [{
        text: "Examples",
        link: "/examples/",
        items: listedIn("examples", (file) => file.replace(/\.md$/, ""))
      }],
      "/reference/": reference
    }
  }
})
