/**
 * Which URLs are reached without a proxy: loopback always, and what `NO_PROXY` lists.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Net from "node:net"
import { isLoopback } from "../../internal/request/validate.ts"

/** Returns whether a URL is reached without the proxy. */
export type NoProxy = (url: URL) => boolean

/**
 * Parses a list in the format of `NO_PROXY`, separated by commas or spaces. Fails with the entry that is malformed.
 *
 * - `*`: every host
 * - `example.com` and `.example.com`: the host and its subdomains
 * - `*.example.com`: its subdomains only
 * - `10.0.0.1`, `::1`, `[::1]`: an address
 * - `10.0.0.0/8`, `fd00::/8`: a range of addresses
 * - any of them with a port: `example.com:8443`, `[::1]:8443`
 */
export const parse = (list: string): Result.Result<NoProxy, string> =>
  Result.map(Result.all(list.split(/[,\s]+/).filter((entry) => entry !== "").map(rule)), (rules) => (url) => {
    const host = hostOf(url)
    return isLoopback(url.hostname) || rules.some((matches) => matches(host))
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

interface Host {
  readonly name: string
  readonly port: number
  /** The family of an address, undefined for a name. */
  readonly family: "ipv4" | "ipv6" | undefined
}

type Rule = (host: Host) => boolean

const hostOf = (url: URL): Host => {
  const name = withoutDot(withoutBrackets(url.hostname))
  return {
    name,
    port: url.port === "" ? url.protocol === "https:" ? 443 : 80 : Number(url.port),
    family: familyOf(name)
  }
}

const rule = (entry: string): Result.Result<Rule, string> => {
  const bracketed = /^(\[[^\]]*\](?:\/\d+)?)(?::(\d+))?$/.exec(entry)
  // A bare IPv6 address has more than one colon, and no port.
  const [, target = entry, port] = bracketed ?? /^([^:]*):(\d+)$/.exec(entry) ?? []
  const matches = target.includes("/") ? range(target) : Result.succeed(hostRule(target.toLowerCase()))
  return Result.mapBoth(matches, {
    onFailure: () => entry,
    onSuccess: (matches) => port === undefined ? matches : (host) => host.port === Number(port) && matches(host)
  })
}

const hostRule = (target: string): Rule => {
  if (target === "*") return () => true
  const address = withoutBrackets(target)
  const family = familyOf(address)
  if (family !== undefined) return addresses((list) => list.addAddress(address, family))
  const name = withoutDot(target.replace(/^\*?\./, ""))
  const subdomain = `.${name}`
  return (host) =>
    host.family === undefined && (host.name.endsWith(subdomain) || (host.name === name && !target.startsWith("*")))
}

const range = (target: string): Result.Result<Rule, void> => {
  const [network = "", bits = ""] = target.split("/")
  const address = withoutBrackets(network)
  const family = familyOf(address)
  return family === undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv4" ? 32 : 128)
    ? Result.failVoid
    : Result.succeed(addresses((list) => list.addSubnet(address, Number(bits), family)))
}

const addresses = (add: (list: Net.BlockList) => void): Rule => {
  const list = new Net.BlockList()
  add(list)
  return ({ family, name }) => family !== undefined && list.check(name, family)
}

const familyOf = (address: string): "ipv4" | "ipv6" | undefined => {
  const version = Net.isIP(address)
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6"
}

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, "$1")

const withoutDot = (name: string): string => name.length > 1 && name.endsWith(".") ? name.slice(0, -1) : name
