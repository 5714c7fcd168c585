// Builds the public packages into their `dist`, first removing what no source file accounts for, and marks in what was
// built which calls a bundler may leave out. The command line is bundled.
//
// Usage: node packages/tools/build.mjs
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { bundleProgram } from "./program.mjs"
import { markPure } from "./pure.mjs"
import { bin, exists, publicPackages, root, shell } from "./workspace.mjs"

for (const { dir } of publicPackages) {
  for (const file of Fs.globSync(`${dir}/dist/**/*.{js,d.ts,js.map,d.ts.map}`, { cwd: root })) {
    const source = file.replaceAll("\\", "/").replace("/dist/", "/src/").replace(/(?:\.d\.ts|\.js)(?:\.map)?$/, ".ts")
    if (!exists(source)) Fs.rmSync(Path.join(root, file))
  }
}

const { status } = spawnSync(bin("tsc"), ["-b", "tsconfig.packages.json"], { cwd: root, shell, stdio: "inherit" })
process.exitCode = status ?? 1

for (const { dir } of publicPackages) {
  for (const file of Fs.globSync(`${dir}/dist/**/*.js`, { cwd: root })) {
    const path = Path.join(root, file)
    const text = Fs.readFileSync(path, "utf8")
    const marked = markPure(path, text)
    if (marked !== text) Fs.writeFileSync(path, marked)
  }
}

// The map of what the bundle replaces describes another file.
Fs.rmSync(Path.join(root, "packages/cli/dist/bin.js.map"), { force: true })
await bundleProgram({ write: true })
