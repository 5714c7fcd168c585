/**
 * What can keep a program from reaching Claude, looked at one after the other:
 * each with a verdict, and with a remedy where it is bad.
 *
 * A check never fails; it finds something. The key is judged by its form and by
 * the API, and is never shown.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Target } from "./Connection.ts"
import * as Certificates from "./internal/certificates.ts"
import * as Here from "./internal/checksHere.ts"
import * as There from "./internal/checksThere.ts"
import { type Finding, good, skipped } from "./internal/finding.ts"
import { Network } from "./Network.ts"
import * as Render from "./Render.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

export type { Finding } from "./internal/finding.ts"

// -----------------------------------------------------------------------------
// all of them
// -----------------------------------------------------------------------------

/**
 * Looks at everything, in the order in which a request meets it, and tells each
 * finding as it is made.
 *
 * @category checks
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function*<R>(
  target: Target,
  tell: (finding: Finding) => Effect.Effect<void, never, R>
) {
  const network = yield* Network
  const around = yield* Here.surroundings
  const found: Array<Finding> = []
  const note = (finding: Finding) => {
    found.push(finding)
    return tell(finding)
  }
  yield* note(good("runtime", network.runtime))
  if (target.offline) {
    yield* note(skipped("key", "Not needed: --offline."))
    yield* note(yield* There.accepted(target))
    return found
  }
  yield* note(yield* Here.environment)
  const credential = yield* Here.credential(around)
  yield* note(credential.finding)
  const api = "https://api.anthropic.com"
  const address = yield* Here.address(
    Option.getOrElse(target.baseUrl, () => around.baseUrl.trim() || (credential.baseUrl ?? api))
  )
  if (Result.isFailure(address)) {
    yield* note(address.failure)
    return found
  }
  const base = address.success
  const url = new URL(base)
  yield* note(
    good("address", base === api ? `${base}, the API itself.` : `${base}, not the API itself.`)
  )
  const exempt = Option.isNone(target.proxy) && Here.isExempt(url.hostname, around.noProxy)
  const proxy = Option.getOrElse(target.proxy, () => around.proxy)
  const proxied = proxy !== "" && !exempt
  yield* note(
    proxied
      ? yield* There.proxyOf(proxy, Option.isSome(target.proxy) ? "--proxy" : "HTTPS_PROXY")
      : good(
        "proxy",
        proxy === ""
          ? "None."
          : `None for this host, as NO_PROXY says; ${Render.address(proxy)} for others.`
      )
  )
  const certificates = yield* Here.authorities(target, around)
  yield* note(certificates)
  if (proxied) {
    yield* note(skipped("name", "The proxy looks it up."))
    yield* note(skipped("encryption", "Made through the proxy; see the connection."))
  } else {
    const named = yield* There.name(url.hostname.replace(/^\[|\]$/g, ""))
    yield* note(named)
    yield* note(
      named.verdict === "bad"
        ? skipped("encryption", "Not tried: the name is not known.")
        : url.protocol === "http:"
        ? skipped("encryption", "None: plain http on this machine.")
        : yield* There.secure(url, yield* trustedBy(target))
    )
  }
  const { clock, finding } = yield* There.reach(base, target)
  yield* note(finding)
  yield* note(clock)
  yield* note(
    finding.verdict === "bad" || found.some(({ subject, verdict }) => subject === "key" && verdict === "bad")
      ? skipped("access", "Not tried: what comes before it is not in order.")
      : yield* There.accepted(target)
  )
  return found
})

const trustedBy = Effect.fnUntraced(function*({ ca }: Target) {
  if (Option.isNone(ca)) return undefined
  const read = yield* Effect.option(Certificates.read(ca.value))
  if (Option.isNone(read)) return undefined
  const roots = yield* (yield* Network).roots
  return [...roots, ...read.value.certificates.map(({ pem }) => pem)]
})
