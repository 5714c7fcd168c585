/**
 * Skills: folders of instructions and files that a container is given.
 *
 * Two generations are on the wire: today's names and those of the beta, which
 * `anthropic-beta: skills-2025-10-02` still asks for. What only one of them has
 * is optional.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Who a skill comes from.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SkillSource = Wire.struct("SkillSource", {
  type: Wire.openEnum("SkillSourceType", ["custom", "anthropic", "anthropic_example", "plugin"])
})

/**
 * Who a skill comes from.
 *
 * @category models
 * @since 0.1.0
 */
export interface SkillSource extends Schema.Schema.Type<typeof SkillSource> {}

/**
 * A skill.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Skill = Wire.struct("Skill", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill")),
  display_name: Wire.nullish(Schema.String),
  display_title: Wire.nullish(Schema.String),
  latest_version_id: Wire.nullish(Schema.String),
  latest_version: Wire.nullish(Schema.String),
  source: Schema.Union([Schema.String, SkillSource]),
  created_at: Schema.String,
  updated_at: Schema.String
})

/**
 * A skill.
 *
 * @category models
 * @since 0.1.0
 */
export interface Skill extends Schema.Schema.Type<typeof Skill> {}

/**
 * A version of a skill.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SkillVersion = Wire.struct("SkillVersion", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill_version")),
  skill_id: Schema.String,
  name: Schema.String,
  description: Schema.String,
  created_at: Schema.String,
  version: Wire.nullish(Schema.String),
  directory: Wire.nullish(Schema.String)
})

/**
 * A version of a skill.
 *
 * @category models
 * @since 0.1.0
 */
export interface SkillVersion extends Schema.Schema.Type<typeof SkillVersion> {}

/**
 * A skill that was deleted, with all its versions.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DeletedSkill = Wire.struct("DeletedSkill", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill_deleted"))
})

/**
 * A skill that was deleted, with all its versions.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeletedSkill extends Schema.Schema.Type<typeof DeletedSkill> {}

/**
 * A version of a skill that was deleted.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DeletedSkillVersion = Wire.struct("DeletedSkillVersion", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("skill_version_deleted"))
})

/**
 * A version of a skill that was deleted.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeletedSkillVersion extends Schema.Schema.Type<typeof DeletedSkillVersion> {}
