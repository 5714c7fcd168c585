/**
 * Checks that need nobody else: the key's form, the address, certificates, the
 * clock.
 *
 * @since 0.1.0
 */
import * as Secret from "@effect-claude/core/Secret"
import * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as CredentialProfile from "@effect-claude/http/CredentialProfile"
import * as CertificateAuthority from "@effect-claude/http/node/CertificateAuthority"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Result from "effect/Result"
import type { Target } from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Render from "../Render.ts"
import * as Certificates from "./certificates.ts"
import { bad, type Finding, good, skipped, warning } from "./finding.ts"

/**
 * What the environment says that matters here.
 *
 * @category models
 * @since 0.1.0
 */
export interface Surroundings {
  readonly key: string
  readonly token: string
  readonly baseUrl: string
  readonly proxy: string
  readonly noProxy: string
  readonly extraCa: string
  readonly rejectUnauthorized: string
}

const text = (...names: ReadonlyArray<string>): Config.Config<string> =>
  names.reduceRight<Config.Config<string>>(
    (rest, name) => Config.orElse(Config.NonEmptyString(name), () => rest),
    Config.succeed("")
  )

/**
 * Reads them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const surroundings: Effect.Effect<Surroundings> = Effect.orDie(Config.all({
  key: text("ANTHROPIC_API_KEY"),
  token: text("ANTHROPIC_AUTH_TOKEN"),
  baseUrl: text("ANTHROPIC_BASE_URL"),
  proxy: text("https_proxy", "HTTPS_PROXY"),
  noProxy: text("no_proxy", "NO_PROXY"),
  extraCa: text("NODE_EXTRA_CA_CERTS"),
  rejectUnauthorized: text("NODE_TLS_REJECT_UNAUTHORIZED")
}))

/**
 * Lists what the environment sets for this API: variables and custom headers by
 * their names, and never their values.
 *
 * @category checks
 * @since 0.1.0
 */
export const environment: Effect.Effect<Finding> = Effect.gen(function*() {
  const subject = "environment"
  const set = yield* Effect.orDie(Effect.filter(
    [...used, ...unused],
    (name) => Effect.map(text(name), (value) => value.trim() !== "")
  ))
  if (set.length === 0) return good(subject, "No variable of this API is set.")
  const all = yield* Effect.orDie(ClaudeConfig.fromConfig({}))
  const headers = Object.keys(all.headers ?? {}).map((name) =>
    /^[\w-]{1,60}$/.test(name) ? Secret.clean(name) : "[a name]"
  )
  const lines = (yield* Effect.orDie(text("ANTHROPIC_CUSTOM_HEADERS"))).split("\n").filter((line) => line.trim() !== "")
  const shown = `${set.join(", ")}.${headers.length === 0 ? "" : ` Custom headers: ${headers.join(", ")}.`}`
  if (lines.length > headers.length) {
    return warning(
      subject,
      shown,
      "A line of ANTHROPIC_CUSTOM_HEADERS is ignored: it repeats a header, or is not of the form `name: value`."
    )
  }
  const ignored = set.filter((name) => unused.includes(name))
  return ignored.length === 0 ? good(subject, shown) : warning(
    subject,
    shown,
    `Only the official SDK reads ${ignored.join(", ")}.`
  )
})

/** The variables that this library and its command line read. */
export const used: ReadonlyArray<string> = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_BASE_URL",
  "ANTHROPIC_CUSTOM_HEADERS",
  "ANTHROPIC_MODEL",
  "ANTHROPIC_PROFILE",
  "ANTHROPIC_CONFIG_DIR",
  "ANTHROPIC_FEDERATION_RULE_ID",
  "ANTHROPIC_ORGANIZATION_ID",
  "ANTHROPIC_WORKSPACE_ID",
  "ANTHROPIC_SERVICE_ACCOUNT_ID",
  "ANTHROPIC_IDENTITY_TOKEN",
  "ANTHROPIC_IDENTITY_TOKEN_FILE"
]

/** Variables of the official SDK that are not read here. */
const unused: ReadonlyArray<string> = [
  "ANTHROPIC_SCOPE",
  "ANTHROPIC_LOG",
  "ANTHROPIC_WEBHOOK_SIGNING_KEY",
  "ANTHROPIC_OPEN_TELEMETRY",
  "ANTHROPIC_OPEN_TELEMETRY_PROPAGATION",
  "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE",
  "ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES"
]

/**
 * Judges what signs requests: a key or a token, a custom header, or else the profile
 * or the workload identity that the environment describes. No token is obtained.
 * Returns the base URL of that profile, too.
 *
 * @category checks
 * @since 0.1.0
 */
export const credential = Effect.fnUntraced(function*(
  around: Surroundings
): Effect.fn.Return<
  { readonly finding: Finding; readonly baseUrl?: string | undefined },
  never,
  FileSystem.FileSystem | Path.Path
> {
  const subject = "key"
  if (around.key.trim() !== "" || around.token.trim() !== "") return { finding: key(around) }
  if (ClaudeConfig.hasCredential(yield* Effect.orDie(ClaudeConfig.fromConfig({})))) {
    return { finding: good(subject, "ANTHROPIC_CUSTOM_HEADERS has a header that authorizes requests.") }
  }
  const found = yield* Effect.result(Effect.provide(CredentialProfile.find, FetchHttpClient.layer))
  if (Result.isFailure(found)) {
    return {
      finding: bad(
        subject,
        withoutOption(found.failure),
        "It comes from ANTHROPIC_PROFILE, ANTHROPIC_FEDERATION_RULE_ID or the active profile.",
        ExitCode.credentials
      )
    }
  }
  if (found.success === undefined) return { finding: key(around) }
  const { baseUrl, name, type } = found.success
  const how = type === "user_oauth" ? "the login of a user" : "workload identity"
  return {
    finding: good(subject, name === undefined ? `The environment describes ${how}.` : `The profile ${name}: ${how}.`),
    baseUrl
  }
})

/** The message of a configuration error without the option that it names first. */
const withoutOption = ({ message }: ClaudeConfig.ClaudeConfigError): string =>
  message.replace(/^\w+: ./, (start) => start.slice(-1).toUpperCase())

/**
 * Judges the key by its form.
 *
 * @category checks
 * @since 0.1.0
 */
export const key = ({ key, token }: Surroundings): Finding => {
  const subject = "key"
  if (key === "" && token === "") {
    return bad(
      subject,
      "Neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN is set.",
      "Get a key at https://platform.claude.com/settings/keys, then: export ANTHROPIC_API_KEY=… (in PowerShell: $env:ANTHROPIC_API_KEY = \"…\")",
      ExitCode.credentials
    )
  }
  if (key === "") return good(subject, "ANTHROPIC_AUTH_TOKEN is set: it goes out as a bearer token.")
  const trimmed = key.trim()
  if (/^["'].*["']$/.test(trimmed)) {
    return bad(
      subject,
      "ANTHROPIC_API_KEY has quotes around it, and they count.",
      "Set it without them. In a Windows command prompt: set ANTHROPIC_API_KEY=sk-ant-…",
      ExitCode.credentials
    )
  }
  // oxlint-disable-next-line no-control-regex -- what does not belong into a header is what this looks for
  if (/[^\u0021-\u007e]/.test(trimmed)) {
    return bad(
      subject,
      "ANTHROPIC_API_KEY has characters in it that no key has: a space, a line break, or a letter of another alphabet.",
      "Copy it again, in one piece.",
      ExitCode.credentials
    )
  }
  if (trimmed.startsWith("sk-ant-admin")) {
    return bad(
      subject,
      "ANTHROPIC_API_KEY is an admin key: it manages an organization and cannot ask models.",
      "Make an ordinary key in the console.",
      ExitCode.credentials
    )
  }
  if (!trimmed.startsWith("sk-ant-")) {
    return warning(
      subject,
      "ANTHROPIC_API_KEY does not begin like a key of this API (sk-ant-).",
      "That is right for some gateways. For the API itself, copy the key again."
    )
  }
  const both = token === "" ? "" : " ANTHROPIC_AUTH_TOKEN is set as well, and not used."
  return good(subject, `ANTHROPIC_API_KEY is set and has the form of one (${trimmed.length} characters).${both}`)
}

/**
 * Judges the address of the API and returns it, as a layer does. A refused one is
 * not shown: it may contain a password, or be the key.
 *
 * @category checks
 * @since 0.1.0
 */
export const address = Effect.fnUntraced(function*(url: string): Effect.fn.Return<Result.Result<string, Finding>> {
  const from = "It comes from --base-url, ANTHROPIC_BASE_URL or the profile."
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return Result.fail(
      bad(
        "address",
        "It is not the address of a server.",
        `Write it with its scheme: https://… ${from}`,
        ExitCode.usage
      )
    )
  }
  return Result.mapBoth(yield* Effect.result(ClaudeConfig.settings({ baseUrl: url })), {
    onFailure: (error) => bad("address", withoutOption(error), from, ExitCode.usage),
    onSuccess: ({ baseUrl }) => baseUrl
  })
})

/**
 * Whether a host is among those that no proxy is used for.
 *
 * @category checks
 * @since 0.1.0
 */
export const isExempt = (host: string, noProxy: string): boolean =>
  noProxy.split(/[\s,]+/).filter((entry) => entry !== "").some((entry) => {
    const name = entry.replace(/:\d+$/, "").replace(/^\*?\.?/, "").toLowerCase()
    return entry === "*" || host === name || host.endsWith(`.${name}`)
  })

export const authorities = Effect.fnUntraced(function*(target: Target, { extraCa, rejectUnauthorized }: Surroundings) {
  const subject = "certificates"
  if (rejectUnauthorized === "0") {
    return bad(
      subject,
      "NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, so anyone on the way can read the key.",
      "Unset it, and trust the one certificate that is needed: --ca FILE.",
      ExitCode.usage
    )
  }
  const file = Option.getOrElse(target.ca, () => extraCa)
  if (file === "") return good(subject, "The public authorities are trusted, and no others.")
  const from = Option.isSome(target.ca) ? "--ca" : "NODE_EXTRA_CA_CERTS"
  const read = yield* Effect.result(Certificates.read(file))
  if (Result.isFailure(read)) {
    return bad(subject, `${from}: ${read.failure.message}`, read.failure.remedy ?? "", ExitCode.usage)
  }
  const { certificates, form } = read.success
  if (from === "NODE_EXTRA_CA_CERTS" && form === "DER") {
    return bad(
      subject,
      `${file} (${from}) is DER, and Node reads PEM there: it is ignored.`,
      `effect-claude cert der-to-pem ${file}`,
      ExitCode.usage
    )
  }
  const checked = yield* Effect.forEach(
    certificates,
    (certificate) =>
      Effect.match(CertificateAuthority.check(certificate), {
        onFailure: (problem) => ({ certificate, problem }),
        onSuccess: () => ({ certificate, problem: undefined })
      })
  )
  const [first] = checked.flatMap(({ problem }) => problem ?? [])
  // What --ca names is refused as a whole. Node takes what it can use, and the certificate of a single server as well.
  const usable = from === "--ca" && first !== undefined
    ? []
    : checked.filter(({ problem }) => problem === undefined || problem.reason === "notAnAuthority")
  if (first !== undefined && usable.length === 0) {
    return bad(subject, `${file} (${from}): ${first.message}`, "", ExitCode.usage)
  }
  const names = usable.length > 3 ? "" : `: ${usable.map(({ certificate }) => certificate.subject).join("; ")}`
  return good(subject, `${usable.length} from ${file} (${from})${names}, beside the public authorities.`)
})

/**
 * Judges this machine's clock by the server's.
 *
 * @category checks
 * @since 0.1.0
 */
export const clock = (date: string | undefined, now: number): Finding => {
  const theirs = Option.flatMap(Option.fromUndefinedOr(date), (text) => DateTime.make(text))
  if (Option.isNone(theirs)) return skipped("clock", "Not compared: the answer had no time on it.")
  const off = now - DateTime.toEpochMillis(theirs.value)
  // The server's time is in whole seconds, and the answer took a while.
  return Math.abs(off) < 60_000
    ? good("clock", "It agrees with the server's.")
    : warning(
      "clock",
      `It is ${Render.duration(Math.abs(off))} ${off > 0 ? "ahead of" : "behind"} the server's.`,
      "Set it right: certificates and `retry-after` dates are judged by it."
    )
}
