// Builds the site: the documents of docs/, the examples, and a reference made of the doc comments of every public module.
//
// Usage: node build.mjs            everything, into dist, and follows its links
//        node build.mjs --content  only what VitePress reads, into .content
import * as Fs from "node:fs"
import * as Path from "node:path"
import { Application } from "typedoc"
import { build } from "vitepress"
import { headingsOf } from "../tools/check-links.mjs"
import { examples, partsOf } from "../tools/list-examples.mjs"
import { glob, modulesOf, publicPackages, read, root } from "../tools/workspace.mjs"

const here = import.meta.dirname
const content = Path.join(here, ".content")

const write = (file, text) => {
  Fs.mkdirSync(Path.dirname(Path.join(content, file)), { recursive: true })
  Fs.writeFileSync(Path.join(content, file), text)
}

Fs.rmSync(content, { recursive: true, force: true })

// --- the documents

/** A document as the site has it: an index is called so, an example is a page, and what is not there is no link. */
const placed = (file, text) =>
  text.replace(/(?<!!)\[(?<label>[^\]]*)\]\((?<target>[^)\s:#][^)\s:]*)\)/g, (link, label, target) => {
    const [path, anchor = ""] = target.split(/(?=#)/)
    const to = Path.posix.join(Path.posix.dirname(file), path)
    if (to.startsWith("docs/")) return `[${label}](${path.replace(/README\.md$/, "index.md")}${anchor})`
    if (to === "packages/cli/README.md") {
      return `[${label}](${Path.posix.relative(Path.posix.dirname(file), "docs/command-line.md")})`
    }
    const example = /^examples\/?(?<name>[\w-]*)(?:\.ts)?$/.exec(to)?.groups.name
    if (example === undefined) return label
    return `[${label}](${Path.posix.relative(Path.posix.dirname(file), `docs/examples/${example || "index"}.md`)})`
  })

for (const file of glob("docs/**/*.md")) {
  const to = Path.posix.relative("docs", file).replace(/README\.md$/, "index.md")
  // Tables of many columns take the room of the outline.
  const wide = /^(?:\|[^|\n]*){5,}\|$/m.test(read(file)) ? "---\naside: false\n---\n\n" : ""
  if (to !== "index.md") write(to, wide + placed(file, read(file)))
}
write(
  "command-line.md",
  placed("docs/command-line.md", read("packages/cli/README.md").replace(/^# .*$/m, "# The command line"))
)
Fs.cpSync(Path.join(root, "docs/images"), Path.join(content, "images"), { recursive: true })
Fs.copyFileSync(Path.join(here, "home.md"), Path.join(content, "index.md"))

// --- the examples

/** An example as a page: the question that its first lines ask, and its code. */
const pages = examples().map((file) => ({ file, name: Path.posix.basename(file, ".ts"), ...partsOf(read(file)) }))
for (const { code, file, name, question } of pages) {
  write(
    `examples/${name}.md`,
    `# ${question}\n\n\`node ${file}\`, against the API with \`ANTHROPIC_API_KEY\` set, and against a scripted one without.\n\n` +
      `\`\`\`ts\n${code}\n\`\`\`\n`
  )
}
write(
  "examples/index.md",
  `# Examples\n\nEach answers one question, and runs with no key and no network.\n\n${
    pages.map(({ name, question }) => `- [${question}](${name}.md)`).join("\n")
  }\n`
)

// --- the reference

/** Packages a program imports, without the command line. */
const documented = publicPackages.filter(({ name }) => name !== "cli")

/** What the header of a module says, without its decoration and tags. */
const headerOf = (file) =>
  (/^\/\*\*[\s\S]*?\*\//.exec(Fs.readFileSync(file, "utf8"))?.[0] ?? "")
    .split("\n")
    .slice(1, -1)
    .map((line) => line.replace(/^ \* ?/, ""))
    .filter((line) => !line.startsWith("@"))
    .join("\n")
    .trim()

/** Leads links within a page to the heading there is: TypeDoc counts some that it leaves out. */
const withPlaces = (text) => {
  const anchors = new Set(headingsOf(text).map(({ anchor }) => anchor))
  return text.replace(
    /\(#(?<anchor>[\w-]+?)-\d+\)/g,
    (link, anchor) => anchors.has(link.slice(2, -1)) || !anchors.has(anchor) ? link : `(#${anchor})`
  )
}

/** Puts the header of each module below its title: TypeDoc leaves it out. */
const addHeaders = (pkg) => {
  for (const module of modulesOf(pkg)) {
    const page = Path.join(content, "reference", pkg.name, module.replace(/\.ts$/, ".md"))
    const [title, ...rest] = withPlaces(Fs.readFileSync(page, "utf8")).split("\n")
    const header = headerOf(Path.join(here, "..", pkg.name, "src", module))
    Fs.writeFileSync(page, [title, "", header, ...rest].join("\n"))
  }
}

for (const pkg of documented) {
  const app = await Application.bootstrapWithPlugins({
    entryPoints: modulesOf(pkg).map((module) => Path.join(here, "..", pkg.name, "src", module)),
    tsconfig: Path.join(here, "reference.json"),
    plugin: ["typedoc-plugin-markdown"],
    name: pkg.manifest.name,
    readme: "none",
    entryFileName: "index",
    outputFileStrategy: "modules",
    out: Path.join(content, "reference", pkg.name),
    disableSources: true,
    excludeInternal: true,
    excludeExternals: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    skipErrorChecking: true,
    validation: false,
    logLevel: "Error",
    blockTags: ["@category", "@default", "@param", "@returns", "@since", "@template"]
  })
  const project = await app.convert()
  if (project === undefined) throw new Error(`no reference could be made of ${pkg.name}`)
  await app.generateOutputs(project)
  addHeaders(pkg)
}

write(
  "reference/index.md",
  `# Reference\n\nEvery public module, from its doc comments.\n\n${
    documented.map(({ name, manifest }) => `- [${manifest.name}](${name}/index.md): ${manifest.description}`).join("\n")
  }\n`
)

// --- the site

if (!process.argv.includes("--content")) {
  await build(here)
  await import("./check.mjs")
}
