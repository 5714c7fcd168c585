// Type-checks packages/ai, and what lies below it, against the newest `effect` its range allows.
//
// effect/ai is tagged unstable: it may change in a minor release. This says so when it does, before anyone who installs
// the package finds out. It needs the package registry; without one it says that it was left out, and passes.
//
// Usage: node packages/tools/check-ai-latest.mjs [version]
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { bin, packages, read, root, shell } from "./workspace.mjs"

const below = ["core", "http", "ai"]
const range = packages.find(({ name }) => name === "ai").manifest.peerDependencies.effect

const npm = (...args) => {
  const options = { encoding: "utf8", shell, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 }
  return execFileSync("npm", [...args, "--loglevel=error"], options)
}

/** The newest version in the range, or nothing if the registry does not say. */
const newest = () => {
  try {
    const versions = JSON.parse(npm("view", `effect@${range}`, "version", "--json"))
    return [versions].flat().at(-1)
  } catch {
    return undefined
  }
}

/** A workspace of the packages alone, with this `effect` and no other. */
const copy = (folder, version) => {
  Fs.cpSync(Path.join(root, "tsconfig.base.json"), Path.join(folder, "tsconfig.base.json"))
  Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  npm("install", `effect@${version}`, "--prefix", folder, "--no-audit", "--no-fund", "--no-package-lock")
  Fs.mkdirSync(Path.join(folder, "node_modules/@effect-claude"))
  for (const name of below) {
    const dir = Path.join(folder, "packages", name)
    for (const file of ["package.json", "tsconfig.json", "src"]) {
      Fs.cpSync(Path.join(root, "packages", name, file), Path.join(dir, file), { recursive: true })
    }
    Fs.symlinkSync(dir, Path.join(folder, "node_modules/@effect-claude", name), "junction")
  }
}

const version = process.argv[2] ?? newest()

if (version === undefined) {
  process.stdout.write("The package registry cannot be reached: the newest effect was NOT checked.\n")
} else {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-claude-latest-"))
  const installed = JSON.parse(read("node_modules/effect/package.json")).version
  try {
    copy(folder, version)
    execFileSync(bin("tsc"), ["-b", Path.join(folder, "packages/ai")], { shell, stdio: "inherit" })
    process.stdout.write(`packages/ai type-checks against effect ${version} (${range}; here: ${installed})\n`)
  } catch (error) {
    process.stderr.write(
      `packages/ai does not type-check against effect ${version}: ${error.stderr || error.message}\n`
    )
    process.exitCode = 1
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}
