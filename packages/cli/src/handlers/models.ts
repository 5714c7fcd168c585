/**
 * `models`: which models there are, what they hold and what they cost.
 *
 * The catalogue of this version needs no key; `--live` asks the API, which
 * always knows better.
 *
 * @since 0.1.0
 */
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Models from "@effect-claude/http/Models"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Connected from "../Connected.ts"
import { usage } from "../Failure.ts"
import * as Layout from "../Layout.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"

/**
 * What `models` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly model: Option.Option<string>
  readonly live: boolean
  readonly json: boolean
}

/**
 * Runs `models`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const models = Effect.fnUntraced(function*({ json, live, model }: Input) {
  const { err, out, tableWidth, width } = yield* Screen
  const known = yield* ModelCatalog.Current
  const infos = live ? yield* Connected.connected(Stream.runCollect(Models.list())) : undefined
  const catalog = infos === undefined ? known : ModelCatalog.withModelInfo(known, infos)
  const entries = infos === undefined
    ? catalog.models
    : infos.flatMap(({ id }) => Option.toArray(ModelCatalog.find(catalog, id)))
  if (Option.isSome(model)) {
    const entry = ModelCatalog.find(catalog, model.value)
    if (Option.isNone(entry)) {
      return yield* usage(
        `${model.value} is not in the catalogue of ${catalog.asOf}.`,
        live
          ? "`effect-claude models --live` lists what this key can use."
          : "It may still exist: --live asks the API."
      )
    }
    return yield* out.line(
      json ? JSON.stringify(entry.value, null, 2) : detail(entry.value, yield* width, out.style.dim)
    )
  }
  if (json) return yield* out.line(JSON.stringify(entries, null, 2))
  const today = Render.day(yield* Clock.currentTimeMillis)
  yield* out.line(Layout.table(
    [
      { title: "model", paint: out.style.bold },
      { title: "window", align: "right" },
      { title: "output", align: "right" },
      { title: "in $/M", align: "right" },
      { title: "cached", align: "right" },
      { title: "out $/M", align: "right" },
      { title: "note", paint: out.style.yellow }
    ],
    entries.map((entry) => row(entry, today)),
    yield* tableWidth,
    out.style
  ))
  if (err.isTerminal) {
    yield* err.note(
      infos === undefined
        ? `Prices and limits as of ${catalog.asOf}. --live asks the API what this key can use.`
        : `Models and limits from the API; prices as of ${catalog.asOf}.`
    )
  }
})

// -----------------------------------------------------------------------------
// showing
// -----------------------------------------------------------------------------

const unknown = "–"

const dollars = (usd: number | undefined): string => usd === undefined ? unknown : usd.toFixed(2)

const tokens = (n: number | undefined): string => n === undefined ? unknown : Render.short(n)

const row = (entry: ModelCatalog.Entry, today: string): ReadonlyArray<string> => {
  const price = entry.tiers?.[0]?.price
  return [
    entry.id,
    tokens(entry.contextWindow),
    tokens(entry.maxOutput),
    dollars(price?.input),
    dollars(price?.cacheRead),
    dollars(price?.output),
    entry.retiresOn === undefined
      ? ""
      : `${entry.retiresOn <= today ? "retired" : "retires"} ${entry.retiresOn}${
        entry.replacement === undefined ? "" : `: use ${entry.replacement}`
      }`
  ]
}

const refusals: { readonly [R in ModelCatalog.Refusal]: string } = {
  prefill: "an assistant turn at the end",
  samplingPair: "temperature and top_p together",
  sampling: "temperature, top_p and top_k",
  manualThinking: "thinking of type enabled",
  noThinking: "thinking of type disabled",
  forcedTool: "a tool_choice of any or tool"
}

const detail = (entry: ModelCatalog.Entry, width: number, dim: (text: string) => string): string => {
  const prices = (entry.tiers ?? []).map(({ price, upTo }) => {
    const parts = ([
      ["in", price.input],
      ["cached", price.cacheRead],
      ["into the cache", price.cacheWrite5m],
      ["for an hour", price.cacheWrite1h],
      ["out", price.output]
    ] as const).flatMap(([name, usd]) => usd === undefined ? [] : [`$${usd.toFixed(2)} ${name}`])
    return `${parts.join(", ")}${upTo === undefined ? "" : ` (prompts up to ${Render.short(upTo)})`}`
  })
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["model", entry.id],
    ["also", (entry.aliases ?? []).join(", ")],
    ["window", entry.contextWindow === undefined ? "" : `${Render.count(entry.contextWindow)} tokens`],
    ["max output", entry.maxOutput === undefined ? "" : `${Render.count(entry.maxOutput)} tokens`],
    ["per million", prices.join("\n")],
    ["in a batch", entry.batchFactor === undefined ? "" : `× ${entry.batchFactor}`],
    ["fast mode", entry.fastFactor === undefined ? "" : `× ${entry.fastFactor}`],
    ["in the US", entry.usFactor === undefined ? "" : `× ${entry.usFactor}`],
    ["refuses", (entry.refuses ?? []).map((refusal) => refusals[refusal]).join("; ")],
    ["retires", entry.retiresOn ?? ""],
    ["instead", entry.replacement ?? ""]
  ]
  return Layout.pairs(rows.filter(([, value]) => value !== ""), width, dim)
}
