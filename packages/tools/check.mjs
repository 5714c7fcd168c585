// Runs groups of checks, one after the other, says how long each took, and counts the tests.
//
//   test      what a change has to pass: types, unit tests, documented examples, type tests
//   checks    everything else that holds for the whole repository
//   verify    both, and the demo
//   count     the closing line: all tests that ran last, load tests included
//
// Every section runs, even after one has failed; the process fails if any did.
//
// Usage: node packages/tools/check.mjs <group | section …>
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { bin, exists, read, reportOf, root, shell } from "./workspace.mjs"

const script = (name, ...args) => [process.execPath, Path.join("packages/tools", `${name}.mjs`), ...args]

/** Runs a project of the tests, and leaves a report to count from. */
const vitest = (name, project) => [
  bin("vitest"),
  "run",
  "--project",
  project,
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${reportOf(name)}`
]

/** The sections that leave such a report. */
const counted = ["tests", "load"]

const sections = {
  types: [[bin("tsc"), "-b"]],
  examples: [script("extract-examples"), [bin("tsc"), "-p", "tsconfig.doctest.json"]],
  tests: [vitest("tests", "!load")],
  "type tests": [script("test-types")],
  format: [[bin("dprint"), "check"]],
  lint: [
    // One line a finding where nobody watches: oxlint takes any CI for a terminal with colours.
    [bin("oxlint"), ...(process.stdout.isTTY ? [] : ["--format=unix"])],
    script("codegen-shapes", "--check"),
    script("codegen-barrels", "--check"),
    script("codegen-surface", "--check"),
    script("list-examples", "--check"),
    script("check-jsdoc"),
    script("check-links"),
    script("check-names"),
    script("check-regex"),
    script("check-repo"),
    script("check-security")
  ],
  diagnostics: [[
    bin("effect-tsgo"),
    "diagnostics",
    "--project",
    "tsconfig.packages.json",
    "--format",
    "text",
    "--strict"
  ]],
  changesets: [[bin("changeset"), "status"]],
  load: [vitest("load", "load")],
  conformance: [[process.execPath, "packages/conformance/src/main.ts"], script("conformance")],
  packages: [script("pack-check")],
  programs: [script("run-examples")],
  trip: [script("trip")],
  // A report: what core lacks is work, and no failure.
  drift: [script("drift")],
  pictures: [script("draw-packages", "--check"), script("record-demo", "--check")],
  demo: exists("packages/cli/src/demo.ts") ? [[process.execPath, "packages/cli/src/demo.ts"]] : []
}

const groups = {
  test: ["types", "examples", "tests", "type tests"],
  checks: ["load", "conformance", "format", "lint", "diagnostics", "trip", "drift", "packages", "programs", "pictures"],
  get verify() {
    return [...this.test, ...this.checks, "demo"]
  }
}

/** Runs one command with no input, and passes its output on. */
const execute = ([command, ...args]) =>
  new Promise((resolve) => {
    const env = { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) }
    const child = spawn(command, args, { cwd: root, env, shell, stdio: ["ignore", 1, 1] })
    child.on("error", (error) => {
      process.stderr.write(`${error.message}\n`)
      resolve(false)
    })
    child.on("close", (code) => resolve(code === 0))
  })

const readReport = (name) => JSON.parse(read(reportOf(name)))
const writeReport = (name, report) => Fs.writeFileSync(Path.join(root, reportOf(name)), JSON.stringify(report))

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

const run = async (name) => {
  const started = performance.now()
  process.stdout.write(`\n=== ${name}\n`)
  if (counted.includes(name)) Fs.rmSync(Path.join(root, reportOf(name)), { force: true })
  let passed = true
  for (const command of sections[name]) passed = (await execute(command)) && passed
  // Vitest's report does not say that an error outside of any test failed the run; its exit code does.
  if (!passed && counted.includes(name) && exists(reportOf(name))) {
    writeReport(name, { ...readReport(name), success: false })
  }
  process.stdout.write(`--- ${name}: ${passed ? "passed" : "FAILED"} in ${seconds(started)}\n`)
  return { name, passed, time: seconds(started) }
}

/** Whether a test needs recordings: their names, and only theirs, speak of recordings. */
const needsRecordings = ({ fullName }) => /record/i.test(fullName)

const isSkipped = ({ status }) => status !== "passed" && status !== "failed"

/** The counts of one section. A run that left no report counts as one failure. */
const countOf = (name) => {
  if (!exists(reportOf(name))) return { passed: 0, failed: 1, skipped: 0, unrecorded: 0 }
  const report = readReport(name)
  // A file that cannot be loaded has no tests of its own to fail.
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0)
  const failed = report.numFailedTests + broken.length
  const skipped = report.testResults.flatMap((file) => file.assertionResults).filter(isSkipped)
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !report.success ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    unrecorded: skipped.filter(needsRecordings).length
  }
}

/** Prints the closing line. In CI, a test that is skipped for another reason than missing recordings is a failure. */
const printCount = (names) => {
  const counts = names.map(countOf)
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0)
  const unrecorded = sum("unrecorded")
  const other = sum("skipped") - unrecorded
  process.stdout.write(
    `${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped` +
      `${unrecorded === 0 ? "" : ` (${unrecorded} for lack of recordings, with all tests inside them)`}\n`
  )
  if (sum("failed") > 0 || (process.env["CI"] !== undefined && other > 0)) process.exitCode = 1
}

const wanted = process.argv.slice(2).flatMap((name) => groups[name] ?? [name])
const unknown = wanted.filter((name) => name !== "count" && !(name in sections))

if (wanted.length === 0 || unknown.length > 0) {
  process.stderr.write(`No such check: ${unknown.join(", ")}. There are ${Object.keys(sections).join(", ")}.\n`)
  process.exitCode = 2
} else if (wanted.includes("count")) {
  printCount(counted)
} else {
  const results = []
  for (const name of wanted) results.push(await run(name))

  process.stdout.write("\n")
  for (const { name, passed, time } of results) {
    process.stdout.write(`${passed ? "passed" : "FAILED"}  ${name.padEnd(12)} ${time}\n`)
  }
  if (wanted.includes("tests")) {
    process.stdout.write("\n")
    printCount(wanted.filter((name) => counted.includes(name)))
  }
  if (results.some(({ passed }) => !passed)) process.exitCode = 1
}
