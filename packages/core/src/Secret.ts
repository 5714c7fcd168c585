/**
 * The one place that knows what a secret looks like, and takes secrets out of
 * text: by value, by pattern and by the name they go under.
 *
 * A secret that is known by value is found as it is, in any mix of URL and JSON
 * escapes, and in base64 at any offset. A secret that is not known is found by
 * its pattern: keys of the API and of common services, JSON web tokens, private
 * keys, credentials in URLs and after `Bearer`.
 *
 * Text is foreign: all work is linear in its length. What is found is replaced by
 * `mark`.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Base64 from "./internal/base64.ts"
import { type Range, Search } from "./internal/search.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Secrets that are known by their value. Printing one shows none of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Known {
  /** Returns the text with every occurrence of a known secret replaced. */
  readonly clean: (text: string) => string
}

// -----------------------------------------------------------------------------
// constants
// -----------------------------------------------------------------------------

/**
 * The text that stands in place of a secret.
 *
 * @category constants
 * @since 0.1.0
 */
export const mark = "[credential]"

/**
 * The length below which a value is not taken for a secret. A shorter one would
 * be found in ordinary text.
 *
 * @category constants
 * @since 0.1.0
 */
export const minLength = 8

/**
 * No known secrets.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: Known = { clean: (text) => text }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the knowledge of some values. Values may carry their scheme
 * (`Bearer …`); those shorter than `minLength` are left out. The search is
 * compiled on first use.
 *
 * **Example** (Finding a key behind two encodings)
 *
 * ```ts
 * import * as Secret from "@effect-claude/core/Secret"
 *
 * const known = Secret.of(["my/secret/key"])
 *
 * known.clean("my%2Fsecret%2Fkey") // => "[credential]"
 * known.clean(`id=${btoa("x:my/secret/key")}`).includes("c2VjcmV0") // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const of = (values: Iterable<string>): Known => {
  const secrets = [...new Set(values)].flatMap(withoutScheme).filter(({ length }) => length >= minLength)
  if (secrets.length === 0) return none
  let search: Search | undefined
  return {
    clean: (text) => {
      search ??= new Search(secrets.flatMap(forms))
      return replace(text, ranges(search, text))
    }
  }
}

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

/**
 * Returns whether a header carries a credential, as far as its name tells. Errs
 * on the safe side.
 *
 * @category names
 * @since 0.1.0
 */
export const isHeaderName = (name: string): boolean => /auth|cookie|credential|key|pass|secret|token/i.test(name)

/**
 * Returns whether a field or a query parameter carries a credential, as far as
 * its name tells: `authorization_token` does, `max_tokens` does not.
 *
 * @category names
 * @since 0.1.0
 */
export const isFieldName = (name: string): boolean => {
  const words = name.slice(0, 100).replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z\d]+/)
  return words.some((word, i) => secretWord.test(word) || (word === "key" && keyKind.test(words[i - 1] ?? "")))
}

const secretWord =
  /^(?:apikey|auth|authorization|cookie|credentials?|passphrase|passwd|password|pwd|secret|sig|signature|token)$/

/** Kinds of keys that are secrets. Others, such as the key of a cache, are not. */
const keyKind = /^(?:access|api|auth|encryption|private|secret|signing)$/

// -----------------------------------------------------------------------------
// cleaning
// -----------------------------------------------------------------------------

/**
 * Returns the text without what looks like a secret.
 *
 * **Example** (Quoting a proxy)
 *
 * ```ts
 * import * as Secret from "@effect-claude/core/Secret"
 *
 * Secret.clean("refused: sk-ant-api03-abc") // => "refused: [credential]"
 * Secret.clean("via http://user:hunter22@proxy:8080") // => "via http://[credential]@proxy:8080"
 * ```
 *
 * @category cleaning
 * @since 0.1.0
 */
export const clean = (text: string): string =>
  withoutPrivateKeys(text)
    .replace(userInfo, `://${mark}@`)
    .replace(parameter, (all, name: string) => isFieldName(name.slice(1)) ? `${name}=${mark}` : all)
    .replace(afterScheme, (all, scheme: string, token: string) => isRandom(token) ? `${scheme} ${mark}` : all)
    .replace(apiKey, mark)
    .replace(run, (text) => isToken(text) ? mark : text)

/**
 * Returns JSON without secrets: texts are cleaned by pattern and by the values
 * that are known, and a text whose field carries a credential by its name is
 * replaced as a whole. JSON nested deeper than 200 levels is replaced by `mark`.
 *
 * **Example** (Keeping a request without the token of an MCP server)
 *
 * ```ts
 * import * as Secret from "@effect-claude/core/Secret"
 *
 * const request = { max_tokens: 5, mcp_servers: [{ authorization_token: "t0ps3cret" }] }
 *
 * Secret.cleanJson(request) // => { max_tokens: 5, mcp_servers: [{ authorization_token: "[credential]" }] }
 * ```
 *
 * @category cleaning
 * @since 0.1.0
 */
export const cleanJson = (value: unknown, known: Known = none): unknown => cleanLevel(value, known, 0)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const depthLimit = 200

const cleanLevel = (value: unknown, known: Known, depth: number): unknown => {
  if (depth > depthLimit) return mark
  if (typeof value === "string") return clean(known.clean(value))
  if (Array.isArray(value)) return value.map((item) => cleanLevel(item, known, depth + 1))
  if (!Predicate.isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      clean(known.clean(name)),
      typeof field === "string" && field !== "" && isFieldName(name) ? mark : cleanLevel(field, known, depth + 1)
    ])
  )
}

/** Returns what is secret about a value: the value without its scheme, and the password of `Basic`. */
const withoutScheme = (value: string): ReadonlyArray<string> => {
  const [, scheme, rest] = /^\s*([A-Za-z][\w-]*)\s+(\S.*)$/s.exec(value) ?? []
  const secret = (rest ?? value).trim()
  if (scheme?.toLowerCase() !== "basic") return [secret]
  const pair = Base64.decode(secret)
  const text = pair === undefined ? "" : new TextDecoder().decode(pair)
  return [secret, text, text.slice(text.indexOf(":") + 1)]
}

/** The forms a secret is searched for, besides escapes. */
const forms = (secret: string): ReadonlyArray<string> => {
  // The bytes of what is not ASCII, as URLs escape them one by one.
  const bytes = Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte)).join("")
  const encoded = [0, 1, 2].map((offset) => base64At(bytes, offset))
  return [secret, bytes, ...encoded, ...encoded.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))]
}

/** Returns the letters of base64 that depend on the bytes alone, when `offset` bytes precede them in their group. */
const base64At = (bytes: string, offset: number): string =>
  btoa("\0".repeat(offset) + bytes).slice(Math.ceil(offset * 8 / 6), Math.floor((offset + bytes.length) * 8 / 6))

/** Escapes of URLs, of JSON, and of both: a value may hold what is an escape in the other. */
const escapes = [
  /^%([\da-f]{2})/i,
  /^\\(?:u([\da-f]{4})|(["\\/]))/i,
  /^(?:%([\da-f]{2})|\\u([\da-f]{4})|\\(["\\/]))/i
]

/** Returns where secrets are, read as it is and read without escapes. */
const ranges = (search: Search, text: string): ReadonlyArray<Range> => {
  const plain = search.ranges(text)
  if (!/[%\\]/.test(text)) return plain
  const escaped = escapes.flatMap((escape) => {
    const { offsets, unescaped } = unescape(text, escape)
    return search.ranges(unescaped).map(({ end, start }) => ({ start: offsets[start]!, end: offsets[end]! }))
  })
  return [...plain, ...escaped].toSorted((a, b) => a.start - b.start)
}

/** Reads escapes. `offsets` says where each character of the result begins in the text. */
const unescape = (
  text: string,
  escape: RegExp
): { readonly unescaped: string; readonly offsets: ReadonlyArray<number> } => {
  const parts: Array<string> = []
  const offsets: Array<number> = []
  for (let i = 0; i < text.length;) {
    const found = escapeAt(text, i, escape)
    parts.push(found?.character ?? text[i]!)
    offsets.push(i)
    i += found?.length ?? 1
  }
  offsets.push(text.length)
  return { unescaped: parts.join(""), offsets }
}

const escapeAt = (
  text: string,
  at: number,
  escape: RegExp
): { readonly character: string; readonly length: number } | undefined => {
  const first = text[at]
  if (first !== "%" && first !== "\\") return undefined
  const [all, ...groups] = escape.exec(text.slice(at, at + 6)) ?? []
  if (all === undefined) return undefined
  const read = groups.find((group) => group !== undefined) ?? ""
  return {
    character: read.length === 1 ? read : String.fromCharCode(Number.parseInt(read, 16)),
    length: all.length
  }
}

/** Replaces ranges, which are sorted and may overlap. */
const replace = (text: string, found: ReadonlyArray<Range>): string => {
  if (found.length === 0) return text
  let out = ""
  let at = 0
  for (const { end, start } of found) {
    if (start >= at) out += `${text.slice(at, start)}${mark}`
    at = Math.max(at, end)
  }
  return out + text.slice(at)
}

/** A user and a password in a URL. */
const userInfo = /:\/\/[^\s/@:?#"']*:[^\s/@?#"']*@/g

/** A parameter of a query. */
const parameter = /([?&][\w.-]{1,40})=[^&\s#"'<>]+/g

/** What follows the name of a scheme. */
const afterScheme = /\b(bearer|basic)\s+([\w.~+/=-]{8,})/gi

/** A key of the API. */
const apiKey = /sk-ant-[\w-]*/g

/** Characters that keys and tokens are made of. */
const run = /[\w.-]{16,}/g

/** A key of a common service. */
const serviceKey = /^(?:(?:sk-|gh[pousr]_|github_pat_|xox[abeoprs]-|AIza|glpat-)[\w-]{16,}|A[KS]IA[A-Z\d]{16})$/

/** Whether a token is not a word of a sentence, such as the one after "Basic". */
const isRandom = (token: string): boolean => /\d/.test(token) || /[a-z][A-Z]/.test(token)

/** Whether a run of characters holds a key of a common service, or a JSON web token. */
const isToken = (run: string): boolean => {
  const parts = run.split(".")
  return parts.some((part, i) =>
    serviceKey.test(part) ||
    (part.startsWith("eyJ") && part.length >= 16 && isLong(parts[i + 1]) && isLong(parts[i + 2]))
  )
}

const isLong = (part: string | undefined): boolean => part !== undefined && part.length >= 8

const withoutPrivateKeys = (text: string): string => {
  let out = ""
  let at = 0
  for (const { index } of text.matchAll(/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/g)) {
    if (index < at) continue
    const end = text.indexOf("-----END ", index)
    const close = end < 0 ? -1 : text.indexOf("-----", end + 9)
    out += `${text.slice(at, index)}${mark}`
    at = close < 0 ? text.length : close + 5
  }
  return out + text.slice(at)
}
