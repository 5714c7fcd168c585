import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Usage from "@effect-claude/core/Usage"
import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as Traffic from "effect-claude/Traffic"
import { files, layerFiles, run } from "../support/cli.ts"

const entry = (fields: Partial<TrafficEntry.TrafficEntry> = {}): TrafficEntry.TrafficEntry => ({
  v: 1,
  time: "2026-11-20T10:00:00.000Z",
  operation: "messages.create",
  model: "claude-haiku-4-5",
  outcome: "completed",
  attempts: 1,
  latencyMs: 100,
  inputTokens: 1_000_000,
  outputTokens: 0,
  stopReason: "end_turn",
  requestId: "req_1",
  ...fields
})

const failed = entry({
  time: "2026-11-20T11:00:00.000Z",
  outcome: "failed",
  attempts: 6,
  latencyMs: 9000,
  inputTokens: undefined,
  outputTokens: undefined,
  stopReason: undefined,
  requestId: "req_2",
  error: { tag: "OverloadedError", status: 529, outcome: "rejected", gaveUp: "maxRetries" }
})

const lines = (...entries: ReadonlyArray<TrafficEntry.TrafficEntry>) => entries.map(TrafficEntry.toJson).join("\n")

const logOf = (content: string, flags: ReadonlyArray<string> = []) =>
  Effect.gen(function*() {
    const { paths } = yield* files({ "claude-2026-11-20.jsonl": content })
    return yield* run(["log", paths["claude-2026-11-20.jsonl"]!, ...flags])
  }).pipe(Effect.scoped, Effect.provide(layerFiles))

describe("log", () => {
  it.effect("lists calls, and adds them up: tokens, cost, times, retries, errors", () =>
    Effect.gen(function*() {
      const { code, out } = yield* logOf(lines(entry(), failed))

      assert.strictEqual(code, 0)
      assert.include(out, "11-20 10:00:00")
      assert.include(out, "OverloadedError 529, 6 attempts")
      assert.match(out, /calls +2, 1 failed \(50 %\), 5 retries/)
      assert.include(out, "1,000,000 tokens in, 0 out")
      assert.match(out, /cost +\$1\.00/)
      assert.match(out, /OverloadedError +1 +529 +11-20 11:00:00 +req_2/)
    }))

  it.effect("lists the latest calls only, and counts all", () =>
    Effect.gen(function*() {
      const { out } = yield* logOf(
        lines(...[1, 2, 3, 4].map((hour) => entry({ time: `2026-11-20T0${hour}:00:00.000Z` }))),
        ["-n", "1"]
      )

      assert.include(out, "The latest 1 of 4 calls")
      assert.strictEqual(out.split("11-20 03:00:00").length, 2)
      assert.match(out, /calls +4/)
    }))

  it.effect("leaves out what is not asked for", () =>
    Effect.gen(function*() {
      const log = lines(entry(), entry({ model: "claude-opus-5-5" }), failed)
      const counts = yield* Effect.forEach(
        [["--model", "claude-opus-5-5"], ["--errors"], ["--since", "2026-11-20T10:30"], ["--since", "2027"]],
        (flags) => logOf(log, [...flags, "--json"])
      )

      assert.deepStrictEqual(counts.map(({ out }) => JSON.parse(out).calls), [1, 1, 1, 0])
    }))

  it.effect("passes over what is no entry, and says so", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* logOf(`${lines(entry())}\n{"a":1}\nnot json\n\n`)

      assert.strictEqual(code, 0)
      assert.match(out, /calls +1/)
      assert.include(err, "2 lines were no entry")
    }))

  it.effect("reads all logs of a directory", () =>
    Effect.gen(function*() {
      const { directory } = yield* files({
        "a.jsonl": lines(entry()),
        "b.jsonl": lines(entry()),
        "a.log": "for people"
      })
      const { out } = yield* run(["log", directory, "--json"])

      assert.strictEqual(JSON.parse(out).calls, 2)
    }).pipe(Effect.provide(layerFiles)))

  it.effect("says what is missing", () =>
    Effect.gen(function*() {
      const { at, directory } = yield* files({ "a.log": "" })
      const empty = yield* run(["log", directory])
      const absent = yield* run(["log", at("absent.jsonl")])
      const none = yield* run(["log"])

      assert.include(empty.err, "no traffic log")
      assert.include(absent.err, "no such file")
      assert.deepStrictEqual([empty.code, absent.code, none.code], [2, 2, 2])
    }).pipe(Effect.provide(layerFiles)))

  it.effect("reads what --traffic-log wrote, where the prompt and the key are not", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { at } = yield* files({})
      const directory = at("traffic")
      yield* run(["ask", "a secret question", "--traffic-log", directory])
      yield* run(["ask", "Hi", "--traffic-log", directory], { script: Script.status(400) })
      const { out } = yield* run(["log", directory, "--json"])
      const written = yield* Effect.forEach(
        yield* fs.readDirectory(directory),
        (name) => fs.readFileString(`${directory}/${name}`)
      )

      assert.deepInclude(JSON.parse(out), { calls: 2, failed: 1 })
      assert.notInclude(written.join(""), "secret question")
      assert.notInclude(written.join(""), "never-shown")
    }).pipe(Effect.provide(layerFiles)))

  it.effect("says that a traffic log cannot be kept before anything is sent", () =>
    Effect.gen(function*() {
      const { paths } = yield* files({ file: "" })
      const { code, err, requests } = yield* run(["ask", "Hi", "--traffic-log", `${paths["file"]}/x`])

      assert.strictEqual(code, 2)
      assert.include(err, "traffic log cannot be kept")
      assert.lengthOf(requests, 0)
    }).pipe(Effect.provide(layerFiles)))

  it.effect("shows nothing a server could have made a terminal obey", () =>
    Effect.gen(function*() {
      const { out } = yield* logOf(lines(entry({ model: "m\u001b[2J", requestId: "\u001b]0;x\u0007" }), {
        ...failed,
        requestId: "\u001b[31mreq"
      }))

      assert.notInclude(out, "\u001b")
    }))
})

describe("Traffic", () => {
  const catalog = ModelCatalog.released

  describe("summarize", () => {
    it("has percentiles that so many calls do not exceed", () => {
      const summary = Traffic.summarize(
        Array.from({ length: 100 }, (_, i) => entry({ latencyMs: 100 - i })),
        catalog
      )

      assert.deepInclude(summary, { median: 50, p95: 95, slowest: 100 })
    })

    it("is empty for no calls", () => {
      assert.deepInclude(Traffic.summarize([], catalog), { calls: 0, cost: 0, median: 0, p95: 0, slowest: 0 })
    })

    it("prices cached input as such, by the model that answered", () => {
      const cached = entry({ inputTokens: 0, cacheReadTokens: 1_000_000 })
      const other = entry({ answeredBy: "claude-opus-4-5" })

      assert.closeTo(Traffic.summarize([cached], catalog).cost, 0.1, 1e-9)
      assert.closeTo(Traffic.summarize([other], catalog).cost, 5, 1e-9)
    })

    it("counts calls without a price instead of guessing", () => {
      assert.deepInclude(Traffic.summarize([entry({ model: "mine" })], catalog), { cost: 0, unpriced: 1 })
      assert.deepInclude(Traffic.summarize([failed], catalog), { cost: 0, unpriced: 0 })
    })

    it("adds tokens up by class", () => {
      const { tokens } = Traffic.summarize([entry(), entry({ cacheWriteTokens: 5, outputTokens: 7 })], catalog)

      assert.deepStrictEqual(tokens, { ...Usage.empty, input: 2_000_000, cacheWrite5m: 5, output: 7 })
    })
  })

  describe("errors", () => {
    it("puts the most frequent first, with the latest id to quote", () => {
      const other = { ...failed, error: { tag: "ApiError", outcome: "unknown" } }
      const groups = Traffic.errors([other, failed, { ...failed, requestId: undefined, time: "2026-11-21" }])

      assert.deepStrictEqual(groups.map(({ name, count, requestId }) => [name, count, requestId]), [
        ["OverloadedError", 2, "req_2"],
        ["ApiError", 1, "req_2"]
      ])
      assert.strictEqual(groups[0]!.latest, "2026-11-21")
    })
  })

  describe("byModel", () => {
    it("puts the most used first", () => {
      const groups = Traffic.byModel([entry({ model: "a" }), entry({ model: "b" }), entry({ model: "b" })], catalog)

      assert.deepStrictEqual(groups.map(([name, { calls }]) => [name, calls]), [["b", 2], ["a", 1]])
    })
  })
})
