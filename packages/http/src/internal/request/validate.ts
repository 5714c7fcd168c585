/**
 * Checks of URLs, credentials and headers. A problem quotes no value.
 *
 * @since 0.1.0
 */
import * as Secret from "@effect-claude/core/Secret"
import * as Result from "effect/Result"

/** What is wrong, and what to do about it. */
export type Problem = string

/**
 * Checks a base URL and returns it without a trailing slash. A `/v1` or
 * `/v1/messages` at its end is removed: every path of the API begins with it.
 */
export const baseUrl = (input: string, allowInsecureHttp: boolean): Result.Result<string, Problem> => {
  const parsed = Result.try(() => new URL(input))
  if (Result.isFailure(parsed)) {
    return Result.fail(`it is not a URL. Give one like https://api.anthropic.com`)
  }
  const url = parsed.success
  if (url.username !== "" || url.password !== "") {
    return Result.fail("it carries a user name or password. Give credentials as `apiKey`, `authToken` or headers")
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return Result.fail(
      `its protocol is ${known.has(url.protocol) ? url.protocol.slice(0, -1) : "another one"}. Use https`
    )
  }
  if (url.search !== "" || url.hash !== "") {
    return Result.fail("it has a query or a fragment. Give the host and, for a gateway, its path")
  }
  if (url.protocol === "http:" && !allowInsecureHttp && !isLoopback(url.hostname)) {
    return Result.fail(
      "plain http to another host would send the key unencrypted. Use https, or set `allowInsecureHttp`"
    )
  }
  if (url.href.includes("sk-ant-")) return Result.fail("it holds a key. Give the key as `apiKey`")
  return Result.succeed(withoutSlashes(withoutSlashes(url.href).replace(/\/v1(?:\/messages)?$/, "")))
}

/** Protocols that may be named: what stands before a colon may be a secret. */
const known: ReadonlySet<string> = new Set(["ftp:", "file:", "ws:", "wss:", "data:"])

const withoutSlashes = (url: string): string => {
  let end = url.length
  while (url[end - 1] === "/") end--
  return url.slice(0, end)
}

/** Checks a credential that is sent in a header. */
export const credential = (secret: string, header: "x-api-key" | "authorization"): Problem | undefined => {
  if (secret === "") return "it is empty. For a gateway that holds the key, give `credential: \"none\"`"
  if (/^bearer\s/i.test(secret)) return "it begins with its scheme. Leave out \"Bearer\""
  if (header === "x-api-key" && secret.startsWith("sk-ant-oat")) {
    return "it is an OAuth token. Give it as `authToken` (ANTHROPIC_AUTH_TOKEN)"
  }
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    return "it holds a character no header may carry, such as a space or a line break at its end. Copy it again, trimmed"
  }
  return /^["'`].*["'`]$/.test(secret) ? "it is enclosed in quotes. Remove them" : undefined
}

/** Checks the name and value of a header. */
export const header = (name: string, value: string): Problem | undefined => {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return "one of them is not the name of a header"
  if (/^(?:x-api-key|authorization)$/i.test(name) && value.trim() === "") {
    return `${name} is empty. For no credential, leave it out and give \`credential: "none"\``
  }
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
    ? undefined
    : `the value of ${Secret.clean(name)} holds a character no header may carry, such as a line break`
}

/** Returns the first problem of some headers. */
export const headers = (all: { readonly [name: string]: string }): Problem | undefined => {
  for (const name of Object.keys(all)) {
    const problem = header(name, all[name]!)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Returns whether the host of a URL is this machine. A name that merely ends in `localhost` is not. */
export const isLoopback = (hostname: string): boolean =>
  /^(?:.+\.)?localhost\.?$/.test(hostname) || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
  // 127.0.0.0/8 as the parser of URLs writes it in IPv6.
  /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/.test(hostname)
