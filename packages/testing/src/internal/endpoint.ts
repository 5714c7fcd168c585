/**
 * The paths of the API, and the methods each answers.
 *
 * @since 0.1.0
 */

/** What a request asks for. */
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

/** Where a request leads: an endpoint, a path that wants another method, or nowhere. */
export type Match =
  | { readonly _tag: "Endpoint"; readonly name: Name; readonly id: string }
  | { readonly _tag: "MethodNotAllowed"; readonly allow: ReadonlyArray<string> }
  | { readonly _tag: "NotFound" }

/** Finds the endpoint of a method and a path. A base path in front of `/v1/` is ignored, as gateways have one. */
export const match = (method: string, path: string): Match => {
  const at = path.lastIndexOf("/v1/")
  const segments = (at === -1 ? path : path.slice(at + 4)).replace(/\/$/, "").split("/")
  for (const { methods, pattern } of table) {
    const id = matches(pattern, segments)
    if (at === -1 || id === undefined) continue
    const name = methods[method]
    return name === undefined
      ? { _tag: "MethodNotAllowed", allow: Object.keys(methods) }
      : { _tag: "Endpoint", name, id }
  }
  return { _tag: "NotFound" }
}

const matches = (pattern: ReadonlyArray<string>, segments: ReadonlyArray<string>): string | undefined => {
  if (pattern.length !== segments.length) return undefined
  let id = ""
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === "*") id = segments[i]!
    else if (pattern[i] !== segments[i]) return undefined
  }
  return pattern.includes("*") && id === "" ? undefined : id
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
  { pattern: ["files", "*", "content"], methods: { GET: "fileContent" } }
]
