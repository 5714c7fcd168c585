// Looks back at the tests that read recorded traffic: where the recordings lie beside the repository, none of those
// tests may have been skipped; where they do not, says so.
//
// Usage: node packages/tools/conformance.mjs, after the tests
import * as Fs from "node:fs"
import * as Path from "node:path"
import { exists, glob, read, reportOf, root } from "./workspace.mjs"

const recordings = Path.join(root, "../shared/recordings")

if (!Fs.existsSync(recordings)) {
  process.stdout.write("There are no recordings beside the repository: the tests that read them were left out.\n")
} else if (!exists(reportOf("tests"))) {
  process.stderr.write("There is no report of the tests: run them first.\n")
  process.exitCode = 1
} else {
  const readers = new Set(glob("packages/*/test/**/*.ts").filter((file) => /recordings/i.test(read(file))))
  const results = JSON.parse(read(reportOf("tests"))).testResults.map((file) => ({
    file: Path.relative(root, file.name).replaceAll("\\", "/"),
    tests: file.assertionResults
  }))
  let passed = 0
  for (const { file, tests } of results.filter(({ file }) => readers.has(file))) {
    for (const { fullName, status } of tests) {
      if (status === "passed") passed++
      else {
        process.stderr.write(`${file}: ${status}: ${fullName}\n`)
        process.exitCode = 1
      }
    }
  }
  process.stdout.write(`${Fs.readdirSync(recordings).length} recordings, read by ${passed} passing tests\n`)
}
