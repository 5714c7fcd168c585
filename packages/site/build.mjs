// Builds the site: the documents of docs/, and a reference made of the doc comments of every public module.
//
// Usage: node build.mjs            everything, into dist
//        node build.mjs --content  only what VitePress reads, into .content
import * as Fs from "node:fs"
import * as Path from "node:path"
import { Application } from "typedoc"
import { build } from "vitepress"
import { modulesOf, publicPackages } from "../tools/workspace.mjs"

const here = import.meta.dirname
const content = Path.join(here, ".content")

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

/** Puts the header of each module below its title: TypeDoc leaves it out. */
const addHeaders = (pkg) => {
  for (const module of modulesOf(pkg)) {
    const page = Path.join(content, "reference", pkg.name, module.replace(/\.ts$/, ".md"))
    const [title, ...rest] = Fs.readFileSync(page, "utf8").split("\n")
    const header = headerOf(Path.join(here, "..", pkg.name, "src", module))
    Fs.writeFileSync(page, [title, "", header, ...rest].join("\n"))
  }
}

Fs.rmSync(content, { recursive: true, force: true })
Fs.cpSync(Path.join(here, "../../docs"), content, { recursive: true })

for (const pkg of documented) {
  const app = await Application.bootstrapWithPlugins({
    entryPoints: modulesOf(pkg).map((module) => Path.join(here, "..", pkg.name, "src", module)),
    tsconfig: Path.join(here, "reference.json"),
    plugin: ["typedoc-plugin-markdown"],
    name: pkg.manifest.name,
    readme: "none",
    entryFileName: "README",
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

Fs.writeFileSync(
  Path.join(content, "reference/README.md"),
  `# Reference\n\nEvery public module, from its doc comments.\n\n${
    documented.map(({ name, manifest }) => `- [${manifest.name}](${name}/README.md): ${manifest.description}`).join(
      "\n"
    )
  }\n`
)

if (!process.argv.includes("--content")) await build(here)
