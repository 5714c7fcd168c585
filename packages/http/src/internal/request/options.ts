/**
 * The options of a layer as callers without types give them: what each accepts,
 * and what the names of the official SDK are called here.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Credential from "../../Credential.ts"
import type * as Limits from "../../Limits.ts"
import type * as Timeouts from "../../Timeouts.ts"
import * as PolicyCheck from "../call/policyCheck.ts"

const isSecret = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "function" || Effect.isEffect(value) ||
  Predicate.hasProperty(value, configTypeId) ||
  (Redacted.isRedacted(value) && typeof Redacted.value(value) === "string")

const secret = OptionCheck.that(
  "a key as `Redacted.make(key)`, or an effect that obtains one (for none, give `credential: \"none\"`)",
  isSecret
)

const headerValue = OptionCheck.that(
  "a text or a `Redacted` text",
  (value) => typeof value === "string" || (Redacted.isRedacted(value) && typeof Redacted.value(value) === "string")
)

const size = OptionCheck.number("a number above 0, or Infinity", { min: 1, infinite: true })

const limits: OptionCheck.TableOf<Limits.Options> = { event: size, body: size, toolInput: size, heldEvents: size }

const timeouts: OptionCheck.TableOf<Timeouts.Options> = {
  connect: OptionCheck.duration,
  headers: OptionCheck.duration,
  jsonHeaders: OptionCheck.duration,
  uploadRate: OptionCheck.number("a number of bytes per second above 0", { min: Number.MIN_VALUE }),
  firstContent: OptionCheck.duration,
  nextContent: OptionCheck.duration,
  idle: OptionCheck.duration,
  total: OptionCheck.duration,
  foldedTotal: OptionCheck.duration
}

/** Accepts an identifier. */
export const id = OptionCheck.text("a text that is not empty", /[^]/)

/** Accepts a URL, which is checked further where it is used. */
export const url = OptionCheck.that("a URL as a text", (value) => typeof value === "string")

/** Every option, with what it accepts. */
export const table = {
  apiKey: secret,
  authToken: secret,
  credential: OptionCheck.that(
    "\"none\", or a credential of `Credential.make`",
    (value) =>
      value === "none" || (Predicate.hasProperty(value, "get") && Effect.isEffect(value.get) &&
        Predicate.hasProperty(value, "invalidate") && typeof value.invalidate === "function")
  ),
  baseUrl: url,
  version: OptionCheck.text("a version such as 2023-06-01", /^\d{4}-\d{2}-\d{2}$/),
  betas: OptionCheck.list(OptionCheck.text("the name of a beta", /^[\w.-]+$/)),
  headers: OptionCheck.record(headerValue),
  query: OptionCheck.record(headerValue),
  retry: PolicyCheck.policy,
  timeouts: OptionCheck.options(timeouts),
  userAgent: OptionCheck.text("a text of one line", /^[\t\x20-\x7e]*$/),
  limits: OptionCheck.options(limits),
  rules: OptionCheck.that(
    "rules such as `Rules.standard`",
    (value) => Predicate.hasProperty(value, "check") && typeof value.check === "function"
  ),
  drain: OptionCheck.duration,
  allowInsecureHttp: OptionCheck.flag,
  allowBrowser: OptionCheck.flag
}

/** The options of the official SDK, with what they are called here. */
export const officialNames: { readonly [name: string]: string } = {
  baseURL: "`baseUrl`",
  maxRetries: "`retry: RetryPolicy.maxRetries(RetryPolicy.standard, n)`",
  timeout: "`timeouts: { total: … }`",
  defaultHeaders: "`headers`",
  defaultQuery: "`query`",
  dangerouslyAllowBrowser: "`allowBrowser`",
  fetch: "`Claude.layer` over an `HttpClient`, or `FetchHttpClient.Fetch` of the context",
  fetchOptions: "`Network.layer` on Node, or `FetchHttpClient.RequestInit` of the context",
  httpAgent: "`Network.layer` on Node",
  logger: "`TrafficLog.layer`",
  logLevel: "`TrafficLog.layer`",
  middleware: "an `Interceptor`",
  credentials: "`credential`",
  profile: "`credential`, made with `CredentialProfile.load`",
  config: "`credential`, made with `WorkloadIdentity.make` or `UserOAuth.make`",
  webhookKey: "nothing: webhooks are not supported"
}

// -----------------------------------------------------------------------------
// secrets
// -----------------------------------------------------------------------------

/** Where a secret comes from: it is read once when the layer is built, or for each attempt. */
export type Source =
  | { readonly _tag: "Once"; readonly secret: Effect.Effect<Redacted.Redacted, unknown> }
  | { readonly _tag: "Renewable"; readonly credential: Credential.Credential }

/** Reads the option of a secret. A text is wrapped at once; an effect or a function runs for each attempt. */
export const secretOf = (given: Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>): Source => {
  if (Redacted.isRedacted(given)) return { _tag: "Once", secret: wrapped(given) }
  const value: unknown = given
  if (typeof value === "string") return { _tag: "Once", secret: wrapped(value) }
  if (Predicate.isFunction(value)) return { _tag: "Renewable", credential: uncached(called(value)) }
  // Suspended, so that printing it does not show what the effect is made of.
  const obtained = Effect.suspend(() => Effect.flatMap(given, wrapped))
  return Predicate.hasProperty(given, configTypeId)
    ? { _tag: "Once", secret: obtained }
    : { _tag: "Renewable", credential: uncached(obtained) }
}

/** What tells a `Config` from other effects. Effect's module for it brings all of Schema along. */
const configTypeId = "~effect/Config"

const wrapped = (value: unknown): Effect.Effect<Redacted.Redacted, unknown> => {
  if (typeof value === "string") return Effect.succeed(Redacted.make(value))
  const text: unknown = Redacted.isRedacted(value) ? Redacted.value(value) : undefined
  return typeof text === "string" ? Effect.succeed(Redacted.make(text)) : Effect.fail(notText)
}

const called = (obtain: Function): Effect.Effect<Redacted.Redacted, unknown> =>
  Effect.flatMap(
    Effect.tryPromise({ try: (): Promise<unknown> => Promise.resolve().then(() => obtain()), catch: () => notText }),
    wrapped
  )

/** Returns the current token of a credential, which callers without types may implement. */
export const tokenOf = ({ get }: Credential.Credential): Effect.Effect<Redacted.Redacted, Credential.CredentialError> =>
  Effect.mapError(
    Effect.flatMap(get, (token) => Redacted.isRedacted(token) ? Effect.succeed(token) : wrapped(token)),
    explained
  )

/** Keeps a failure that holds no secret. */
const explained = (error: unknown): Credential.CredentialError =>
  error instanceof Credential.CredentialError ? error : notText

const notText = new Credential.CredentialError({
  message: "The credential could not be obtained. Check its source",
  transient: false
})

/** A credential that is obtained for each attempt. Its failure may hold a secret, so its text is not passed on. */
const uncached = (obtained: Effect.Effect<Redacted.Redacted, unknown>): Credential.Credential => ({
  get: Effect.mapError(obtained, explained),
  invalidate: () => Effect.void,
  expiresAt: Effect.succeed(undefined)
})

// -----------------------------------------------------------------------------
// headers
// -----------------------------------------------------------------------------

/** Reads `ANTHROPIC_CUSTOM_HEADERS`: a header on each line. */
export const customHeaders = (text: string): { readonly [name: string]: string } =>
  Object.fromEntries(
    text.split("\n").map((line) => [line, line.indexOf(":")] as const).filter(([, colon]) => colon > 0).map((
      [line, colon]
    ) => [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()])
  )
