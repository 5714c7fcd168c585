import * as Fs from "node:fs"
import * as Path from "node:path"

/** One recorded interaction with the API. */
export interface Recording {
  readonly file: string
  readonly endpoint: string
  readonly kind: "json" | "sse" | "jsonl" | "error" | "text"
  readonly request?: { readonly headers?: { readonly [name: string]: string }; readonly body?: unknown } | null
  readonly response: { readonly status?: number | null; readonly body?: unknown; readonly text?: string }
}

const root = Path.join(import.meta.dirname, "../../..")

/** The folder of the recordings, which lie beside the repository and are never copied. */
export const folder = process.env["RECORDINGS"] ?? Path.join(root, "../shared/recordings")

/** Whether the recordings are here. Where they are not, says so: what reads them is left out. */
export const present = Fs.existsSync(folder)
if (!present) process.stderr.write(`There are no recordings in ${folder}: what reads them is left out.\n`)

const cache: Array<Recording> = []

/** Every recording, in the order of the file names. */
export const all = (): ReadonlyArray<Recording> => {
  if (cache.length === 0 && present) {
    for (const file of Fs.globSync("**/*.json", { cwd: folder }).toSorted()) {
      const recording: Omit<Recording, "file"> = JSON.parse(Fs.readFileSync(Path.join(folder, file), "utf8"))
      cache.push({ file, ...recording })
    }
  }
  return cache
}

const isObject = (u: unknown): u is { readonly [field: string]: unknown } =>
  typeof u === "object" && u !== null && !Array.isArray(u)

/** Whether the API answered and did not fail. Older recorders left out the status of what succeeded. */
export const isAccepted = ({ kind, response }: Recording): boolean =>
  kind !== "error" && (response.status === undefined || response.status === null ||
    (response.status >= 200 && response.status < 300))

/** The requests for messages in a recording: one, or those of a batch. */
export const requestsOf = ({ request }: Recording): ReadonlyArray<{ readonly [field: string]: unknown }> => {
  const body = request?.body
  if (!isObject(body)) return []
  const items: ReadonlyArray<unknown> = Array.isArray(body["requests"])
    ? body["requests"].map((item) => isObject(item) ? item["params"] : {})
    : [body]
  return items.filter(isObject).filter((item) => Array.isArray(item["messages"]))
}

/** The message a recording answers with, streams folded by their recorder left out. */
export const messageOf = ({ response }: Recording): { readonly [field: string]: unknown } | undefined =>
  isObject(response.body) && response.body["type"] === "message" ? response.body : undefined

/** The data of each event of a recorded stream. */
export const eventsOf = ({ response }: Recording): ReadonlyArray<unknown> =>
  (response.text ?? "").split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) =>
    JSON.parse(line.slice(5))
  )

/** The real input tokens of a recorded request, cached ones included; of the first call, where the server made several. */
export const inputTokensOf = (recording: Recording): number | undefined => {
  const { body } = recording.response
  if (isObject(body) && typeof body["input_tokens"] === "number") return body["input_tokens"]
  const start = eventsOf(recording).find((event) => isObject(event) && event["type"] === "message_start")
  const message = messageOf(recording) ?? (isObject(start) ? start["message"] : undefined)
  const usage = isObject(message) ? message["usage"] : undefined
  if (!isObject(usage)) return undefined
  const calls: unknown = usage["iterations"]
  const first: unknown = Array.isArray(calls) && calls.length > 0 ? calls[0] : usage
  if (!isObject(first)) return undefined
  return ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].reduce((sum, field) => {
    const count = first[field]
    return sum + (typeof count === "number" ? count : 0)
  }, 0)
}
