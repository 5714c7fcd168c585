// Runs every example as a user would, offline: each has to end by itself, well, and with something to read, and to be
// listed with its question.
//
// Usage: node packages/tools/run-examples.mjs [name …]
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { glob, root } from "./workspace.mjs"

const only = process.argv.slice(2)
const examples = glob("examples/*.ts").filter((file) => !file.endsWith(".test.ts")).filter((file) =>
  only.length === 0 || only.includes(Path.basename(file, ".ts"))
)

const offline = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ANTHROPIC_")))

const run = (file) =>
  new Promise((resolve) => {
    const started = performance.now()
    const child = spawn(process.execPath, [file], {
      cwd: root,
      env: offline,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
      killSignal: "SIGKILL"
    })
    let output = ""
    let errors = ""
    child.stdout.on("data", (data) => (output += data))
    child.stderr.on("data", (data) => (errors += data))
    child.on("close", (code, signal) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      const fault = signal !== null
        ? `did not end (${signal})`
        : code !== 0
        ? `ended with code ${code}`
        : output.trim() === ""
        ? "printed nothing"
        : undefined
      process.stdout.write(
        `${fault === undefined ? "ok  " : "FAIL"} ${file} ${seconds} s${fault === undefined ? "" : `: ${fault}`}\n`
      )
      if (fault !== undefined) process.stdout.write(`${output}${errors}\n`)
      resolve(fault === undefined)
    })
  })

const queue = [...examples]
let failed = 0
const worker = async () => {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (!(await run(file))) failed++
  }
}
await Promise.all([worker(), worker()])

// Whoever looks for an example looks for its question.
const index = Fs.readFileSync(Path.join(root, "examples/README.md"), "utf8")
for (const file of examples) {
  const question = /^\/\/ (?<question>[^?]+\?)/.exec(Fs.readFileSync(Path.join(root, file), "utf8"))?.groups.question
  const name = Path.basename(file, ".ts")
  if (question !== undefined && index.includes(`- [\`${name}\`](${name}.ts): ${question}\n`)) continue
  failed++
  process.stdout.write(`FAIL ${file}: examples/README.md does not list it with the question its first line asks\n`)
}

process.stdout.write(`examples: ${examples.length - failed} of ${examples.length} run\n`)
if (failed > 0) process.exitCode = 1
