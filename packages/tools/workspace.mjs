// What the other scripts know about this workspace.
import * as Fs from "node:fs"
import * as Path from "node:path"

export const root = Path.resolve(import.meta.dirname, "../..")

/** Windows starts the tools of `node_modules/.bin` through a shell. */
export const shell = process.platform === "win32"

/** A tool of the workspace. */
export const bin = (name) => Path.join(root, "node_modules/.bin", shell ? `${name}.CMD` : name)

const readJson = (path) => JSON.parse(Fs.readFileSync(path, "utf8"))

/** Every package, `dir` relative to the root. */
export const packages = Fs.readdirSync(Path.join(root, "packages"))
  .filter((name) => Fs.existsSync(Path.join(root, "packages", name, "package.json")))
  .toSorted()
  .map((name) => ({
    name,
    dir: `packages/${name}`,
    manifest: readJson(Path.join(root, "packages", name, "package.json"))
  }))

/** The packages that are published. */
export const publicPackages = packages.filter(({ manifest }) => manifest.private !== true)

/** Files below the root that match, in a stable order, with forward slashes. */
export const glob = (pattern) =>
  Fs.globSync(pattern, { cwd: root, exclude: (name) => name === "node_modules" || name === "dist" })
    .map((file) => file.replaceAll("\\", "/"))
    .toSorted()

export const read = (file) => Fs.readFileSync(Path.join(root, file), "utf8")

export const exists = (file) => Fs.existsSync(Path.join(root, file))

/** Where the last run of the tests, or of the load tests, left its report. */
export const reportOf = (section) => `node_modules/.cache/effect-claude/${section}.json`

/** A module is a PascalCase noun; `bin.ts` and the like are programs. */
export const isModule = (file) => /(?:^|\/)[A-Z][A-Za-z0-9]*\.ts$/.test(file)

export const isInternal = (file) => file.includes("/internal/")

/** The public modules of a package, as paths below `src`. */
export const modulesOf = (pkg) =>
  glob(`${pkg.dir}/src/**/*.ts`)
    .filter((file) => isModule(file) && !isInternal(file))
    .map((file) => file.slice(`${pkg.dir}/src/`.length))

/** Ends the process, listing what is wrong, or says that all is well. */
export const report = (title, problems) => {
  if (problems.length === 0) {
    process.stdout.write(`${title}: ok\n`)
  } else {
    process.stderr.write(`${problems.join("\n")}\n${title}: ${problems.length} to mend\n`)
    process.exitCode = 1
  }
}
