/**
 * Reads the body of a failed response, whatever sent it: the API's error
 * envelope, the JSON of a gateway, JSON inside JSON, HTML, plain text, nothing.
 *
 * Total, and linear in the length of the text: the body is foreign, and may be
 * as large as the limit on error bodies.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as JsonText from "../JsonText.ts"

/** What a body says about a failure. */
export interface ErrorBody {
  /** The body as JSON, or undefined when it is not JSON. */
  readonly json: unknown
  /** Whether the body is the error envelope of the API. */
  readonly enveloped: boolean
  /** `error.type`, or what a gateway sends in its place. */
  readonly type: string | undefined
  /** The HTTP status that a gateway writes into its body. */
  readonly status: number | undefined
  /** `error.details`, as it came. */
  readonly details: unknown
  readonly requestId: string | undefined
  /** The seconds to wait that a gateway writes into its body. */
  readonly retryAfterSeconds: number | undefined
  /** The server's own words on one line. Empty when the body has no text. */
  readonly words: string
}

/** Reads a body. */
export const read = (text: string, contentType: string | undefined): ErrorBody => {
  const json = parseJson(text)
  if (json !== undefined) return ofJson(json)
  const isHtml = contentType?.toLowerCase().includes("html") === true || startsAsHtml(text)
  const { words, ...quoted } = isHtml ? { words: htmlText(text) } : ofText(text, 0)
  return { json, enveloped: false, ...absent, ...quoted, words: oneLine(words ?? "") }
}

/** Reads a body that is JSON already, such as the data of an `error` event. */
export const ofJson = (json: unknown): ErrorBody => {
  const { words, ...found } = find(json, 0)
  return { json, enveloped: isEnvelope(json), ...absent, ...found, words: oneLine(words ?? textOf(json)) }
}

/** Writes JSON. Empty for an empty text, and when it is nested too deeply to be written. */
const textOf = (json: unknown): string =>
  json === "" ? "" : Result.getOrElse(Result.try(() => JSON.stringify(json)), () => undefined) ?? ""

/**
 * Whether JSON reports a failure: it is an error by its `type`, has an `error` member that holds something, or has no
 * `type` and a message to the reader, as frameworks and gateways send.
 */
export const isError = (json: unknown): boolean =>
  Predicate.isObject(json) &&
  (json["type"] === "error" || isPresent(json["error"]) || (!("type" in json) && ["message", "Message", "detail"].some(
    (name) => text(json[name]) !== undefined
  )))

// -----------------------------------------------------------------------------
// JSON
// -----------------------------------------------------------------------------

/** What one level of JSON says. */
type Found = {
  readonly [K in "type" | "status" | "details" | "requestId" | "retryAfterSeconds" | "words"]?: ErrorBody[K] | undefined
}

const absent = {
  type: undefined,
  status: undefined,
  details: undefined,
  requestId: undefined,
  retryAfterSeconds: undefined
}

/** How many levels of JSON are looked into, JSON inside texts included. */
const depthLimit = 8

/** Members that hold an error of their own, in the order they are tried. */
const errorMembers = ["error", "errors", "exception", "metadata", "raw"]

/** Members that hold a message, in the order they are tried. */
const messageMembers = ["message", "error_description", "detail", "description", "Message", "errorMessage", "msg"]

const find = (value: unknown, depth: number): Found => {
  if (depth > depthLimit) return {}
  if (typeof value === "string") return ofText(value, depth)
  if (Array.isArray(value)) return find(value[0], depth + 1)
  return Predicate.isObject(value) ? ofRecord(value, depth) : {}
}

const ofRecord = (value: { readonly [name: string]: unknown }, depth: number): Found => {
  const says = (found: Found): boolean => found.words !== undefined || found.type !== undefined
  const among = (names: ReadonlyArray<string>): Found => {
    for (const name of names) {
      const found = find(value[name], depth + 1)
      if (says(found)) return found
    }
    return {}
  }
  const message = among(messageMembers)
  const inner = among(errorMembers)
  return {
    type: inner.type ?? message.type ?? (isTypeName(value["type"]) ? value["type"] : undefined),
    status: inner.status ?? [value["status"], value["code"], value["status_code"]].find(isErrorStatus) ??
      message.status,
    details: inner.details ?? message.details ?? (Predicate.isObject(value["details"]) ? value["details"] : undefined),
    requestId: text(value["request_id"]) ?? inner.requestId ?? message.requestId,
    retryAfterSeconds: seconds(value["retry_after"]) ?? inner.retryAfterSeconds ?? message.retryAfterSeconds,
    words: joined([text(value["title"])?.slice(0, wordsLimit), message.words, inner.words])
  }
}

/** Reads a text, which may be JSON or hold JSON: proxies quote what they received. */
const ofText = (value: string, depth: number): Found => {
  if (value.trim() === "") return {}
  const from = value.search(/[[{]/)
  const to = Math.max(value.lastIndexOf("}"), value.lastIndexOf("]"))
  const json = from < 0 || to < from ? undefined : parseJson(value.slice(from, to + 1))
  const inner = json === undefined ? {} : find(json, depth + 1)
  const isWhole = from >= 0 && value.slice(0, from).trim() === "" && value.slice(to + 1).trim() === ""
  return isWhole && inner.words !== undefined ? inner : { ...inner, words: value.slice(0, wordsLimit) }
}

/** Joins texts that add something to one another. They are short: a foreign text is cut before it is searched for. */
const joined = (texts: ReadonlyArray<string | undefined>): string | undefined => {
  const present = texts.filter((text) => text !== undefined)
  const own = present.filter((text, i) =>
    !present.some((other, j) => j !== i && other.includes(text) && (other !== text || j < i))
  )
  return own.length === 0 ? undefined : own.join(": ")
}

/** Whether a `type` names a kind of error. That of an envelope is "error", that of a problem document is a URL. */
const isTypeName = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z][\w.-]{0,99}$/.test(value) && !["error", "None", "null"].includes(value)

const isErrorStatus = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 400 && value <= 599

const isEnvelope = (value: unknown): boolean =>
  Predicate.isObject(value) && value["type"] === "error" && Predicate.isObject(value["error"]) &&
  typeof value["error"]["type"] === "string" && typeof value["error"]["message"] === "string"

const isPresent = (value: unknown): boolean => value !== undefined && value !== null && value !== false && value !== ""

const text = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const seconds = (value: unknown): number | undefined => {
  const number = typeof value === "string" && /^\d{1,9}(?:\.\d{1,9})?$/.test(value) ? Number(value) : value
  return typeof number === "number" && number >= 0 && number <= 1e9 ? number : undefined
}

const parseJson = (text: string): unknown => Result.getOrUndefined(JsonText.parse(text))

// -----------------------------------------------------------------------------
// text
// -----------------------------------------------------------------------------

/** How much of a text is looked at for words: many times what a message quotes. */
const wordsLimit = 2_048

/** Writes text on one line, without the characters that control terminals. */
const oneLine = (text: string): string => text.slice(0, wordsLimit).replace(/[\s\p{Cc}]+/gu, " ").trim()

const startsAsHtml = (text: string): boolean => /^<(?:!doctype|html|head|body)/i.test(text.slice(0, 200).trimStart())

/** Returns the title and the text of a page. One pass: each search begins where the last one ended. */
const htmlText = (html: string): string => {
  let out = ""
  let at = 0
  while (out.length < wordsLimit) {
    const open = html.indexOf("<", at)
    if (open < 0) return out + html.slice(at)
    out += `${html.slice(at, open)} `
    const isComment = html.startsWith("<!--", open)
    const close = isComment ? html.indexOf("-->", open + 4) : html.indexOf(">", open)
    if (close < 0) return out
    at = close + (isComment ? 3 : 1)
    const [name] = /^(?:script|style)/i.exec(html.slice(open + 1, open + 7)) ?? []
    if (name === undefined) continue
    const end = name.length === 6 ? /<\/script/gi : /<\/style/gi
    end.lastIndex = at
    const found = end.exec(html)
    if (found === null) return out
    at = found.index
  }
  return out
}
