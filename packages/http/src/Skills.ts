/**
 * Skills: folders of instructions and files for a container.
 *
 * A skill is a folder with a `SKILL.md` at its top. Each upload makes a version.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Page from "@effect-claude/core/Page"
import * as Skill from "@effect-claude/core/Skill"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Claude } from "./Claude.ts"
import * as MediaType from "./internal/request/mediaType.ts"
import * as Multipart from "./internal/request/multipart.ts"
import * as Pagination from "./internal/request/pagination.ts"
import * as Path from "./internal/request/path.ts"
import * as Raw from "./Raw.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A file of a skill. Its path begins with the name of the skill's folder.
 *
 * @category models
 * @since 0.1.0
 */
export interface SkillFile {
  /** The path within the skill, such as `my-skill/SKILL.md`. */
  readonly path: string
  readonly content: Uint8Array
  /**
   * The media type of the file.
   *
   * @default the type of the extension of `path`, "application/octet-stream" if that is not known
   */
  readonly mediaType?: string | undefined
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `list`.
 *
 * @category options
 * @since 0.1.0
 */
export interface ListOptions {
  /**
   * Skills per page.
   *
   * @default the API's
   */
  readonly limit?: number | undefined
  /**
   * The source of the skills to list.
   *
   * @default all
   */
  readonly source?: "custom" | "anthropic" | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Creates a skill from its files, which have one folder at the top.
 *
 * @category calls
 * @since 0.1.0
 */
export const create = (
  files: ReadonlyArray<SkillFile>,
  options?: { readonly displayName?: string | undefined }
): Effect.Effect<Skill.Skill, ClaudeError, Claude> =>
  upload("skills.create", "/v1/skills", files, Skill.Skill, options?.displayName)

/**
 * Lists skills.
 *
 * @category calls
 * @since 0.1.0
 */
export const list = (options?: ListOptions): Stream.Stream<Skill.Skill, ClaudeError, Claude> =>
  Pagination.byCursor(({ page }) =>
    Raw.json({
      operation: "skills.list",
      method: "GET",
      path: "/v1/skills",
      query: { limit: options?.limit, source: options?.source, page }
    }, pageOfSkills)
  )

/**
 * Returns a skill.
 *
 * @category calls
 * @since 0.1.0
 */
export const get = (id: string): Effect.Effect<Skill.Skill, ClaudeError, Claude> =>
  Effect.flatMap(pathOf(id), (path) => Raw.json({ operation: "skills.get", method: "GET", path }, Skill.Skill))

const delete_ = (id: string): Effect.Effect<Skill.DeletedSkill, ClaudeError, Claude> =>
  Effect.flatMap(
    pathOf(id),
    (path) => Raw.json({ operation: "skills.delete", method: "DELETE", path }, Skill.DeletedSkill)
  )

/**
 * Deletes a skill with all its versions.
 *
 * @category calls
 * @since 0.1.0
 */
export { delete_ as delete }

// -----------------------------------------------------------------------------
// versions
// -----------------------------------------------------------------------------

/**
 * Adds a version to a skill.
 *
 * @category versions
 * @since 0.1.0
 */
export const createVersion = (
  id: string,
  files: ReadonlyArray<SkillFile>
): Effect.Effect<Skill.SkillVersion, ClaudeError, Claude> =>
  Effect.flatMap(pathOf(id), (path) => upload("skills.createVersion", `${path}/versions`, files, Skill.SkillVersion))

/**
 * Lists the versions of a skill.
 *
 * @category versions
 * @since 0.1.0
 */
export const listVersions = (id: string): Stream.Stream<Skill.SkillVersion, ClaudeError, Claude> =>
  Pagination.byCursor(({ page }) =>
    Effect.flatMap(pathOf(id), (path) =>
      Raw.json(
        { operation: "skills.listVersions", method: "GET", path: `${path}/versions`, query: { page } },
        pageOfVersions
      ))
  )

/**
 * Returns a version of a skill.
 *
 * @category versions
 * @since 0.1.0
 */
export const getVersion = (id: string, version: string): Effect.Effect<Skill.SkillVersion, ClaudeError, Claude> =>
  Effect.flatMap(
    versionPath(id, version),
    (path) => Raw.json({ operation: "skills.getVersion", method: "GET", path }, Skill.SkillVersion)
  )

/**
 * Streams the content of a version of a skill, as a zip archive.
 *
 * Only the beta endpoint has it: the request is sent with `skills-2025-10-02`.
 *
 * @category versions
 * @since 0.1.0
 */
export const downloadVersion = (id: string, version: string): Stream.Stream<Uint8Array, ClaudeError, Claude> =>
  Stream.unwrap(
    Effect.map(versionPath(id, version), (path) =>
      Raw.bytes({
        operation: "skills.downloadVersion",
        method: "GET",
        path: `${path}/content`,
        betas: ["skills-2025-10-02"]
      }))
  )

/**
 * Deletes a version of a skill.
 *
 * @category versions
 * @since 0.1.0
 */
export const deleteVersion = (
  id: string,
  version: string
): Effect.Effect<Skill.DeletedSkillVersion, ClaudeError, Claude> =>
  Effect.flatMap(
    versionPath(id, version),
    (path) => Raw.json({ operation: "skills.deleteVersion", method: "DELETE", path }, Skill.DeletedSkillVersion)
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const pageOfSkills = Page.pageCursor(Skill.Skill)

const pageOfVersions = Page.pageCursor(Skill.SkillVersion)

const pathOf = (id: string) => Effect.map(Path.segment("id", id), (segment) => `/v1/skills/${segment}`)

const versionPath = (id: string, version: string) =>
  Effect.zipWith(pathOf(id), Path.segment("version", version), (path, segment) => `${path}/versions/${segment}`)

const upload = <A>(
  operation: string,
  path: string,
  files: ReadonlyArray<SkillFile>,
  schema: Schema.Codec<A, A>,
  displayName?: string
): Effect.Effect<A, ClaudeError, Claude> => {
  const parts: ReadonlyArray<Multipart.Part> = [
    ...(displayName === undefined ? [] : [{ name: "display_name", value: displayName }]),
    ...files.map(({ content, mediaType, path: filename }) => ({
      name: "files[]",
      filename,
      mediaType: mediaType ?? MediaType.ofName(filename),
      content
    }))
  ]
  return Effect.flatMap(Multipart.encode(parts), (body) => Raw.json({ operation, method: "POST", path, body }, schema))
}
