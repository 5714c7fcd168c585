/**
 * The models of the API: their ids, and the responses of `/v1/models`.
 *
 * Ids are open: editors complete the known ones, and any string is accepted, so
 * a new model needs no new version of this package. `ModelCatalog` has prices
 * and limits.
 *
 * Source: the official SDK's `Model` type and the models endpoint.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The id of a model, such as `claude-sonnet-5-5`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Model = Wire.openEnum("Model", [
  "claude-fable-5-2",
  "claude-mythos-5-2",
  "claude-haiku-5-5",
  "claude-sonnet-5-5",
  "claude-fable-5-1",
  "claude-opus-5-5",
  "claude-mythos-5-1",
  "claude-sonnet-5",
  "claude-fable-5",
  "claude-mythos-5",
  "claude-opus-5",
  "claude-opus-4-8",
  "claude-opus-4-7",
  "claude-mythos-preview",
  "claude-opus-4-6",
  "claude-sonnet-4-6",
  "claude-haiku-4-5",
  "claude-haiku-4-5-20251001",
  "claude-opus-4-5",
  "claude-opus-4-5-20251101",
  "claude-sonnet-4-5",
  "claude-sonnet-4-5-20250929"
])

/**
 * The id of a model.
 *
 * @category models
 * @since 0.1.0
 */
export type Model = typeof Model.Type

/**
 * Whether a model supports something. A capability may have more fields.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Capability extends Wire.Class<Capability>()("Capability", { supported: Schema.Boolean }) {}

/** Creates the schema of a capability with parts, each of which is a capability. */
const capability = <const Part extends string>(identifier: string, parts: ReadonlyArray<Part>) =>
  Wire.struct(identifier, { supported: Schema.Boolean, ...Struct.Record(parts, Wire.nullish(Capability)) })

/**
 * The capabilities of a model. Capabilities that this version does not know are
 * kept.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Capabilities extends Wire.Class<Capabilities>()("Capabilities", {
  batch: Wire.nullish(Capability),
  citations: Wire.nullish(Capability),
  code_execution: Wire.nullish(Capability),
  compaction: Wire.nullish(capability("CompactionCapability", ["summarize"])),
  context_management: Wire.nullish(
    capability("ContextManagementCapability", [
      "clear_thinking_20251015",
      "clear_tool_uses_20250919",
      "compact_20260112"
    ])
  ),
  effort: Wire.nullish(capability("EffortCapability", ["low", "medium", "high", "xhigh", "max"])),
  image_input: Wire.nullish(Capability),
  pdf_input: Wire.nullish(Capability),
  server_tools: Wire.nullish(capability("ServerToolsCapability", ["code_execution", "web_search"])),
  structured_outputs: Wire.nullish(Capability),
  thinking: Wire.nullish(Wire.struct("ThinkingCapability", {
    supported: Schema.Boolean,
    types: Wire.nullish(Wire.struct("ThinkingTypes", {
      adaptive: Wire.nullish(Capability),
      between_tools: Wire.nullish(Capability),
      disabled: Wire.nullish(Capability),
      enabled: Wire.nullish(Capability)
    }))
  }))
}) {}

/**
 * A model as `/v1/models` describes it. Responses from before 2026 lack limits
 * and capabilities.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ModelInfo extends Wire.Class<ModelInfo>()("ModelInfo", {
  id: Schema.String,
  type: Schema.Literal("model"),
  display_name: Schema.String,
  created_at: Schema.String,
  lifecycle: Wire.nullish(Wire.openEnum("Lifecycle", ["active", "deprecated", "retired"])),
  deprecated_at: Wire.nullish(Schema.String),
  retires_at: Wire.nullish(Schema.String),
  line: Wire.nullish(Wire.openEnum("ModelLine", ["haiku", "sonnet", "opus", "fable", "mythos"])),
  max_input_tokens: Wire.nullish(Schema.Finite),
  max_tokens: Wire.nullish(Schema.Finite),
  capabilities: Wire.nullish(Capabilities),
  allowed_fallback_models: Wire.nullish(Schema.Array(Schema.String))
}) {}
