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

/** The young generation of the heap grows to its size, as it soon does in every process: it belongs to no stream. */
const growYoung = async () => {
  for (let i = 0; i < 10; i++) await client.stream(`${url}/text-16k`)
  collect()
}

/** Watches the memory of the process until it is asked for the peak, in bytes over what it was. */
const watchMemory = (every: number) => {
  const before = process.memoryUsage().rss
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, every)
  return () => {
    clearInterval(timer)
    return peak - before
  }
}

/** One stream of a million events. */
const million = async () => {
  await growYoung()
  const grown = watchMemory(5)
  const cpu = process.cpuUsage()
  const start = performance.now()
  await client.stream(`${url}/million`)
  const used = process.cpuUsage(cpu)
  print({
    cpu: (used.user + used.system) / 1e6,
    wall: (performance.now() - start) / 1e3,
    memory: grown() / 1048576
  })
}

/** Streams that are all open at once. */
const held = async (count: number) => {
  const open = (name: string, streams: number) =>
    Promise.all(Array.from({ length: streams }, () => client.stream(`${url}/${name}`)))
  await open("small-stream", 50)
  await growYoung()
  const grown = watchMemory(20)
  const cpu = process.cpuUsage()
  const start = performance.now()
  await open(`held-${count}`, count)
  const used = process.cpuUsage(cpu)
  const wall = (performance.now() - start) / 1e3
  const memory = grown()
  // Again, to see what is in use while all of them are open: the server holds them for long enough.
  collect()
  const inUse = () => {
    collect()
    const { external, heapUsed } = process.memoryUsage()
    return heapUsed + external
  }
  const before = inUse()
  let during = before
  const timer = setInterval(() => {
    during = Math.max(during, inUse())
  }, 250)
  await open(`held-${count}`, count)
  clearInterval(timer)
  print({
    cpu: (used.user + used.system) / count,
    wall,
    memory: memory / 1024 / count,
    inUse: (during - before) / 1024 / count
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
  // Nothing is collected by force here: that throws compiled code away, which no program does to itself.
  await many(warmUp)
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
