/**
 * Measures every client side by side and writes `RESULTS.md`.
 *
 * One server in a process of its own; every sample in a fresh process; clients
 * take turns, so that a machine that slows down slows all of them. Quoted are
 * medians, and ratios to the official SDK pair by pair within a round.
 *
 * Usage: `pnpm bench [--rounds n] [case …]`. Without cases it runs all of them
 * and writes the file; with cases it prints theirs.
 *
 * @since 0.1.0
 */
import { execFile, fork } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Bundle from "./bundle.ts"
import { cases } from "./Case.ts"
import * as Session from "./session.ts"
import * as Statistics from "./Statistics.ts"

const here = Path.dirname(fileURLToPath(import.meta.url))
const run = promisify(execFile)

const args = process.argv.slice(2)
const roundsAt = args.indexOf("--rounds")
const rounds = roundsAt === -1 ? 5 : Number(args[roundsAt + 1])
const only = args.filter((arg, i) =>
  !arg.startsWith("--") && i !== roundsAt + 1 || (roundsAt === -1 && !arg.startsWith("--"))
)
const wants = (name: string) => only.length === 0 || only.includes(name)

const clients = ["official", "ours-node", "ours-fetch", "ai-sdk", "baseline", "floor"] as const
type ClientName = (typeof clients)[number]

interface Sample {
  readonly cpu: number
  readonly wall: number
  /** The greatest of the process over what it was. */
  readonly memory?: number
  /** What is left of it after a collection. */
  readonly inUse?: number
}

const startServer = () =>
  new Promise<{ readonly url: string; readonly stop: () => void }>((resolve) => {
    const child = fork(Path.join(here, "server.ts"), { stdio: ["ignore", "pipe", "inherit", "ipc"] })
    child.stdout!.once("data", (data: Buffer) =>
      resolve({ url: `http://127.0.0.1:${data.toString().trim()}`, stop: () => child.kill() }))
  })

const sample = async (client: ClientName, name: string, url: string): Promise<Sample> => {
  const { stdout } = await run(process.execPath, ["--expose-gc", Path.join(here, "worker.ts"), client, name, url], {
    env: { ...process.env, NODE_ENV: "production" }
  })
  return JSON.parse(stdout.trim().split("\n").at(-1)!)
}

const measure = async (name: string, url: string) => {
  const samples = new Map<ClientName, Array<Sample>>(clients.map((client) => [client, []]))
  for (let round = 0; round < rounds; round++) {
    for (const client of clients) samples.get(client)!.push(await sample(client, name, url))
  }
  return samples
}

const number = (n: number): string => n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)

const spreadOf = ({ greatest, least, median }: Statistics.Spread): string =>
  `${number(median)} (${number(least)} to ${number(greatest)})`

/** A row for each client: what it took, and the ratio to the official SDK. */
const table = (
  title: string,
  samples: Map<ClientName, Array<Sample>>,
  columns: ReadonlyArray<{ readonly name: string; readonly of: (sample: Sample) => number }>
): string => {
  const official = samples.get("official")!
  const rows = clients.map((client) => {
    const own = samples.get(client)!
    const cells = columns.flatMap(({ of }) => [
      spreadOf(Statistics.spread(own.map(of))),
      `${Statistics.ratio(own.map(of), official.map(of)).median.toFixed(2)}x`
    ])
    return `| ${client} | ${cells.join(" | ")} |`
  })
  const heads = columns.flatMap(({ name }) => [name, "ratio"])
  return [
    `### ${title}`,
    "",
    `| client | ${heads.join(" | ")} |`,
    `| --- | ${heads.map(() => "---").join(" | ")} |`,
    ...rows,
    ""
  ].join("\n")
}

const cpuAndWall = (unit: string) => [
  { name: `CPU, ${unit}`, of: (s: Sample) => s.cpu },
  { name: `wall, ${unit}`, of: (s: Sample) => s.wall }
]

const { stop, url } = await startServer()
const parts: Array<string> = []
const say = (part: string) => {
  parts.push(part)
  process.stdout.write(`${part}\n`)
}

for (const [name, { title, unit }] of Object.entries(cases)) {
  if (wants(name)) say(table(title, await measure(name, url), cpuAndWall(`us per ${unit}`)))
}

if (wants("million")) {
  say(table("a million events in one stream", await measure("million", url), [
    ...cpuAndWall("s"),
    { name: "peak memory, MB", of: (s) => s.memory ?? 0 }
  ]))
}
if (wants("held")) {
  const samples = await measure("held", url)
  say(table("1,000 streams at once", samples, [
    { name: "CPU, us per stream", of: (s) => s.cpu },
    { name: "peak memory, KB per stream", of: (s) => s.memory ?? 0 },
    { name: "in use after a collection", of: (s) => s.inUse ?? 0 }
  ]))
}

if (wants("bundle")) {
  const bundles = Object.keys(Bundle.programs).map(async (name) => {
    const program = name as Bundle.Program
    const [{ gzip }, node] = await Promise.all([Bundle.bundle(program, "browser"), Bundle.bundle(program, "node")])
    return { name, browser: gzip, node }
  })
  const sizes = await Promise.all(bundles)
  const official = sizes.find(({ name }) => name === "official")!
  const starts = new Map<string, Array<number>>(sizes.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds * 2; round++) {
    for (const { name, node } of sizes) starts.get(name)!.push(Bundle.coldStart(node.file, `${url}/small-stream`))
  }
  say([
    "### a program that streams one answer, bundled",
    "",
    "| program | gzip KB | ratio | cold start to end, CPU ms | ratio |",
    "| --- | --- | --- | --- | --- |",
    ...sizes.map(({ browser, name }) =>
      `| ${name} | ${(browser / 1024).toFixed(1)} | ${(browser / official.browser).toFixed(2)}x | ${
        spreadOf(Statistics.spread(starts.get(name)!))
      } | ${Statistics.ratio(starts.get(name)!, starts.get("official")!).median.toFixed(2)}x |`
    ),
    ""
  ].join("\n"))
}

if (wants("session")) say(await Session.measure(2000))

stop()

if (only.length === 0) {
  const versionOf = (name: string): string =>
    JSON.parse(Fs.readFileSync(Path.join(here, "../node_modules", name, "package.json"), "utf8")).version
  const header = [
    "# Results",
    "",
    "Written by `pnpm bench`. Trust the ratios: they compare samples taken in turn, in one run, on one machine. CPU is",
    "that of the client's process. Everything of ours has full validation, retries and timeouts on.",
    "",
    `- machine: ${Os.cpus().length} x ${Os.cpus()[0]?.model.trim()}, Node ${process.version}, ${rounds} rounds`,
    `- ${
      ["@anthropic-ai/sdk", "@ai-sdk/anthropic", "ai", "effect", "undici", "eventsource-parser"].map((name) =>
        `${name} ${versionOf(name)}`
      ).join(", ")
    }`,
    ""
  ]
  Fs.writeFileSync(Path.join(here, "../RESULTS.md"), `${[...header, ...parts].join("\n").trimEnd()}\n`)
}
