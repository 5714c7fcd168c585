/** Layers as callers without types build them: what they accept, what they refuse, and what they never print. */
import * as Claude from "@effect-claude/http/Claude"
import * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { key, question } from "./scripted.ts"

/** Options as JavaScript gives them. */
const untyped = (options: unknown): ClaudeConfig.Options => JSON.parse("[]").concat([options])[0]

const noEnvironment = ConfigProvider.layer(ConfigProvider.fromUnknown({}))

const environment = (variables: { readonly [name: string]: string }) =>
  ConfigProvider.layer(ConfigProvider.fromUnknown(variables))

/** Every layer of the package. */
const layers: ReadonlyArray<
  (options: ClaudeConfig.Options) => Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError>
> = [
  (options) => Layer.provide(Claude.layer(options), ClaudeTest.layer(Script.reply("Hi!"))),
  (options) => Layer.provide(Claude.layerConfig(options), ClaudeTest.layer(Script.reply("Hi!"))),
  Claude.layerFetch,
  ClaudeNode.layer
]

const refusal = (options: unknown, layer = layers[0]!) =>
  Effect.flip(Effect.scoped(Layer.build(Layer.suspend(() => layer(untyped(options)))))).pipe(
    Effect.provide(noEnvironment)
  )

/** The headers and the URL of a request. */
const sent = (options: unknown, variables: { readonly [name: string]: string } = {}) =>
  Effect.gen(function*() {
    yield* Messages.create(question)
    const { requests } = yield* ClaudeTest.ClaudeTest
    return (yield* requests)[0]!
  }).pipe(
    Effect.provide(
      Layer.provideMerge(
        Claude.layerConfig(untyped(options)),
        ClaudeTest.layer(Script.reply("Hi!"), { check: false })
      ).pipe(Layer.provide(environment(variables)))
    )
  )

const apiKey = Redacted.make(key)

describe("options", () => {
  it.effect.each<readonly [option: string, says: string, options: unknown]>([
    ["baseURL", "Use `baseUrl`", { apiKey, baseURL: "https://x" }],
    ["maxRetries", "RetryPolicy.maxRetries", { apiKey, maxRetries: 3 }],
    ["timeout", "`timeouts: { total: … }`", { apiKey, timeout: 1000 }],
    ["defaultHeaders", "Use `headers`", { apiKey, defaultHeaders: {} }],
    ["defaultQuery", "Use `query`", { apiKey, defaultQuery: {} }],
    ["dangerouslyAllowBrowser", "Use `allowBrowser`", { apiKey, dangerouslyAllowBrowser: true }],
    ["api_key", "Use `apiKey`", { api_key: apiKey }],
    ["retires", "one of the options", { apiKey, retires: 1 }],
    ["apiKey", "an effect that obtains one", { apiKey: 5 }],
    ["apiKey", "credential: \"none\"", { apiKey: null }],
    ["apiKey", "it is empty", { apiKey: "" }],
    ["apiKey", "OAuth token", { apiKey: "sk-ant-oat01-abc" }],
    ["apiKey", "enclosed in quotes", { apiKey: `"${key}"` }],
    ["authToken", "Leave out \"Bearer\"", { authToken: "Bearer abc" }],
    ["apiKey", "`credential` is given as well", { apiKey, credential: "none" }],
    ["credential", "\"none\"", { credential: "some" }],
    ["headers", "x-api-key is empty", { headers: { "x-api-key": "" } }],
    ["headers.x-n", "a text", { apiKey, headers: { "x-n": 5 } }],
    ["headers", "an object", { apiKey, headers: [] }],
    ["query.v", "a text", { apiKey, query: { v: 5 } }],
    ["retry", "a whole policy", { apiKey, retry: { maxRetries: 3 } }],
    ["retry", "a whole policy", { apiKey, retry: 3 }],
    ["retry.maxRetries", "a whole number", { apiKey, retry: { ...RetryPolicy.standard, maxRetries: "3" } }],
    ["retry.cap", "a duration", { apiKey, retry: { ...RetryPolicy.standard, cap: "soon" } }],
    ["retry.jitter", "\"full\"", { apiKey, retry: { ...RetryPolicy.standard, jitter: "half" } }],
    ["retry.budget", "RetryBudget.standard", { apiKey, retry: { ...RetryPolicy.standard, budget: { capacity: 1 } } }],
    ["timeouts", "an object with options", { apiKey, timeouts: 5 }],
    ["timeouts.idle", "a duration", { apiKey, timeouts: { idle: Number.NaN } }],
    ["timeouts.idle", "a duration", { apiKey, timeouts: { idle: -1 } }],
    ["timeouts.idle", "a duration", { apiKey, timeouts: { idle: "a while" } }],
    ["timeouts.connect", "a duration", { apiKey, timeouts: { connect: {} } }],
    ["timeouts.uploadRate", "above 0", { apiKey, timeouts: { uploadRate: 0 } }],
    ["timeouts.uploadRate", "above 0", { apiKey, timeouts: { uploadRate: Infinity } }],
    ["timeouts.Idle", "Use `idle`", { apiKey, timeouts: { Idle: 5 } }],
    ["limits.body", "above 0", { apiKey, limits: { body: "5" } }],
    ["limits.event", "above 0", { apiKey, limits: { event: Number.NaN } }],
    ["betas", "a list", { apiKey, betas: "a-2026-01-01" }],
    ["betas[1]", "the name of a beta", { apiKey, betas: ["a-2026-01-01", "b c"] }],
    ["version", "a version such as", { apiKey, version: 2023 }],
    ["baseUrl", "a URL", { apiKey, baseUrl: new URL("https://x") }],
    ["userAgent", "a text of one line", { apiKey, userAgent: "a\nb" }],
    ["rules", "Rules.standard", { apiKey, rules: true }],
    ["drain", "a duration", { apiKey, drain: "later" }],
    ["allowBrowser", "true or false", { apiKey, allowBrowser: "yes" }]
  ])("refuses %s", ([option, says, options]) =>
    Effect.gen(function*() {
      for (const layer of layers) {
        const error = yield* refusal(options, layer)

        assert.strictEqual(error._tag, "ClaudeConfigError")
        assert.strictEqual(error.option, option)
        assert.include(error.message, says)
        assert.isTrue(error.message.startsWith(`${option}: `))
      }
    }))

  it.effect("refuses what is no object", () =>
    Effect.gen(function*() {
      assert.include((yield* refusal(key)).message, "an object with options")
      assert.include((yield* refusal([])).message, "an object with options")
    }))

  it.effect.each<readonly [name: string, options: unknown]>([
    ["a text", { apiKey: key }],
    ["a function that returns a text", { apiKey: () => key }],
    ["a function that returns a promise", { apiKey: async () => key }],
    ["an effect of a text", { apiKey: Effect.succeed(key) }],
    ["options that are undefined", { apiKey: key, retry: undefined, baseUrl: undefined }]
  ])("accepts %s", ([, options]) =>
    Effect.gen(function*() {
      const { headers } = yield* sent(options)

      assert.strictEqual(headers["x-api-key"], "sk-ant-***")
    }))

  it.effect("fails a call whose function returns no text", () =>
    Effect.gen(function*() {
      for (const obtain of [() => 5, () => undefined, async () => ({ key })]) {
        const error = yield* Effect.flip(sent({ apiKey: obtain }))

        assert.strictEqual(error._tag, "AuthenticationError")
        assert.notInclude(inspect(error, { depth: 9 }), key)
      }
    }))

  describe("credentials", () => {
    const variables = {
      ANTHROPIC_API_KEY: "sk-ant-env-0123456789",
      ANTHROPIC_AUTH_TOKEN: "env-token-0123456789",
      ANTHROPIC_CUSTOM_HEADERS: "X-Api-Key: sk-ant-custom-012345\nx-team: a\nAuthorization: Bearer custom-0123456789"
    }

    it.effect.each<readonly [name: string, options: unknown, key: string | undefined, token: string | undefined]>([
      ["apiKey", { apiKey: "plain-key-0123" }, "***", undefined],
      ["authToken", { authToken: "plain-token" }, undefined, "Bearer ***"],
      ["an authorization header", { headers: { Authorization: "Bearer code" } }, undefined, "Bearer ***"],
      ["an x-api-key header", { headers: { "x-api-key": "code-0123" } }, "***", undefined],
      ["a header of another scheme", { headers: { "api-key": "code-0123" } }, undefined, undefined],
      ["a header of a gateway", { headers: { "cf-aig-authorization": "Bearer code" } }, undefined, undefined],
      ["no credential", { credential: "none" }, undefined, undefined]
    ])("of the environment do not join %s", ([, options, expectedKey, token]) =>
      Effect.gen(function*() {
        const { headers } = yield* sent(options, variables)

        assert.strictEqual(headers["x-api-key"], expectedKey)
        assert.strictEqual(headers["authorization"], token)
        assert.strictEqual(headers["x-team"], "a")
      }))

    it.effect("come from the environment when code gives none, the key before the token", () =>
      Effect.gen(function*() {
        const { ANTHROPIC_CUSTOM_HEADERS: _, ...rest } = variables
        const { headers } = yield* sent({ headers: { "x-team": "b" } }, rest)

        assert.strictEqual(headers["x-api-key"], "sk-ant-***")
        assert.isUndefined(headers["authorization"])
      }))

    it.effect("name both ways to give a missing credential", () =>
      Effect.gen(function*() {
        const { message } = yield* refusal({})

        assert.include(message, "Set ANTHROPIC_API_KEY, or give `apiKey` or `authToken`")
        assert.include(message, "credential: \"none\"")
      }))
  })

  it.effect("give headers of code precedence over custom headers of the environment", () =>
    Effect.gen(function*() {
      const { headers } = yield* sent({ apiKey, headers: { "X-Team": "code" } }, {
        ANTHROPIC_CUSTOM_HEADERS: "x-team: env\nnot a header\n: empty"
      })

      assert.strictEqual(headers["x-team"], "code")
    }))

  it.effect.each(["", "/", "/v1", "/v1/", "/v1/messages"])(
    "send to the same path for a base URL that ends in %j",
    (end) =>
      Effect.gen(function*() {
        const { path } = yield* sent({ apiKey, baseUrl: `https://gateway.example/claude${end}` })

        assert.strictEqual(path, "/claude/v1/messages")
      })
  )

  it.effect("join betas from every source, once each", () =>
    Effect.gen(function*() {
      const { requests } = yield* ClaudeTest.ClaudeTest
      yield* Messages.create(question).pipe(
        Claude.withHeaders({ "anthropic-beta": "c-2026-01-01, a-2026-01-01" }),
        Claude.withBetas(["d-2026-01-01"])
      )

      assert.deepStrictEqual((yield* requests)[0]?.headers["anthropic-beta"]?.split(",").toSorted(), [
        "a-2026-01-01",
        "b-2026-01-01",
        "c-2026-01-01",
        "d-2026-01-01"
      ])
    }).pipe(Effect.provide(
      Layer.provideMerge(
        Claude.layer({ apiKey, betas: ["a-2026-01-01"], headers: { "anthropic-beta": "b-2026-01-01" } }),
        ClaudeTest.layer(Script.reply("Hi!"), { check: false })
      )
    )))

  it.effect("add query parameters to every request, and show none that carry a credential", () =>
    Effect.gen(function*() {
      const claude = yield* Claude.Claude
      const { requests } = yield* ClaudeTest.ClaudeTest
      yield* Messages.create(question)
      const settings = yield* claude.settings

      assert.include(JSON.stringify((yield* requests)[0]), "api-version")
      assert.notInclude(inspect(settings, { depth: 9 }), "hunter2222")
    }).pipe(Effect.provide(
      Layer.provideMerge(
        Claude.layer({ apiKey, query: { "api-version": "2026-10-01", "access_key": "hunter2222" } }),
        ClaudeTest.layer(Script.reply("Hi!"), { check: false })
      )
    )))

  it.effect.prop(
    "never show a key, whichever option it was put into",
    {
      place: Schema.Literals([
        "apiKey",
        "authToken",
        "credential",
        "baseUrl",
        "version",
        "betas",
        "headers",
        "query",
        "retry",
        "timeouts",
        "userAgent",
        "limits",
        "rules",
        "drain",
        "allowInsecureHttp",
        "allowBrowser",
        "baseURL",
        "maxRetries",
        "anything"
      ]),
      form: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 })),
      layer: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: layers.length - 1 })),
      number: Schema.Int.check(Schema.isBetween({ minimum: 100_000, maximum: 999_999 }))
    },
    ({ form, layer, number, place }) =>
      Effect.gen(function*() {
        const secret = `sk-ant-k${number}`
        const value = [
          secret,
          [secret],
          { [secret]: secret },
          { idle: secret, body: secret, capacity: secret },
          `https://${secret}.example/`,
          `https://gateway.example/${secret}`,
          { "x-any": `${secret}\n` },
          new Map([[secret, secret]]),
          () => {
            throw new Error(secret)
          }
        ][form]
        const logged: Array<string> = []
        const program = Effect.gen(function*() {
          const { settings } = yield* Claude.Claude
          return yield* settings
        }).pipe(
          Effect.provide(Layer.suspend(() => layers[layer]!(untyped({ [place]: value })))),
          Effect.provide(noEnvironment),
          Effect.tapCause((cause) => Effect.logError("It failed", cause)),
          Effect.provide(Logger.layer([Logger.map(Logger.formatJson, (line) => logged.push(line))]))
        )
        const exit = yield* Effect.exit(program)
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        const settings = Exit.isSuccess(exit) ? exit.value : undefined
        const shown = [
          String(error),
          JSON.stringify(error),
          inspect(error, { depth: 9, showHidden: true }),
          Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
          inspect(settings?.headers, { depth: 9 }),
          ...logged
        ].join("\n")

        assert.notInclude(shown, secret)
        if (Exit.isFailure(exit)) assert.isTrue(error instanceof ClaudeConfig.ClaudeConfigError, shown)
      }),
    { arbitrary: { runs: 400 } }
  )
})
