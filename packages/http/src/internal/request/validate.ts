/**
 * Checks of what a layer is configured with: where, what is wrong, what to do.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/** A complaint: what is wrong, and what to do about it. */
export type Problem = string

/** Checks a base URL and returns it without a trailing slash. */
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
    return Result.fail(`its protocol is ${url.protocol.slice(0, -1)}. Use https`)
  }
  if (url.search !== "" || url.hash !== "") {
    return Result.fail("it has a query or a fragment. Give the host and, for a gateway, its path")
  }
  if (url.protocol === "http:" && !allowInsecureHttp && !isLoopback(url.hostname)) {
    return Result.fail(
      `plain http to ${url.hostname} would send the key unencrypted. Use https, or set \`allowInsecureHttp\``
    )
  }
  let end = url.href.length
  while (url.href[end - 1] === "/") end--
  return Result.succeed(url.href.slice(0, end))
}

/** Checks a credential. The complaint does not quote it. */
export const credential = (secret: string): Problem | undefined => {
  if (secret === "") return "it is empty"
  return /^[\x21-\x7e]+$/.test(secret)
    ? undefined
    : "it holds a character no header may carry, such as a space or a line break at its end. Copy it again, trimmed"
}

/** Checks the name and value of a header. The complaint quotes the name alone. */
export const header = (name: string, value: string): Problem | undefined => {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return `${JSON.stringify(name)} is not the name of a header`
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
    ? undefined
    : `the value of ${name} holds a character no header may carry, such as a line break`
}

/** Returns the first complaint about some headers. */
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
