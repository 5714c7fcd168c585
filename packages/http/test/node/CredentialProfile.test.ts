/** Credentials of files and the environment, at a token server on loopback. */
import * as Credential from "@effect-claude/http/Credential"
import * as CredentialProfile from "@effect-claude/http/CredentialProfile"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as UndiciHttpClient from "@effect-claude/http/node/UndiciHttpClient"
import * as UserOAuth from "@effect-claude/http/UserOAuth"
import * as WorkloadIdentity from "@effect-claude/http/WorkloadIdentity"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as FileSystemSync from "node:fs"
import * as Http from "node:http"
import { question } from "../support.ts"

/** A request that the server received. */
interface Received {
  readonly path: string
  readonly headers: Http.IncomingHttpHeaders
  readonly body: { readonly [field: string]: unknown }
}

/** What the token endpoint returns for its nth grant. */
type Grants = (n: number, body: Received["body"]) => {
  readonly status?: number
  readonly body: unknown
  readonly headers?: Http.OutgoingHttpHeaders
}

const granting: Grants = (n) => ({
  body: { access_token: `token-${n}`, expires_in: 3600, refresh_token: `refresh-${n}`, token_type: "Bearer" }
})

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
}

/** A token endpoint, and an API that accepts the tokens `accepts` accepts. */
const server = (
  grants: Grants = granting,
  accepts: (token: string) => boolean = () => true
): Effect.Effect<{ readonly url: string; readonly received: Array<Received> }, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly url: string; readonly received: Array<Received>; readonly server: Http.Server }>(
        (resume) => {
          const received: Array<Received> = []
          const server = Http.createServer((request, response) => {
            let text = ""
            request.on("data", (chunk) => text += String(chunk))
            request.on("end", () => {
              const body: Received["body"] = JSON.parse(text)
              received.push({ path: request.url ?? "", headers: request.headers, body })
              const n = received.filter(({ path }) => path === "/v1/oauth/token").length
              const granted = grants(n, body)
              const isAccepted = accepts((request.headers.authorization ?? "").replace("Bearer ", ""))
              const { status, value, headers } = request.url === "/v1/oauth/token"
                ? { status: granted.status ?? 200, value: granted.body, headers: granted.headers }
                : { status: isAccepted ? 200 : 401, value: isAccepted ? message : {}, headers: {} }
              response.writeHead(status, { "content-type": "application/json", ...headers })
              response.end(typeof value === "string" ? value : JSON.stringify(value))
            })
          })
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            const port = typeof address === "object" && address !== null ? address.port : 0
            resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, received, server }))
          })
        }
      ),
      ({ server }) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    ),
    ({ received, url }) => ({ received, url })
  )

const services = Layer.mergeAll(
  Layer.provide(UndiciHttpClient.layer, NodeHttpClient.layerDispatcher),
  NodeServices.layer
)

/** A configuration directory with files, which only this user can read. */
const directory = Effect.fnUntraced(function*(files: { readonly [path: string]: unknown }) {
  const fs = yield* FileSystem.FileSystem
  const root = yield* fs.makeTempDirectoryScoped({ prefix: "profiles-" })
  yield* fs.makeDirectory(`${root}/configs`)
  yield* fs.makeDirectory(`${root}/credentials`)
  for (const [path, content] of Object.entries(files)) {
    yield* fs.writeFileString(`${root}/${path}`, typeof content === "string" ? content : JSON.stringify(content))
    yield* fs.chmod(`${root}/${path}`, 0o600)
  }
  return root
})

type Variables = { readonly [name: string]: string }

const environment = (variables: Variables) =>
  Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(variables)))

/** Sends a request from a layer without options. */
const call = (variables: Variables) =>
  Messages.create(question).pipe(Effect.provide(ClaudeNode.layer()), environment(variables))

const find = (variables: Variables) => CredentialProfile.find.pipe(environment(variables))

const json = (path: string) =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => Effect.map(fs.readFileString(path), (text): { readonly [field: string]: unknown } => JSON.parse(text))
  )

const jwt = "header.payload-of-the-identity.signature"

const federated = (url: string): Variables => ({
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_FEDERATION_RULE_ID: "fdrl_1",
  ANTHROPIC_ORGANIZATION_ID: "org-1",
  ANTHROPIC_IDENTITY_TOKEN: jwt
})

const oauth = { version: "1.0", authentication: { type: "user_oauth", client_id: "client-1" } }

const workload = (url: string) => ({
  authentication: { type: "oidc_federation", federation_rule_id: "fdrl_file" },
  organization_id: "org-file",
  base_url: url
})

const tokens = (expiresIn: number) => ({
  version: "1.0",
  type: "oauth_token",
  access_token: "token-file",
  expires_at: Math.floor(Date.now() / 1000) + expiresIn,
  refresh_token: "refresh-file",
  account_email: "ada@example.com"
})

const identityToken = Effect.succeed(Redacted.make(jwt))

const workloadOptions = (url: string) => ({
  identityToken,
  federationRuleId: "fdrl_1",
  organizationId: "org-1",
  baseUrl: url
})

describe("workload identity", () => {
  it.live("exchanges the identity token of the environment, and sends the token with its beta", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server()
      yield* call({ ...federated(url), ANTHROPIC_WORKSPACE_ID: "wrkspc_1", ANTHROPIC_SERVICE_ACCOUNT_ID: "svac_1" })
      const [grant, request] = received

      assert.deepStrictEqual(grant?.body, {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: jwt,
        federation_rule_id: "fdrl_1",
        organization_id: "org-1",
        service_account_id: "svac_1",
        workspace_id: "wrkspc_1"
      })
      assert.strictEqual(grant?.headers["anthropic-beta"], "oauth-2025-04-20,oidc-federation-2026-04-01")
      assert.isUndefined(grant?.headers.authorization)
      assert.strictEqual(request?.headers.authorization, "Bearer token-1")
      assert.include(String(request?.headers["anthropic-beta"]), "oauth-2025-04-20")
      assert.isUndefined(request?.headers["anthropic-workspace-id"])
      assert.isUndefined(request?.headers["x-api-key"])
    }).pipe(Effect.scoped))

  it.live("reads the file of the identity token for each exchange", () =>
    Effect.gen(function*() {
      const root = yield* directory({ jwt: ` ${jwt}\n` })
      const { received, url } = yield* server(undefined, (token) => {
        // The platform replaced the identity token in the meantime.
        if (token === "token-1") FileSystemSync.writeFileSync(`${root}/jwt`, "another")
        return token === "token-2"
      })
      const { ANTHROPIC_IDENTITY_TOKEN: _, ...variables } = federated(url)
      yield* call({ ...variables, ANTHROPIC_IDENTITY_TOKEN_FILE: `${root}/jwt` })

      assert.deepStrictEqual(received.map(({ body }) => body["assertion"]), [jwt, undefined, "another", undefined])
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("exchanges once for calls that start together, and once more after a 401", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server(undefined, (token) => token === "token-2")
      yield* Effect.all(Array.from({ length: 20 }, () => Messages.create(question)), { concurrency: "unbounded" }).pipe(
        Effect.provide(ClaudeNode.layer()),
        environment(federated(url))
      )

      assert.strictEqual(received.filter(({ path }) => path === "/v1/oauth/token").length, 2)
    }).pipe(Effect.scoped))

  it.live.each<readonly [name: string, grants: Grants, says: string, transient: boolean]>([
    [
      "a refusal",
      () => ({ status: 400, body: { error: "invalid_grant", error_description: "rule" } }),
      "invalid_grant: rule",
      false
    ],
    ["a 401", () => ({ status: 401, body: {} }), "federation rule matches", false],
    ["an overload", () => ({ status: 529, body: {} }), "status 529", true],
    ["a redirect", () => ({ status: 307, body: "", headers: { location: "/elsewhere" } }), "status 307", false],
    ["a page", () => ({ body: "<html>" }), "no `access_token`", false],
    ["no lifetime", () => ({ body: { access_token: "token-x" } }), "`expires_in`", false],
    ["another type", () => ({ body: { access_token: "token-x", expires_in: 9, token_type: "mac" } }), "Bearer", false],
    ["an endless body", () => ({ body: "x".repeat(1_048_577) }), "more than 1048576 bytes", false]
  ])("reports %s", ([, grants, says, transient]) =>
    Effect.gen(function*() {
      const { received, url } = yield* server(grants)
      const credential = yield* WorkloadIdentity.make(workloadOptions(url))
      const error = yield* Effect.flip(credential.get)

      assert.include(error.message, says)
      assert.strictEqual(error.transient, transient)
      assert.strictEqual(received.length, 1)
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("shows nothing of what it sent when the server repeats it", () =>
    Effect.gen(function*() {
      const { url } = yield* server((_, body) => ({
        status: 400,
        body: { error: "invalid", error_description: `bad ${String(body["assertion"])}`, assertion: body["assertion"] }
      }))
      const credential = yield* WorkloadIdentity.make(workloadOptions(url))
      const error = yield* Effect.flip(credential.get)

      assert.include(error.message, "bad [credential]")
      assert.notInclude(JSON.stringify(error), jwt)
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("does not send an identity token that is too long", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server()
      const get = (length: number) =>
        Effect.flatMap(
          WorkloadIdentity.make({
            ...workloadOptions(url),
            identityToken: Effect.succeed(Redacted.make("x".repeat(length)))
          }),
          ({ get }) => Effect.exit(get)
        )
      assert.strictEqual((yield* get(16_385))._tag, "Failure")
      assert.strictEqual(received.length, 0)
      assert.strictEqual((yield* get(16_384))._tag, "Success")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live.each<readonly [option: string, options: object]>([
    ["baseUrl", { baseUrl: "http://gateway.example" }],
    ["federationRuleId", { federationRuleId: undefined }],
    ["organizationId", { organizationId: "" }],
    ["identityToken", { identityToken: jwt }],
    ["workspaceId", { workspaceId: 5 }],
    ["serviceAccountId", { serviceAccountId: null }]
  ])("refuses a wrong %s", ([option, wrong]) =>
    Effect.gen(function*() {
      const options = JSON.parse("[]").concat([{ ...workloadOptions("https://api.example"), ...wrong }])[0]
      const error = yield* Effect.flip(WorkloadIdentity.make(options))

      assert.strictEqual(error.option, option)
      assert.notInclude(error.message, jwt)
    }).pipe(Effect.provide(services)))

  it.live("reports a file that is empty or missing", () =>
    Effect.gen(function*() {
      const root = yield* directory({ empty: " \n" })
      const said = (name: string) =>
        Effect.map(Effect.flip(Effect.flatten(WorkloadIdentity.tokenFile(`${root}/${name}`))), ({ message }) => message)
      assert.include(yield* said("empty"), "is empty")
      assert.include(yield* said("missing"), "could not be read")
    }).pipe(Effect.scoped, Effect.provide(services)))
})

describe("a profile", () => {
  it.live("of a user sends the token of its file, and its workspace", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server()
      const root = yield* directory({
        "configs/default.json": { ...oauth, workspace_id: "wrkspc_1", base_url: url },
        "credentials/default.json": tokens(3600)
      })
      yield* call({ ANTHROPIC_CONFIG_DIR: root })
      const [request] = received

      assert.strictEqual(received.length, 1)
      assert.strictEqual(request?.headers.authorization, "Bearer token-file")
      assert.strictEqual(request?.headers["anthropic-workspace-id"], "wrkspc_1")
      assert.include(String(request?.headers["anthropic-beta"]), "oauth-2025-04-20")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("of a user refreshes its token, and writes the new ones into its file", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server()
      const fs = yield* FileSystem.FileSystem
      const root = yield* directory({
        "configs/default.json": { ...oauth, base_url: url },
        "credentials/default.json": tokens(29)
      })
      const path = `${root}/credentials/default.json`
      yield* call({ ANTHROPIC_CONFIG_DIR: root })
      const [grant, request] = received
      const written = yield* json(path)

      assert.deepStrictEqual(grant?.body, {
        grant_type: "refresh_token",
        refresh_token: "refresh-file",
        client_id: "client-1"
      })
      assert.strictEqual(grant?.headers["anthropic-beta"], "oauth-2025-04-20")
      assert.strictEqual(request?.headers.authorization, "Bearer token-1")
      assert.strictEqual(written["access_token"], "token-1")
      assert.strictEqual(written["refresh_token"], "refresh-1")
      assert.strictEqual(written["account_email"], "ada@example.com")
      assert.isAbove(Number(written["expires_at"]), Date.now() / 1000 + 3500)
      assert.strictEqual((yield* fs.stat(path)).mode & 0o777, 0o600)
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("of a user is refreshed after a 401, although its token has not expired", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server(undefined, (token) => token === "token-1")
      const root = yield* directory({
        "configs/default.json": { ...oauth, base_url: url },
        "credentials/default.json": tokens(3600)
      })
      yield* call({ ANTHROPIC_CONFIG_DIR: root })

      assert.deepStrictEqual(received.map(({ path }) => path), ["/v1/messages", "/v1/oauth/token", "/v1/messages"])
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("of a user takes the token that another process refreshed", () =>
    Effect.gen(function*() {
      const root = yield* directory({ "tokens.json": tokens(0) })
      const path = `${root}/tokens.json`
      const { received, url } = yield* server(() => {
        FileSystemSync.writeFileSync(
          path,
          JSON.stringify({ ...tokens(3600), access_token: "theirs", refresh_token: "refresh-theirs" })
        )
        return { status: 400, body: { error: "invalid_grant" } }
      })
      const credential = yield* UserOAuth.make({ credentialsPath: path, clientId: "client-1", baseUrl: url })

      assert.strictEqual(Redacted.value(yield* credential.get), "theirs")
      assert.strictEqual(received.length, 1)
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("of a user fails when its refresh token is refused", () =>
    Effect.gen(function*() {
      const root = yield* directory({ "tokens.json": tokens(0) })
      const { url } = yield* server(() => ({ status: 400, body: { error: "invalid_grant" } }))
      const credential = yield* UserOAuth.make({
        credentialsPath: `${root}/tokens.json`,
        clientId: "client-1",
        baseUrl: url
      })

      assert.include((yield* Effect.flip(credential.get)).message, "invalid_grant. Log in again")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("of a user remembers tokens that cannot be written", () =>
    Effect.gen(function*() {
      const root = yield* directory({ "tokens.json": tokens(0) })
      const { received, url } = yield* server()
      const fs = yield* FileSystem.FileSystem
      const credential = yield* UserOAuth.make({
        credentialsPath: `${root}/tokens.json`,
        clientId: "client-1",
        baseUrl: url
      }).pipe(Effect.provideService(FileSystem.FileSystem, {
        ...fs,
        rename: () => fs.readFile(`${root}/none`).pipe(Effect.asVoid)
      }))
      const first = yield* credential.get
      yield* credential.invalidate(first)

      assert.strictEqual(Redacted.value(yield* credential.get), "token-2")
      assert.strictEqual(received[1]?.body["refresh_token"], "refresh-1")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("of a workload keeps its token in a file, and uses it again", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server()
      const root = yield* directory({ "configs/work.json": workload(url), "active_config": "work\n", jwt })
      const variables = { ANTHROPIC_CONFIG_DIR: root, ANTHROPIC_IDENTITY_TOKEN_FILE: `${root}/jwt` }
      yield* call(variables)
      yield* call(variables)

      assert.deepStrictEqual(received.map(({ path }) => path), ["/v1/oauth/token", "/v1/messages", "/v1/messages"])
      assert.strictEqual(received[0]?.body["federation_rule_id"], "fdrl_file")
      assert.strictEqual((yield* json(`${root}/credentials/work.json`))["access_token"], "token-1")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("takes precedence over the environment, which fills what it leaves out", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server()
      const root = yield* directory({
        "configs/work.json": { authentication: { type: "oidc_federation" }, organization_id: "org-file" }
      })
      yield* call({ ...federated(url), ANTHROPIC_CONFIG_DIR: root, ANTHROPIC_PROFILE: "work" })

      assert.strictEqual(received[0]?.body["organization_id"], "org-file")
      assert.strictEqual(received[0]?.body["federation_rule_id"], "fdrl_1")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("does not join a key of the environment", () =>
    Effect.gen(function*() {
      const { received, url } = yield* server()
      yield* call({ ...federated(url), ANTHROPIC_API_KEY: "sk-ant-env-0123456789" })

      assert.deepStrictEqual(received.map(({ headers }) => headers.authorization), [undefined])
      assert.strictEqual(received[0]?.headers["x-api-key"], "sk-ant-env-0123456789")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live.each<readonly [name: string, variables: Variables, expected: string | undefined]>([
    ["the profile that is named", { ANTHROPIC_PROFILE: "b" }, "b"],
    ["the environment before the active profile", federated("https://api.example"), "environment"],
    ["the active profile", {}, "a"]
  ])("is found: %s", ([, variables, expected]) =>
    Effect.gen(function*() {
      const root = yield* directory({ "configs/a.json": oauth, "configs/b.json": oauth, "active_config": "a" })
      const found = yield* find({ ANTHROPIC_CONFIG_DIR: root, ...variables })

      assert.strictEqual(found?.name ?? "environment", expected)
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("is looked for below XDG_CONFIG_HOME and HOME", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const home = yield* fs.makeTempDirectoryScoped()
      yield* fs.makeDirectory(`${home}/.config/anthropic/configs`, { recursive: true })
      yield* fs.writeFileString(`${home}/.config/anthropic/configs/default.json`, JSON.stringify(oauth))

      assert.strictEqual((yield* find({ HOME: home }))?.name, "default")
      assert.strictEqual((yield* find({ XDG_CONFIG_HOME: `${home}/.config`, HOME: "/nowhere" }))?.name, "default")
      assert.isUndefined(yield* find({ HOME: "/nowhere" }))
      assert.isUndefined(yield* find({}))
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live.each<readonly [says: string, variables: Variables, files: { readonly [path: string]: unknown }]>([
    ["there is no profile work", { ANTHROPIC_PROFILE: "work" }, {}],
    ["no valid name", { ANTHROPIC_PROFILE: "../work" }, {}],
    ["no valid name", { ANTHROPIC_PROFILE: ".." }, {}],
    ["no valid name", { ANTHROPIC_PROFILE: "sk-ant-s3cret" }, {}],
    ["not JSON with an `authentication`", {}, { "configs/default.json": "{s3cret" }],
    ["not JSON with an `authentication`", {}, { "configs/default.json": {} }],
    ["`authentication.type` other than", {}, { "configs/default.json": { authentication: { type: "s3cret" } } }],
    ["`client_id` that is not a text", {}, {
      "configs/default.json": { authentication: { type: "user_oauth", client_id: ["s3cret"] } }
    }],
    ["no `authentication.federation_rule_id`", { ANTHROPIC_IDENTITY_TOKEN: "s3cret" }, {
      "configs/default.json": { authentication: { type: "oidc_federation" } }
    }],
    ["no `organization_id`", { ANTHROPIC_IDENTITY_TOKEN: "s3cret" }, {
      "configs/default.json": { authentication: { type: "oidc_federation", federation_rule_id: "s3cret" } }
    }],
    ["`authentication.identity_token` other than", {}, {
      "configs/default.json": { authentication: { type: "oidc_federation", identity_token: { source: "s3cret" } } }
    }],
    ["no identity token", { ANTHROPIC_FEDERATION_RULE_ID: "s3cret", ANTHROPIC_ORGANIZATION_ID: "s3cret" }, {}],
    ["plain http", {}, { "configs/default.json": { ...oauth, base_url: "http://gateway.example" } }]
  ])("is refused: %s", ([says, variables, files]) =>
    Effect.gen(function*() {
      const root = yield* directory(files)
      const error = yield* Effect.flip(find({ ANTHROPIC_CONFIG_DIR: root, ...variables }))

      assert.strictEqual(error._tag, "ClaudeConfigError")
      assert.include(error.message, says)
      assert.notInclude(error.message, "s3cret")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live.each<readonly [says: string, mode: number, content: unknown]>([
    ["chmod 600", 0o640, tokens(3600)],
    ["chmod 600", 0o602, tokens(3600)],
    ["holds no access token", 0o600, "{s3cret"],
    ["holds no access token", 0o600, { refresh_token: "s3cret" }],
    ["no client id to refresh it", 0o600, tokens(0)]
  ])("of a user fails a call when its file is unusable: %s", ([says, mode, content]) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const root = yield* directory({ "tokens.json": content })
      yield* fs.chmod(`${root}/tokens.json`, mode)
      const credential = yield* UserOAuth.make({ credentialsPath: `${root}/tokens.json` })
      const error = yield* Effect.flip(credential.get)

      assert.instanceOf(error, Credential.CredentialError)
      assert.include(error.message, says)
      assert.notInclude(error.message, "s3cret")
    }).pipe(Effect.scoped, Effect.provide(services)))

  it.live("is loaded by its name", () =>
    Effect.gen(function*() {
      const root = yield* directory({ "configs/b.json": { ...oauth, base_url: "https://b.example" } })
      const load = (name: string) => CredentialProfile.load(name).pipe(environment({ ANTHROPIC_CONFIG_DIR: root }))

      assert.strictEqual((yield* load("b")).baseUrl, "https://b.example")
      assert.include((yield* Effect.flip(load("c"))).message, "there is no profile c")
    }).pipe(Effect.scoped, Effect.provide(services)))
})
