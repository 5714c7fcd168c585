/**
 * The models of the scripted API. What the catalogue of core knows of a model
 * comes from there: limits, retirement, what it refuses. Older and newer models
 * of the families are given the limits of their generation.
 *
 * @since 0.1.0
 */
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Option from "effect/Option"

/** What the scripted API knows of a model. */
export interface Model {
  readonly id: string
  readonly line: string
  /** Major and minor version as one number: 4.5 is 405. */
  readonly generation: number
  readonly contextWindow: number
  readonly maxTokens: number
  readonly entry: ModelCatalog.Entry | undefined
}

/** Reads a model id of any age, or undefined for one the API never had. */
export const find = (id: string): Model | undefined => {
  const [, before, line, after] = pattern.exec(id) ?? []
  if (line === undefined) return undefined
  const [major = "2", minor = "0"] = (before ?? after ?? defaults[line] ?? "").split(/[.-]/)
  return make(id, line, Number(major === "" ? "2" : major) * 100 + Number(minor))
}

/** `claude-3-5-sonnet-latest`, `claude-sonnet-4-5-20250929`, `claude-opus-5`, `claude-2.1`, `claude-mythos-preview`. */
const pattern =
  /^claude-(?:(\d(?:[.-]\d)?)-)?(opus|sonnet|haiku|fable|mythos|instant|(?=\d(?:\.\d)?$))(?:-?(\d(?:[.-]\d)?))?(?:-(?:\d{8}|latest|preview))?$/

/** The version of ids that do not name one. */
const defaults: { readonly [line: string]: string } = { mythos: "4-6", instant: "1-2" }

const make = (id: string, line: string, generation: number): Model => {
  const entry = Option.getOrUndefined(ModelCatalog.find(ModelCatalog.released, id))
  return {
    id,
    line,
    generation,
    contextWindow: entry?.contextWindow ?? (generation >= 406 ? 1_000_000 : 200_000),
    maxTokens: entry?.maxOutput ??
      (generation >= 406 ? 128_000 : generation >= 400 ? 64_000 : generation >= 307 ? 128_000 : 8192),
    entry
  }
}

/** A model that options declare and the families do not know: like the newest. */
export const unknown = (id: string): Model => ({
  id,
  line: "sonnet",
  generation: 505,
  contextWindow: 1_000_000,
  maxTokens: 128_000,
  entry: Option.getOrUndefined(ModelCatalog.find(ModelCatalog.released, "claude-sonnet-5-5"))
})

/** Whether a model takes system turns between others. */
export const takesSystemTurns = (model: Model): boolean => model.generation >= 408

/** Whether a model refuses something. Models the catalogue does not know are older than all of these refusals. */
export const refuses = (model: Model, refusal: ModelCatalog.Refusal): boolean =>
  model.entry?.refuses?.includes(refusal) === true

const known: ReadonlyArray<{ readonly id: string; readonly name: string; readonly createdAt: string }> = [
  { id: "claude-haiku-5-5", name: "Claude Haiku 5.5", createdAt: "2026-10-07T00:00:00Z" },
  { id: "claude-sonnet-5-5", name: "Claude Sonnet 5.5", createdAt: "2026-10-01T00:00:00Z" },
  { id: "claude-opus-5-5", name: "Claude Opus 5.5", createdAt: "2026-09-24T00:00:00Z" },
  { id: "claude-sonnet-5", name: "Claude Sonnet 5", createdAt: "2026-06-30T00:00:00Z" },
  { id: "claude-opus-5", name: "Claude Opus 5", createdAt: "2026-07-24T00:00:00Z" },
  { id: "claude-opus-4-8", name: "Claude Opus 4.8", createdAt: "2026-05-01T00:00:00Z" },
  { id: "claude-opus-4-7", name: "Claude Opus 4.7", createdAt: "2026-04-01T00:00:00Z" },
  { id: "claude-opus-4-6", name: "Claude Opus 4.6", createdAt: "2026-02-01T00:00:00Z" },
  { id: "claude-sonnet-4-6", name: "Claude Sonnet 4.6", createdAt: "2026-02-01T00:00:00Z" },
  { id: "claude-haiku-4-5-20251001", name: "Claude Haiku 4.5", createdAt: "2025-10-15T00:00:00Z" },
  { id: "claude-opus-4-5-20251101", name: "Claude Opus 4.5", createdAt: "2025-11-24T00:00:00Z" },
  { id: "claude-sonnet-4-5-20250929", name: "Claude Sonnet 4.5", createdAt: "2025-09-29T00:00:00Z" }
]

/** The models as the models endpoint lists them, newest first. */
export const list = known.map(({ createdAt, id, name }) => {
  const model = find(id)
  const generation = model?.generation ?? 500
  const retiresOn = model?.entry?.retiresOn
  const refused = (refusal: ModelCatalog.Refusal) => model !== undefined && refuses(model, refusal)
  const supported = { supported: true }
  const since = (version: number) => ({ supported: generation >= version })
  return {
    type: "model",
    id,
    display_name: name,
    created_at: createdAt,
    lifecycle: retiresOn === undefined ? "active" : "deprecated",
    deprecated_at: null,
    retires_at: retiresOn === undefined ? null : `${retiresOn}T00:00:00Z`,
    line: model?.line ?? null,
    max_input_tokens: model?.contextWindow ?? null,
    max_tokens: model?.maxTokens ?? null,
    capabilities: {
      batch: supported,
      citations: supported,
      code_execution: supported,
      context_management: { supported: true },
      effort: { ...since(406), low: since(406), medium: since(406), high: since(406), max: since(406) },
      image_input: supported,
      pdf_input: supported,
      server_tools: supported,
      structured_outputs: supported,
      thinking: {
        supported: true,
        types: {
          adaptive: since(406),
          between_tools: since(500),
          disabled: { supported: !refused("noThinking") },
          enabled: { supported: !refused("manualThinking") }
        }
      }
    }
  }
})
