// Builds the public packages into their `dist`, first removing what no source file accounts for.
//
// Usage: node packages/tools/build.mjs
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { bin, exists, publicPackages, root, shell } from "./workspace.mjs"

for (const { dir } of publicPackages) {
  for (const file of Fs.globSync(`${dir}/dist/**/*.{js,d.ts,js.map,d.ts.map}`, { cwd: root })) {
    const source = file.replaceAll("\\", "/").replace("/dist/", "/src/").replace(/(?:\.d\.ts|\.js)(?:\.map)?$/, ".ts")
    if (!exists(source)) Fs.rmSync(Path.join(root, file))
  }
}

const { status } = spawnSync(bin("tsc"), ["-b", "tsconfig.packages.json"], { cwd: root, shell, stdio: "inherit" })
process.exitCode = status ?? 1
