/**
 * What the runtime is, as far as configuration depends on it.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/**
 * Returns whether this is a browser: a page, a worker or an extension. Servers that
 * offer the API of workers name themselves in the user agent.
 */
export const isBrowser = (): boolean =>
  ("document" in globalThis && "window" in globalThis) ||
  ("WorkerGlobalScope" in globalThis && userAgent().startsWith("Mozilla/"))

/** States that there is no key, and how this runtime is given one. */
export const missingKey = (): string =>
  `no credential was given. ${
    hasEnvironment()
      ? "Set ANTHROPIC_API_KEY, or give `apiKey` or `authToken`"
      : "This runtime has no environment variables: give `apiKey`, for example `Redacted.make(env.ANTHROPIC_API_KEY)` from the bindings of a worker"
  }. For a gateway that holds the key, give \`credential: "none"\``

const global: unknown = globalThis

const hasEnvironment = (): boolean =>
  Predicate.hasProperty(global, "process") && Predicate.hasProperty(global.process, "env")

const userAgent = (): string =>
  Predicate.hasProperty(global, "navigator") && Predicate.hasProperty(global.navigator, "userAgent")
    ? String(global.navigator.userAgent)
    : ""
