/**
 * Skills: folders of instructions and files for a container.
 *
 * There are two wire formats: the current one, and that of the beta
 * `skills-2025-10-02`. Fields that only one of them has are optional.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The source of a skill.
 *
 * @category schemas
 * @since 0.1.0
 */
export class SkillSource extends Wire.Class<SkillSource>()("SkillSource", {
  type: Wire.openEnum("SkillSourceType", ["custom", "anthropic", "anthropic_example", "plugin"])
}) {}

/**
 * A skill.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Skill extends Wire.Class<Skill>()("Skill", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill")),
  display_name: Wire.nullish(Schema.String),
  display_title: Wire.nullish(Schema.String),
  latest_version_id: Wire.nullish(Schema.String),
  latest_version: Wire.nullish(Schema.String),
  source: Schema.Union([Schema.String, SkillSource]),
  created_at: Schema.String,
  updated_at: Schema.String
}) {}

/**
 * A version of a skill.
 *
 * @category schemas
 * @since 0.1.0
 */
export class SkillVersion extends Wire.Class<SkillVersion>()("SkillVersion", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill_version")),
  skill_id: Schema.String,
  name: Schema.String,
  description: Schema.String,
  created_at: Schema.String,
  version: Wire.nullish(Schema.String),
  directory: Wire.nullish(Schema.String)
}) {}

/**
 * A skill that was deleted, with all its versions.
 *
 * @category schemas
 * @since 0.1.0
 */
export class DeletedSkill extends Wire.Class<DeletedSkill>()("DeletedSkill", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill_deleted"))
}) {}

/**
 * A version of a skill that was deleted.
 *
 * @category schemas
 * @since 0.1.0
 */
export class DeletedSkillVersion extends Wire.Class<DeletedSkillVersion>()("DeletedSkillVersion", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill_version_deleted"))
}) {}
