/**
 * Credentials of workloads: the identity token of a platform (a Kubernetes service
 * account, a CI job, a cloud) is exchanged for a token of the API.
 *
 * No key is stored anywhere. The identity token is read again for each exchange,
 * since platforms replace it. It is sent over https or to this machine alone.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Credential from "./Credential.ts"
import * as Door from "./internal/request/options.ts"
import * as TokenEndpoint from "./internal/request/tokenEndpoint.ts"
import * as Check from "./internal/request/validate.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of an exchange.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Obtains the identity token, a JWT of at most 16,384 characters. It runs for each exchange. */
  readonly identityToken: Effect.Effect<Redacted.Redacted, Credential.CredentialError>
  /** The federation rule, such as `fdrl_…`. */
  readonly federationRuleId: string
  /** The organization that the rule belongs to. */
  readonly organizationId: string
  /**
   * The service account that the rule must lead to, such as `svac_…`.
   *
   * @default undefined, any
   */
  readonly serviceAccountId?: string | undefined
  /**
   * The workspace that the token is for, such as `wrkspc_…`, or `"default"`. It is
   * required when the rule covers several workspaces.
   *
   * @default undefined, chosen by the rule
   */
  readonly workspaceId?: string | undefined
  /**
   * The URL of the API that exchanges the token.
   *
   * @default "https://api.anthropic.com"
   */
  readonly baseUrl?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a credential that exchanges identity tokens. Nothing is sent before the
 * first call needs a token.
 *
 * **Example** (Using the service account of a pod)
 *
 * ```ts
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as WorkloadIdentity from "@effect-claude/http/WorkloadIdentity"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const ClaudeLive = Layer.unwrap(Effect.gen(function*() {
 *   const identityToken = yield* WorkloadIdentity.tokenFile("/var/run/secrets/anthropic/token")
 *   const credential = yield* WorkloadIdentity.make({
 *     identityToken,
 *     federationRuleId: "fdrl_…",
 *     organizationId: "00000000-0000-0000-0000-000000000000"
 *   })
 *   return Claude.layer({ credential })
 * }))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Credential.Credential, OptionCheck.ClaudeConfigError, HttpClient.HttpClient> {
  return yield* Credential.make({ ...(yield* exchange(options)), betas: [TokenEndpoint.oauthBeta] })
})

/**
 * Creates the exchange of `make`, for a credential that keeps its tokens elsewhere,
 * too.
 *
 * @category constructors
 * @since 0.1.0
 */
export const exchange = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<
  Pick<Credential.Options<Credential.CredentialError>, "obtain">,
  OptionCheck.ClaudeConfigError,
  HttpClient.HttpClient
> {
  yield* OptionCheck.check(options, table)
  const client = yield* HttpClient.HttpClient
  const baseUrl = Check.baseUrl(options.baseUrl ?? "https://api.anthropic.com", false)
  if (Result.isFailure(baseUrl)) return yield* OptionCheck.refuse("baseUrl", baseUrl.failure)
  const { federationRuleId, identityToken, organizationId, serviceAccountId, workspaceId } = options
  return {
    obtain: () =>
      Effect.gen(function*() {
        const assertion = Redacted.value(yield* identityToken)
        if (assertion.length > maxAssertion) {
          return yield* TokenEndpoint.failure(
            `The identity token has ${assertion.length} characters, and the API accepts at most ${maxAssertion}`,
            false
          )
        }
        return yield* TokenEndpoint.exchange({
          baseUrl: baseUrl.success,
          betas: [TokenEndpoint.oauthBeta, "oidc-federation-2026-04-01"],
          body: {
            grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
            assertion,
            federation_rule_id: federationRuleId,
            organization_id: organizationId,
            service_account_id: serviceAccountId,
            workspace_id: workspaceId
          },
          secret: assertion,
          remedy: "Check that the federation rule matches the identity token. " +
            (workspaceId === undefined ? "Name the workspace if the rule covers several. " : "") +
            "The Console lists the attempts under Workload identity"
        })
      }).pipe(Effect.provideService(HttpClient.HttpClient, client))
  }
})

/**
 * Returns an effect that reads an identity token from a file. The space around the
 * token is removed. Fails with `CredentialError` when the file is empty or cannot
 * be read.
 *
 * @category constructors
 * @since 0.1.0
 */
export const tokenFile = (
  path: string
): Effect.Effect<Options["identityToken"], never, FileSystem.FileSystem> =>
  Effect.map(FileSystem.FileSystem, (fs) =>
    fs.readFileString(path).pipe(
      Effect.mapError(() => TokenEndpoint.failure(`The identity token could not be read from ${path}`, false)),
      Effect.flatMap((text) =>
        text.trim() === ""
          ? Effect.fail(TokenEndpoint.failure(`The file of the identity token, ${path}, is empty`, false))
          : Effect.succeed(Redacted.make(text.trim()))
      )
    ))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const maxAssertion = 16_384

const table: OptionCheck.TableOf<Options> = {
  identityToken: OptionCheck.required(
    OptionCheck.that("an effect that obtains the token, such as `WorkloadIdentity.tokenFile(path)`", Effect.isEffect)
  ),
  federationRuleId: OptionCheck.required(Door.id),
  organizationId: OptionCheck.required(Door.id),
  serviceAccountId: Door.id,
  workspaceId: Door.id,
  baseUrl: Door.url
}
