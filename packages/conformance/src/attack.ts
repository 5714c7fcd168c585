/**
 * Attacks the parsers with generated text until the time is over, and reports each
 * failure with the seed that repeats it.
 *
 * Usage: `pnpm fuzz [target] [--minutes N] [--seed TEXT]`. Without a target all of them
 * share the time, one minute unless told otherwise.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { parseArgs } from "node:util"
import * as Fuzz from "./Fuzz.ts"

const { positionals: [name], values } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "1" }, seed: { type: "string" } }
})

const program = Effect.gen(function*() {
  const targets = Fuzz.targets.filter((target) => name === undefined || target.name === name)
  if (targets.length === 0) {
    yield* Console.error(`There is no target "${name}". There are: ${Fuzz.targets.map(({ name }) => name).join(", ")}.`)
    return 2
  }
  const started = yield* Clock.currentTimeMillis
  const share = Number(values.minutes) * 60_000 / targets.length
  let failures = 0
  for (const [at, target] of targets.entries()) {
    const until = started + share * (at + 1)
    let count = 0
    while ((yield* Clock.currentTimeMillis) < until) {
      const seed = values.seed ?? `${started}-${count}`
      const problem = yield* Random.withSeed(Fuzz.attack(target), seed)
      count++
      if (problem !== undefined) {
        failures++
        yield* Console.error(`FAIL ${problem}\n  repeat: pnpm fuzz ${target.name} --seed ${seed}`)
      }
      if (values.seed !== undefined) break
    }
    yield* Console.log(`${target.name}: ${count} texts`)
  }
  return failures === 0 ? 0 : 1
})

program.pipe(
  Effect.flatMap((code) =>
    Effect.sync(() => {
      process.exitCode = code
    })
  ),
  NodeRuntime.runMain
)
