import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { key, layer, question } from "./support.ts"

const apiKey = Redacted.make(key)

const hello = Script.forever(Script.reply("Hi!"))

/** What a layer is refused with. */
const refusal = (options: ClaudeConfig.Options) =>
  Effect.flip(Effect.scoped(Layer.build(Claude.layer(options)))).pipe(Effect.provide(ClaudeTest.layer(hello)))

/** The requests an effect sends. */
const sent = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { requests } = yield* ClaudeTest.ClaudeTest
    const before = (yield* requests).length
    yield* self
    return (yield* requests).slice(before)
  })

const ask = Messages.create(question)

const fromEnvironment = (env: { readonly [name: string]: string }, options?: ClaudeConfig.Options) =>
  Layer.provideMerge(Claude.layerConfig(options), ClaudeTest.layer(hello)).pipe(
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))
  )

describe("Claude", () => {
  describe("layer", () => {
    const refused: ReadonlyArray<
      readonly [option: keyof ClaudeConfig.Options, says: RegExp, options: ClaudeConfig.Options]
    > = [
      ["apiKey", /no credential was given\. Set ANTHROPIC_API_KEY/, {}],
      ["apiKey", /it is empty/, { apiKey: Redacted.make("") }],
      ["apiKey", /line break/, { apiKey: Redacted.make(`${key}\n`) }],
      ["apiKey", /line break/, { apiKey: Redacted.make(`"${key} "`) }],
      ["authToken", /line break/, { authToken: Redacted.make("töken") }],
      ["apiKey", /one of the two/, { apiKey, authToken: apiKey }],
      ["baseUrl", /not a URL/, { apiKey, baseUrl: "api.anthropic.com" }],
      ["baseUrl", /not a URL/, { apiKey, baseUrl: "" }],
      ["baseUrl", /protocol is ftp/, { apiKey, baseUrl: "ftp://api.anthropic.com" }],
      ["baseUrl", /user name or password/, { apiKey, baseUrl: `https://user:${key}@api.anthropic.com` }],
      ["baseUrl", /query or a fragment/, { apiKey, baseUrl: `https://api.anthropic.com?key=${key}` }],
      ["baseUrl", /unencrypted/, { apiKey, baseUrl: "http://api.anthropic.com" }],
      ["baseUrl", /unencrypted/, { apiKey, baseUrl: "http://localhost.example.com" }],
      ["baseUrl", /unencrypted/, { apiKey, baseUrl: "http://127.0.0.1.example.com" }],
      ["baseUrl", /unencrypted/, { apiKey, baseUrl: "http://evillocalhost" }],
      ["headers", /not the name of a header/, { apiKey, headers: { "a b": "c" } }],
      ["headers", /line break/, { apiKey, headers: { a: `${key}\r\nb: c` } }]
    ]
    for (const [option, says, options] of refused) {
      it.effect(`refuses ${option} where ${says.source}: ${String(options.baseUrl ?? Object.keys(options))}`, () =>
        Effect.gen(function*() {
          const error = yield* refusal(options)

          assert.strictEqual(error._tag, "ClaudeConfigError")
          assert.strictEqual(error.option, option)
          assert.match(error.message, says)
          assert.notInclude(error.message + JSON.stringify(error), key)
        }))
    }

    for (
      const baseUrl of [
        "https://api.anthropic.com/",
        "https://gateway.example.com/claude/",
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://[::1]:1",
        "http://claude.localhost"
      ]
    ) {
      it.effect(`sends to ${baseUrl}`, () =>
        Effect.gen(function*() {
          const urls: Array<string> = []
          const spy = Layer.effect(
            HttpClient.HttpClient,
            Effect.map(
              HttpClient.HttpClient,
              HttpClient.tapRequest((request) => Effect.sync(() => urls.push(request.url)))
            )
          ).pipe(
            Layer.provide(
              ClaudeTest.layer(hello, { check: { basePath: new URL(baseUrl).pathname.replace(/\/$/, "") } })
            )
          )
          yield* ask.pipe(Effect.provide(Layer.provide(Claude.layer({ apiKey, baseUrl }), spy)))

          assert.deepStrictEqual(urls, [`${baseUrl.replace(/\/$/, "")}/v1/messages`])
        }))
    }

    it.effect("sends plain http elsewhere only where that is allowed", () =>
      Effect.gen(function*() {
        const claude = Claude.layer({ apiKey, baseUrl: "http://gateway.internal", allowInsecureHttp: true })
        yield* ask.pipe(Effect.provide(Layer.provide(claude, ClaudeTest.layer(hello))))
      }))

    it.effect("sends a token as Bearer", () =>
      Effect.gen(function*() {
        const [request] = yield* sent(ask)

        assert.strictEqual(request?.headers["authorization"], "Bearer ***")
        assert.isUndefined(request?.headers["x-api-key"])
      }).pipe(Effect.provide(layer(hello, { apiKey: undefined, authToken: Redacted.make("token") }))))

    it.effect("runs an effect for the credential on each attempt", () =>
      Effect.gen(function*() {
        let n = 0
        const counted = Effect.sync(() => Redacted.make(`${key}-${n++}`))
        yield* Effect.all([ask, ask]).pipe(Effect.provide(layer(hello, { apiKey: counted })))

        assert.strictEqual(n, 2)
      }))

    it.effect("fails typed, sending nothing, when the credential cannot be obtained or sent", () =>
      Effect.gen(function*() {
        for (const apiKey of [Effect.fail("vault is sealed"), Effect.succeed(Redacted.make(`${key}\n`))]) {
          const requests = yield* Effect.gen(function*() {
            const error = yield* Effect.flip(ask)
            assert.strictEqual(error._tag, "AuthenticationError")
            assert.strictEqual(error.outcome, "notSent")
            assert.notInclude(JSON.stringify(error) + String(error), key)
            return yield* (yield* ClaudeTest.ClaudeTest).requests
          }).pipe(Effect.provide(layer(hello, { apiKey })))

          assert.strictEqual(requests.length, 0)
        }
      }))

    it.effect("asks for the credential once more after a 401, and sends the request again at once", () =>
      Effect.gen(function*() {
        let n = 0
        const renewed = Effect.sync(() => Redacted.make(`${key}-${n++}`))
        const requests = yield* sent(ask).pipe(
          Effect.provide(layer(Script.sequence(Script.status(401), Script.reply("Hi!")), { apiKey: renewed }))
        )
        assert.strictEqual(requests.length, 2)
        assert.strictEqual(n, 2)

        const twice = yield* Effect.flip(ask).pipe(
          Effect.provide(layer(Script.forever(Script.status(401)), { apiKey: renewed }))
        )
        assert.strictEqual(twice._tag, "AuthenticationError")
        assert.strictEqual(n, 4)
      }))

    it.effect("does not send a request again with the credential that was refused", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        yield* Effect.flip(ask)

        assert.strictEqual((yield* requests).length, 1)
      }).pipe(Effect.provide(layer(Script.forever(Script.status(401)), { apiKey: Effect.succeed(apiKey) }))))

    it.effect("waits, when it closes, for the last of several calls", () =>
      Effect.gen(function*() {
        const script = Script.sequence(
          Script.reply("Hi!").pipe(Script.delay("5 seconds")),
          Script.reply("Hi!").pipe(Script.delay("20 seconds"))
        )
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(layer(script, { drain: "1 minute" }), scope)
        const calls = [
          yield* Effect.forkChild(Effect.exit(Effect.provide(ask, context))),
          yield* Effect.forkChild(Effect.exit(Effect.provide(ask, context)))
        ]
        yield* TestClock.adjust("1 second")
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("9 seconds")
        assert.isUndefined(closing.pollUnsafe())

        yield* TestClock.adjust("20 seconds")
        yield* Fiber.join(closing)
        for (const call of calls) assert.isTrue(Exit.isSuccess(yield* Fiber.join(call)))
      }))

    it.effect("waits, when it closes, for calls of other fibers, as long as it is told", () =>
      Effect.gen(function*() {
        const slow = Script.forever(Script.reply("Hi!").pipe(Script.delay("10 seconds")))
        const close = Effect.fnUntraced(function*(drain: Duration.Input) {
          const scope = yield* Scope.make()
          const context = yield* Layer.buildWithScope(layer(slow, { drain }), scope)
          const running = yield* Effect.forkChild(Effect.exit(Effect.provide(ask, context)))
          yield* TestClock.adjust("1 second")
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
          yield* TestClock.adjust("1 second")
          const refused = yield* Effect.flip(Effect.provide(ask, context))
          return { closing, refused, running }
        })
        const patient = yield* close("1 minute")
        assert.isUndefined(patient.closing.pollUnsafe())
        assert.strictEqual(patient.refused._tag, "ConnectionError")
        assert.strictEqual(patient.refused.outcome, "notSent")
        assert.strictEqual(patient.refused.attempts?.count, 1)
        yield* TestClock.adjust("8 seconds")
        assert.isTrue(Exit.isSuccess(yield* Fiber.join(patient.running)))
        assert.isDefined(patient.closing.pollUnsafe())

        const hasty = yield* close("2 seconds")
        assert.isUndefined(hasty.closing.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.isDefined(hasty.closing.pollUnsafe())
        yield* Fiber.interrupt(hasty.running)
      }))

    it.effect("waits for no call that was interrupted, whichever step it was at", () =>
      Effect.gen(function*() {
        for (let steps = 0; steps < 60; steps++) {
          const scope = yield* Scope.make()
          const slow = Script.forever(Script.reply("Hi!").pipe(Script.delay("10 seconds")))
          const context = yield* Layer.buildWithScope(layer(slow, { drain: "1 minute" }), scope)
          const call = yield* Effect.forkChild(
            Effect.provideService(Effect.provide(ask, context), References.MaxOpsBeforeYield, 3)
          )
          for (let i = 0; i < steps; i++) yield* Effect.yieldNow
          yield* Fiber.interrupt(call)
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
          yield* TestClock.adjust("1 second")

          assert.isDefined(closing.pollUnsafe(), `interrupted after ${steps} steps`)
        }
      }))

    it.effect("needs no credential where the headers carry one", () =>
      Effect.gen(function*() {
        const [request] = yield* sent(ask)

        assert.strictEqual(request?.headers["authorization"], "Bearer ***")
      }).pipe(Effect.provide(layer(hello, { apiKey: undefined, headers: { Authorization: "Bearer mine" } }))))

    it.effect("lets headers replace what the SDK sends by the same name", () =>
      Effect.gen(function*() {
        const [request] = yield* sent(ask)

        assert.strictEqual(request?.headers["user-agent"], "mine/1")
        assert.strictEqual(request?.headers["x-team"], "blue")
      }).pipe(
        Effect.provide(layer(hello, { userAgent: "other/1", headers: { "User-Agent": "mine/1", "X-Team": "blue" } }))
      ))

    it.effect("says when it may run in a browser", () =>
      Effect.gen(function*() {
        const [request] = yield* sent(ask)

        assert.strictEqual(request?.headers["anthropic-dangerous-direct-browser-access"], "true")
      }).pipe(Effect.provide(layer(hello, { allowBrowser: true }))))
  })

  describe("layerConfig", () => {
    it.effect("reads the key, trimmed", () =>
      Effect.gen(function*() {
        const [request] = yield* sent(ask)

        assert.strictEqual(request?.headers["x-api-key"], "sk-ant-***")
      }).pipe(Effect.provide(fromEnvironment({ ANTHROPIC_API_KEY: ` ${key}\n`, ANTHROPIC_AUTH_TOKEN: "token" }))))

    it.effect("reads the token where there is no key", () =>
      Effect.gen(function*() {
        const [request] = yield* sent(ask)

        assert.strictEqual(request?.headers["authorization"], "Bearer ***")
      }).pipe(Effect.provide(fromEnvironment({ ANTHROPIC_API_KEY: " ", ANTHROPIC_AUTH_TOKEN: "token" }))))

    it.effect("prefers what the options say", () =>
      Effect.gen(function*() {
        const [request] = yield* sent(ask)

        assert.strictEqual(request?.headers["authorization"], "Bearer ***")
        assert.isUndefined(request?.headers["x-api-key"])
      }).pipe(Effect.provide(fromEnvironment({ ANTHROPIC_API_KEY: key }, { authToken: Redacted.make("token") }))))

    it.effect("reads the base URL, and refuses a wrong one", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ask.pipe(
          Effect.provide(fromEnvironment({ ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: "nowhere" }))
        ))

        assert.strictEqual(error._tag, "ClaudeConfigError")
      }))

    it.effect("fails typed when nothing is configured", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ask.pipe(Effect.provide(fromEnvironment({}))))

        assert.strictEqual(error._tag, "ClaudeConfigError")
        assert.include(error.message, "ANTHROPIC_API_KEY")
      }))

    it.effect("takes a Config for the key, and names the option when it is missing", () =>
      Effect.gen(function*() {
        const own = { apiKey: Config.Redacted("MY_KEY") }
        const [request] = yield* sent(ask).pipe(Effect.provide(fromEnvironment({ MY_KEY: key }, own)))
        const error = yield* Effect.flip(ask.pipe(Effect.provide(fromEnvironment({}, own))))

        assert.strictEqual(request?.headers["x-api-key"], "sk-ant-***")
        assert.strictEqual(error._tag, "ClaudeConfigError")
      }))
  })

  describe("withHeaders, withBetas, withVersion", () => {
    it.effect("change the requests of one effect, the inner over the outer", () =>
      Effect.gen(function*() {
        const [changed, plain] = yield* sent(Effect.andThen(
          ask.pipe(
            Claude.withHeaders({ "X-Team": "red", "x-inner": "1" }),
            Claude.withHeaders({ "x-team": "blue", "x-outer": "2" }),
            Claude.withBetas(["interleaved-thinking-2025-05-14"]),
            Claude.withBetas(["context-1m-2025-08-07"]),
            Claude.withVersion("2026-10-21")
          ),
          ask
        ))

        assert.strictEqual(changed?.headers["x-team"], "red")
        assert.strictEqual(changed?.headers["x-inner"], "1")
        assert.strictEqual(changed?.headers["x-outer"], "2")
        assert.strictEqual(changed?.headers["anthropic-beta"], "context-1m-2025-08-07,interleaved-thinking-2025-05-14")
        assert.strictEqual(changed?.headers["anthropic-version"], "2026-10-21")
        assert.strictEqual(plain?.headers["x-team"], "green")
        assert.strictEqual(plain?.headers["anthropic-version"], "2023-06-01")
        assert.isUndefined(plain?.headers["anthropic-beta"])
      }).pipe(Effect.provide(layer(hello, { headers: { "x-team": "green" } }))))

    it.effect("change a stream, data first, when it is run", () =>
      Effect.gen(function*() {
        const stream = Claude.withHeaders(Messages.stream(question), { "x-team": "red" })
        const [request] = yield* sent(Stream.runDrain(stream))

        assert.strictEqual(request?.headers["x-team"], "red")
      }).pipe(Effect.provide(layer(hello))))

    it.effect("refuse a header that cannot be sent, not showing its value", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Claude.withHeaders(ask, { "x-team": `${key}\n` }))

        assert.strictEqual(error._tag, "RequestValidationError")
        assert.notInclude(JSON.stringify(error) + String(error), key)
      }).pipe(Effect.provide(layer(hello))))
  })

  describe("withRetry", () => {
    it.effect("holds for the streams and effects inside", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          Claude.withRetry(Stream.runDrain(Messages.stream(question)), RetryPolicy.never)
        )

        assert.strictEqual(error.attempts?.count, 1)
      }).pipe(Effect.provide(layer(Script.forever(Script.status(529))))))
  })

  describe("budget", () => {
    it.effect("is one for all calls whose policies give the same numbers", () =>
      Effect.gen(function*() {
        const claude = yield* Claude.Claude
        const numbers = RetryPolicy.standard.budget
        if (numbers === undefined) return assert.fail("the standard policy has a budget")
        const one = yield* claude.budget(numbers)

        assert.strictEqual(yield* claude.budget({ ...numbers }), one)
        assert.notStrictEqual(yield* claude.budget({ ...numbers, capacity: 1 }), one)
      }).pipe(Effect.provide(layer(hello))))
  })
})
