/**
 * `log`: what a traffic log says: the latest calls, what they add up to, what
 * was slow and what failed.
 *
 * A line that is no entry is counted and passed over.
 *
 * @since 0.1.0
 */
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Usage from "@effect-claude/core/Usage"
import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import { usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import * as Layout from "../Layout.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"
import type { Style } from "../Style.ts"
import * as TerminalText from "../TerminalText.ts"
import * as Traffic from "../Traffic.ts"

/**
 * What `log` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly path: ReadonlyArray<string>
  readonly last: number
  readonly model: Option.Option<string>
  readonly errors: boolean
  readonly since: Option.Option<string>
  readonly json: boolean
}

/**
 * Runs `log`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const log = Effect.fnUntraced(function*(input: Input) {
  const { err, out, tableWidth } = yield* Screen
  const { all, unread } = yield* read(input.path)
  const entries = all.filter((entry) =>
    (Option.isNone(input.model) || entry.model === input.model.value) &&
    (!input.errors || entry.outcome === "failed") &&
    (Option.isNone(input.since) || entry.time >= input.since.value)
  ).toSorted((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
  const catalog = yield* ModelCatalog.Current
  if (input.json) {
    yield* out.line(JSON.stringify(
      {
        ...Traffic.summarize(entries, catalog),
        models: Object.fromEntries(Traffic.byModel(entries, catalog)),
        errors: Traffic.errors(entries)
      },
      null,
      2
    ))
  } else if (entries.length === 0) {
    yield* out.line(all.length === 0 ? "No calls." : "No calls that fit.")
  } else {
    yield* out.line(show(entries, input.last, catalog, yield* tableWidth, out.style))
  }
  if (unread > 0) {
    yield* err.line(
      `${err.style.yellow("! ")}${unread} ${unread === 1 ? "line was" : "lines were"} no entry of a traffic log.`
    )
  }
})

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

const read = Effect.fnUntraced(function*(paths: ReadonlyArray<string>) {
  const files = (yield* Effect.forEach(paths, filesAt)).flat()
  const all: Array<TrafficEntry.TrafficEntry> = []
  let unread = 0
  for (const file of files) {
    for (const line of (yield* Files.text(file)).split("\n")) {
      if (line.trim() === "") continue
      const entry = TrafficEntry.parse(line)
      if (Option.isSome(entry)) all.push(entry.value)
      else unread++
    }
  }
  return { all, unread }
})

const filesAt = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* Effect.option(fs.readDirectory(path))
  if (Option.isNone(names)) return [path]
  const logs = names.value.filter((name) => name.endsWith(".jsonl")).toSorted()
  if (logs.length === 0) {
    return yield* usage(`There is no traffic log in ${path}.`, "Its files end in .jsonl; --traffic-log writes them.")
  }
  return logs.map((name) => join(path, name))
})

// -----------------------------------------------------------------------------
// showing
// -----------------------------------------------------------------------------

const show = (
  entries: ReadonlyArray<TrafficEntry.TrafficEntry>,
  last: number,
  catalog: ModelCatalog.ModelCatalog,
  width: number,
  style: Style
): string => {
  const problems = Traffic.errors(entries)
  const listed = last <= 0 ? [] : entries.slice(-last)
  return [
    ...(listed.length === 0 ? [] : [
      listed.length < entries.length
        ? style.dim(`The latest ${listed.length} of ${Render.count(entries.length)} calls`)
        : "",
      calls(listed, catalog, width, style),
      ""
    ]),
    totals(entries, catalog, width, style),
    "",
    models(entries, catalog, width, style),
    ...(entries.length < 3
      ? []
      : ["", style.dim("Slowest"), calls(Traffic.slowest(entries, 3), catalog, width, style)]),
    ...(problems.length === 0 ? [] : ["", errors(problems, width, style)])
  ].join("\n").trimStart()
}

const calls = (
  entries: ReadonlyArray<TrafficEntry.TrafficEntry>,
  catalog: ModelCatalog.ModelCatalog,
  width: number,
  style: Style
): string =>
  Layout.table(
    [
      { title: "time (UTC)", paint: style.dim },
      { title: "model" },
      { title: "took", align: "right" },
      { title: "in", align: "right" },
      { title: "out", align: "right" },
      { title: "cost", align: "right" },
      { title: "how it ended" }
    ],
    entries.map((entry) => [
      entry.time.slice(5, 19).replace("T", " "),
      TerminalText.sanitize(entry.model ?? entry.operation),
      Render.duration(entry.latencyMs),
      entry.inputTokens === undefined ? "" : Render.count(Usage.totalInput(Traffic.tokensOf(entry))),
      entry.outputTokens === undefined ? "" : Render.count(entry.outputTokens),
      Option.match(Traffic.costOf(entry, catalog), {
        onNone: () => "?",
        onSome: (usd) => usd === 0 ? "" : Render.money(usd)
      }),
      TerminalText.sanitize(ending(entry))
    ]),
    width,
    style
  )

const ending = (entry: TrafficEntry.TrafficEntry): string => {
  const retried = entry.attempts > 1 ? `, ${entry.attempts} attempts` : ""
  if (entry.error !== undefined) {
    const { code, status, tag } = entry.error
    return `${tag}${status === undefined ? "" : ` ${status}`}${code === undefined ? "" : ` ${code}`}${retried}`
  }
  if (entry.refusal !== undefined) return `refusal (${entry.refusal})${retried}`
  return (entry.outcome === "abandoned" ? "stopped by the program" : entry.stopReason ?? "answered") + retried
}

const totals = (
  entries: ReadonlyArray<TrafficEntry.TrafficEntry>,
  catalog: ModelCatalog.ModelCatalog,
  width: number,
  style: Style
): string => {
  const summary = Traffic.summarize(entries, catalog)
  const share = `${(100 * summary.failed / summary.calls).toFixed(1).replace(/\.0$/, "")} %`
  const rows: ReadonlyArray<readonly [string, string]> = [
    [
      "calls",
      [
        Render.count(summary.calls),
        ...(summary.failed > 0 ? [`${Render.count(summary.failed)} failed (${share})`] : ["none failed"]),
        ...(summary.abandoned > 0 ? [`${Render.count(summary.abandoned)} stopped`] : []),
        ...(summary.retries > 0 ? [`${Render.count(summary.retries)} retries`] : [])
      ].join(", ")
    ],
    ["from, to", `${entries[0]!.time.slice(0, 19)}Z, ${entries.at(-1)!.time.slice(0, 19)}Z`],
    ["tokens", Render.tokens(summary.tokens)],
    [
      "cost",
      `${Render.money(summary.cost)}${
        summary.unpriced > 0 ? `, and ${summary.unpriced} calls of models without a known price` : ""
      } (list prices of ${catalog.asOf})`
    ],
    [
      "took",
      `half of them at most ${Render.duration(summary.median)}, 95 of 100 at most ${
        Render.duration(summary.p95)
      }, the slowest ${Render.duration(summary.slowest)}`
    ]
  ]
  return Layout.pairs(rows, Math.min(100, width), style.dim)
}

const models = (
  entries: ReadonlyArray<TrafficEntry.TrafficEntry>,
  catalog: ModelCatalog.ModelCatalog,
  width: number,
  style: Style
): string =>
  Layout.table(
    [
      { title: "model", paint: style.bold },
      { title: "calls", align: "right" },
      { title: "failed", align: "right" },
      { title: "in", align: "right" },
      { title: "cached", align: "right" },
      { title: "out", align: "right" },
      { title: "cost", align: "right" },
      { title: "median", align: "right" },
      { title: "p95", align: "right" }
    ],
    Traffic.byModel(entries, catalog).map(([name, each]) => [
      TerminalText.sanitize(name),
      Render.count(each.calls),
      Render.count(each.failed),
      Render.count(Usage.totalInput(each.tokens)),
      Render.count(each.tokens.cacheRead),
      Render.count(each.tokens.output),
      each.unpriced > 0 && each.cost === 0 ? "?" : Render.money(each.cost),
      Render.duration(each.median),
      Render.duration(each.p95)
    ]),
    width,
    style
  )

const errors = (groups: ReadonlyArray<Traffic.ErrorGroup>, width: number, style: Style): string =>
  Layout.table(
    [
      { title: "error", paint: style.red },
      { title: "count", align: "right" },
      { title: "status", align: "right" },
      { title: "last", paint: style.dim },
      { title: "request id to quote" }
    ],
    groups.map(({ count, latest, name, requestId, status }) => [
      TerminalText.sanitize(name),
      Render.count(count),
      status === undefined ? "" : String(status),
      latest.slice(5, 19).replace("T", " "),
      TerminalText.sanitize(requestId ?? "")
    ]),
    width,
    style
  )
