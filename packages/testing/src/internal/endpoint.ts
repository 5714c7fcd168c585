/**
 * The paths of the API, and the methods of each.
 *
 * @since 0.1.0
 */

/** The name of an endpoint. */
export type Name =
  | "messages"
  | "countTokens"
  | "createBatch"
  | "listBatches"
  | "getBatch"
  | "deleteBatch"
  | "cancelBatch"
  | "batchResults"
  | "listModels"
  | "getModel"
  | "uploadFile"
  | "listFiles"
  | "getFile"
  | "deleteFile"
  | "fileContent"
  | "createSkill"
  | "listSkills"
  | "getSkill"
  | "deleteSkill"
  | "createSkillVersion"
  | "listSkillVersions"
  | "getSkillVersion"
  | "deleteSkillVersion"

/** The endpoint of a request, a path without this method, or no path of the API. */
export type Match =
  | { readonly _tag: "Endpoint"; readonly name: Name; readonly id: string; readonly version: string }
  | { readonly _tag: "MethodNotAllowed"; readonly allow: ReadonlyArray<string> }
  | { readonly _tag: "NotFound" }

/** Finds the endpoint of a method and a path below a base path, such as `/gateway`. Any other path leads nowhere. */
export const match = (method: string, path: string, basePath = ""): Match => {
  const root = `${basePath}/v1/`
  if (!path.startsWith(root)) return { _tag: "NotFound" }
  const segments = path.slice(root.length).split("/")
  for (const { methods, pattern } of table) {
    const ids = matches(pattern, segments)
    if (ids === undefined) continue
    const name = methods[method]
    return name === undefined
      ? { _tag: "MethodNotAllowed", allow: Object.keys(methods) }
      : { _tag: "Endpoint", name, id: ids[0] ?? "", version: ids[1] ?? "" }
  }
  return { _tag: "NotFound" }
}

/** The segments that stand for a star, where all others are as they should be. */
const matches = (
  pattern: ReadonlyArray<string>,
  segments: ReadonlyArray<string>
): ReadonlyArray<string> | undefined => {
  if (pattern.length !== segments.length) return undefined
  const ids: Array<string> = []
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === "*") ids.push(segments[i]!)
    else if (pattern[i] !== segments[i]) return undefined
  }
  return ids.includes("") ? undefined : ids
}

const table: ReadonlyArray<{
  readonly pattern: ReadonlyArray<string>
  readonly methods: { readonly [method: string]: Name | undefined }
}> = [
  { pattern: ["messages"], methods: { POST: "messages" } },
  { pattern: ["messages", "count_tokens"], methods: { POST: "countTokens" } },
  { pattern: ["messages", "batches"], methods: { POST: "createBatch", GET: "listBatches" } },
  { pattern: ["messages", "batches", "*"], methods: { GET: "getBatch", DELETE: "deleteBatch" } },
  { pattern: ["messages", "batches", "*", "cancel"], methods: { POST: "cancelBatch" } },
  { pattern: ["messages", "batches", "*", "results"], methods: { GET: "batchResults" } },
  { pattern: ["models"], methods: { GET: "listModels" } },
  { pattern: ["models", "*"], methods: { GET: "getModel" } },
  { pattern: ["files"], methods: { POST: "uploadFile", GET: "listFiles" } },
  { pattern: ["files", "*"], methods: { GET: "getFile", DELETE: "deleteFile" } },
  { pattern: ["files", "*", "content"], methods: { GET: "fileContent" } },
  { pattern: ["skills"], methods: { POST: "createSkill", GET: "listSkills" } },
  { pattern: ["skills", "*"], methods: { GET: "getSkill", DELETE: "deleteSkill" } },
  { pattern: ["skills", "*", "versions"], methods: { POST: "createSkillVersion", GET: "listSkillVersions" } },
  { pattern: ["skills", "*", "versions", "*"], methods: { GET: "getSkillVersion", DELETE: "deleteSkillVersion" } }
]
