// Writes the index of the examples: each by the question that it begins with.
//
// Usage: node packages/tools/list-examples.mjs           writes examples/README.md
//        node packages/tools/list-examples.mjs --check   fails if the index lists others
import * as Fs from "node:fs"
import * as Path from "node:path"
import { exists, glob, read, report, root } from "./workspace.mjs"

const index = "examples/README.md"

/** The question that the comment at the top of an example asks, and the code below it. */
export const partsOf = (text) => {
  const { code, question } =
    /^\/\/ (?<question>[^?]+\?)[^\n]*\n(?:\/\/[^\n]*\n)*(?<code>[\s\S]*)$/.exec(text)?.groups ?? {}
  return question === undefined ? undefined : { question: question.replaceAll("\n// ", " "), code: code.trim() }
}

/** The example that is listed first. */
const first = "examples/property-tests-of-retry-schedules.ts"

/** All examples: the first, then the others in the order of their names. */
export const examples = () => {
  const files = glob("examples/*.ts").filter((file) => !file.endsWith(".test.ts"))
  return [...files.filter((file) => file === first), ...files.filter((file) => file !== first)]
}

const introduction = `# Examples

Each answers one question, in fewer than 60 lines. All run with \`npx -y pnpm@12 exec node examples/NAME.ts\`: against the
API where \`ANTHROPIC_API_KEY\` is set, and otherwise against a scripted stand-in on this machine.
`

const main = () => {
  const listed = examples().map((file) => ({ name: Path.posix.basename(file), ...partsOf(read(file)) }))
  const problems = [
    ...listed
      .filter(({ question }) => question === undefined)
      .map(({ name }) => `examples/${name} does not begin with the question that it answers`),
    ...examples()
      .filter((file) => read(file).trim().split("\n").length >= 60)
      .map((file) => `${file} has 60 lines or more: is there a second question in there?`)
  ]
  const text = `${introduction}\n${
    listed.map(({ name, question }) => `- [\`${name.replace(/\.ts$/, "")}\`](${name}): ${question}`).join("\n")
  }\n`
  if (!process.argv.includes("--check") && problems.length === 0) {
    Fs.writeFileSync(Path.join(root, index), text)
  } else if (problems.length === 0 && (!exists(index) || read(index) !== text)) {
    problems.push(`${index} lists other examples: run pnpm codegen`)
  }
  report("examples", problems)
}

if (import.meta.main) main()
