/**
 * The skills of the scripted API: those its users upload, and the four that are
 * always there.
 *
 * Shapes are those of the official SDK's types, in their present form and in that
 * of the beta `skills-2025-10-02`. What a skill is refused for is taken from the
 * API's documentation; the words are ours.
 *
 * @since 0.1.0
 */
import type * as Answer from "./answer.ts"
import * as Errors from "./errors.ts"
import * as Multipart from "./multipart.ts"
import * as Page from "./page.ts"
import * as Random from "./random.ts"
import * as Render from "./render.ts"
import * as Time from "./time.ts"

interface Version {
  readonly id: string
  readonly skill_id: string
  readonly name: string
  readonly description: string
  readonly createdAt: number
  /** When it was made, in microseconds, and later than any before it: the beta named versions so. */
  readonly epoch: number
}

interface Skill {
  readonly id: string
  readonly display_name: string
  readonly source: "custom" | "anthropic"
  readonly createdAt: number
  readonly updatedAt: number
  /** Newest first, and never none. */
  readonly versions: readonly [Version, ...ReadonlyArray<Version>]
}

interface Context extends Pick<Render.Context, "headers" | "requestId" | "draw"> {
  readonly now: number
  /** Whether the client asked for the shapes of the beta. */
  readonly isBeta: boolean
}

type Query = { readonly [name: string]: string }

export interface Skills {
  readonly create: (contentType: string | undefined, body: Uint8Array, context: Context) => Answer.Answer
  readonly list: (query: Query, context: Context) => Answer.Answer
  readonly get: (id: string, context: Context) => Answer.Answer
  readonly remove: (id: string, context: Context) => Answer.Answer
  readonly createVersion: (
    id: string,
    contentType: string | undefined,
    body: Uint8Array,
    context: Context
  ) => Answer.Answer
  readonly listVersions: (id: string, query: Query, context: Context) => Answer.Answer
  readonly getVersion: (id: string, version: string, context: Context) => Answer.Answer
  readonly removeVersion: (id: string, version: string, context: Context) => Answer.Answer
}

export const make = (seed: number): Skills => {
  const skills = new Map<string, Skill>(
    Object.entries(published).map(([id, display_name]) => {
      const version = { id: Random.id(Random.make(seed, `skill/${id}`), "skver"), skill_id: id, name: id }
      const versions = [{
        ...version,
        description: `Works with ${display_name} files.`,
        createdAt: published0,
        epoch: published0 * 1000
      }] as const
      return [id, { id, display_name, source: "anthropic", createdAt: published0, updatedAt: published0, versions }]
    })
  )

  const refused = (status: number, message: string, context: Context): Answer.Answer =>
    Render.failure(Errors.failure(status, { message }), context)

  const found = (id: string, context: Context, use: (skill: Skill) => Answer.Answer): Answer.Answer => {
    const skill = skills.get(id)
    return skill === undefined ? refused(404, `Skill not found: ${id}`, context) : use(skill)
  }
  /** Finds a skill that may be changed. */
  const own = (id: string, context: Context, use: (skill: Skill) => Answer.Answer): Answer.Answer =>
    found(
      id,
      context,
      (skill) => skill.source === "custom" ? use(skill) : refused(403, `Skill ${id} is read-only`, context)
    )

  const foundVersion = (
    skill: Skill,
    version: string,
    context: Context,
    use: (version: Version) => Answer.Answer
  ): Answer.Answer => {
    const known = skill.versions.find((each) => each.id === version || epoch(each) === version)
    return known === undefined ? refused(404, `Skill version not found: ${version}`, context) : use(known)
  }

  const versionOf = (
    skill_id: string,
    { description, name }: Upload,
    { draw, now }: Context,
    latest?: Version
  ): Version => ({
    id: Random.id(draw, "skver"),
    skill_id,
    name,
    description,
    createdAt: now,
    epoch: Math.max(now * 1000, latest === undefined ? 0 : latest.epoch + 1)
  })

  return {
    create: (contentType, body, context) => {
      const upload = read(contentType, body)
      if (typeof upload === "string") return refused(400, upload, context)
      const id = Random.id(context.draw, "skill")
      const { now } = context
      const skill: Skill = {
        id,
        display_name: upload.displayName ?? upload.name,
        source: "custom",
        createdAt: now,
        updatedAt: now,
        versions: [versionOf(id, upload, context)]
      }
      skills.set(id, skill)
      return Render.json(200, present(skill, context), context)
    },
    list: (query, context) => {
      const newest = [...skills.values()].toReversed().filter(({ source }) =>
        query["source"] === undefined || query["source"] === source
      )
      return Render.json(200, pageOf(newest.map((skill) => present(skill, context)), query, context), context)
    },
    get: (id, context) => found(id, context, (skill) => Render.json(200, present(skill, context), context)),
    remove: (id, context) =>
      own(id, context, () => {
        skills.delete(id)
        return Render.json(200, { id, type: "skill_deleted" }, context)
      }),
    createVersion: (id, contentType, body, context) =>
      own(id, context, (skill) => {
        const upload = read(contentType, body)
        if (typeof upload === "string") return refused(400, upload, context)
        const [latest] = skill.versions
        if (upload.name !== latest.name) {
          return refused(400, `SKILL.md: name must be ${latest.name}, as in the first version`, context)
        }
        const version = versionOf(id, upload, context, latest)
        skills.set(id, { ...skill, updatedAt: context.now, versions: [version, ...skill.versions] })
        return Render.json(200, presentVersion(version, context), context)
      }),
    listVersions: (id, query, context) =>
      found(
        id,
        context,
        ({ versions }) =>
          Render.json(200, pageOf(versions.map((each) => presentVersion(each, context)), query, context), context)
      ),
    getVersion: (id, version, context) =>
      found(
        id,
        context,
        (skill) =>
          foundVersion(skill, version, context, (known) => Render.json(200, presentVersion(known, context), context))
      ),
    removeVersion: (id, version, context) =>
      own(id, context, (skill) =>
        foundVersion(skill, version, context, (known) => {
          const [first, ...others] = skill.versions.filter((each) => each !== known)
          if (first === undefined) return refused(400, "A skill holds at least one version: delete the skill", context)
          skills.set(id, { ...skill, updatedAt: context.now, versions: [first, ...others] })
          const deleted = context.isBeta ? epoch(known) : known.id
          return Render.json(200, { id: deleted, type: "skill_version_deleted" }, context)
        }))
  }
}

/** The skills the API publishes, with their names. */
const published: { readonly [id: string]: string } = { docx: "Word", pdf: "PDF", pptx: "PowerPoint", xlsx: "Excel" }

/** When they were: 16 October 2025. */
const published0 = 1_760_572_800_000

// -----------------------------------------------------------------------------
// uploads
// -----------------------------------------------------------------------------

interface Upload {
  readonly displayName: string | undefined
  readonly name: string
  readonly description: string
}

/** Reads what is uploaded as a skill, or says why it is none. */
const read = (contentType: string | undefined, body: Uint8Array): Upload | string => {
  const boundary = Multipart.boundaryOf(contentType)
  const parts = boundary === undefined ? [] : Multipart.parts(body, boundary)
  const files = parts.filter(({ name }) => name === "files[]" || name === "files")
  if (files.length === 0) return "files: Field required"
  const folders = new Set(files.map(({ filename = "" }) => filename.includes("/") ? filename.split("/", 1)[0]! : ""))
  const [folder = ""] = folders
  if (folders.size > 1 || folder === "") return "files: All files must be in the same top-level directory"
  const main = files.find(({ filename }) => filename === `${folder}/SKILL.md`)
  if (main === undefined) return "files: SKILL.md must be at the root of the top-level directory"
  const label = parts.find(({ name }) => name === "display_name" || name === "display_title")
  const displayName = label === undefined ? undefined : decoder.decode(label.bytes)
  if (displayName !== undefined && displayName.length > 255) {
    return "display_name: String should have at most 255 characters"
  }
  const head = /^---\r?\n([^]*?)\r?\n---/.exec(decoder.decode(main.bytes))?.[1] ?? ""
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*?)[ \\t\\r]*$`, "m").exec(head)?.[1]?.replace(/^(["'])(.*)\1$/, "$2")
  return { displayName, name: field("name") ?? folder, description: field("description") ?? "" }
}

const decoder = new TextDecoder()

// -----------------------------------------------------------------------------
// shapes
// -----------------------------------------------------------------------------

const epoch = (version: Version): string => String(version.epoch)

const present = ({ createdAt, display_name, id, source, updatedAt, versions }: Skill, { isBeta }: Context) => ({
  id,
  // The beta left the type out.
  ...(isBeta
    ? { display_title: display_name, latest_version: epoch(versions[0]), source }
    : { type: "skill", display_name, latest_version_id: versions[0].id, source: { type: source } }),
  created_at: Time.microsUtc(createdAt),
  updated_at: Time.microsUtc(updatedAt)
})

const presentVersion = (version: Version, { isBeta }: Context) => ({
  id: version.id,
  type: "skill_version",
  skill_id: version.skill_id,
  name: version.name,
  description: version.description,
  ...(isBeta ? { directory: version.name, version: epoch(version) } : undefined),
  created_at: Time.microsUtc(version.createdAt)
})

const pageOf = <A extends { readonly id: string }>(items: ReadonlyArray<A>, query: Query, { isBeta }: Context) => {
  const page = Page.byCursor(items, query)
  return isBeta ? { ...page, has_more: page.next_page !== null } : page
}
