// Runs the type tests. tstyche needs TypeScript's JavaScript API, which ended with version 6; it is a dependency here
// under the name `typescript-6`, so that nothing is fetched when the tests run.
//
// Usage: node packages/tools/test-types.mjs [path …]
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { glob, root } from "./workspace.mjs"

if (glob("packages/*/typetest/**/*.tst.ts").length === 0) {
  process.stdout.write("no type tests\n")
} else {
  const bin = Path.join(root, "node_modules/tstyche/dist/bin.js")
  const { status } = spawnSync(process.execPath, [Fs.realpathSync(bin), ...process.argv.slice(2)], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, TSTYCHE_TYPESCRIPT_MODULE: import.meta.resolve("typescript-6") }
  })
  process.exitCode = status ?? 1
}
