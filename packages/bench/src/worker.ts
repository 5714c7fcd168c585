/**
 * One sample: one client, one case, in a process of its own.
 *
 * Usage: `node worker.ts <client> <case> <url>`. Prints a line of JSON.
 *
 * @since 0.1.0
 */
import { cases } from "./Case.ts"
import type { Client } from "./Client.ts"
import * as Traffic from "./Traffic.ts"

const clients: { readonly [name: string]: () => Promise<Client> } = {
  "ours-node": async () => (await import("./clients/ours.ts")).node(),
  "ours-fetch": async () => (await import("./clients/ours.ts")).fetch(),
  official: async () => (await import("./clients/official.ts")).make(),
  "ai-sdk": async () => (await import("./clients/aiSdk.ts")).make(),
  baseline: async () => (await import("./clients/baseline.ts")).make(),
  floor: async () => (await import("./clients/floor.ts")).make()
}

const [clientName = "", caseName = "", url = ""] = process.argv.slice(2)
const client = await clients[clientName]!()

const collect = () => globalThis.gc?.()

const print = (sample: object) => process.stdout.write(`${JSON.stringify(sample)}\n`)

/** Peak memory of one stream of a million events, over what the process had before. */
const million = async () => {
  // So often that the young generation has its size: what grows after that is what the stream holds.
  for (let i = 0; i < 10; i++) await client.stream(`${url}/text-16k`)
  collect()
  const before = process.memoryUsage().rss
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 5)
  const cpu = process.cpuUsage()
  const start = performance.now()
  await client.stream(`${url}/million`)
  const used = process.cpuUsage(cpu)
  clearInterval(timer)
  print({
    cpu: (used.user + used.system) / 1e6,
    wall: (performance.now() - start) / 1e3,
    memory: (peak - before) / 1048576
  })
}

/** Memory of each of a thousand streams that are open at once. */
const held = async (count: number) => {
  await Promise.all(Array.from({ length: 50 }, () => client.stream(`${url}/small-stream`)))
  collect()
  const before = process.memoryUsage().rss
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 20)
  const cpu = process.cpuUsage()
  const start = performance.now()
  await Promise.all(Array.from({ length: count }, () => client.stream(`${url}/held-${count}`)))
  const used = process.cpuUsage(cpu)
  clearInterval(timer)
  print({
    cpu: (used.user + used.system) / count,
    wall: (performance.now() - start) / 1e3,
    memory: (peak - before) / 1024 / count
  })
}

const timed = async () => {
  const { atOnce, does, runs, traffic, unit, warmUp } = cases[caseName]!
  const made = Traffic.streams[traffic]?.()
  const expected = Traffic.replies[traffic]?.characters ?? (does === "first" ? undefined : made?.characters)
  const once = async () => {
    const found = does === "memory" ? await client.memory(made!.writes) : await client[does](`${url}/${traffic}`)
    if (expected !== undefined && found !== expected) {
      throw new Error(`${clientName} found ${found} characters in ${traffic}, of ${expected}`)
    }
    if (found === 0) throw new Error(`${clientName} found nothing in ${traffic}`)
  }
  const many = async (count: number) => {
    let left = count
    const worker = async () => {
      while (left-- > 0) await once()
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }
  await many(warmUp)
  collect()
  const cpu = process.cpuUsage()
  const start = performance.now()
  await many(runs)
  const wall = performance.now() - start
  const used = process.cpuUsage(cpu)
  const units = runs * (unit === "event" ? made?.events ?? 1 : 1)
  print({ cpu: (used.user + used.system) / units, wall: (wall * 1000) / units })
}

if (caseName === "million") await million()
else if (caseName === "held") await held(1000)
else await timed()
await client.close()
process.exit(0)
