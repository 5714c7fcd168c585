/** What must turn up nowhere, on sockets: the key, in anything a program can get hold of. */
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Predicate, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { inspect } from "node:util"

const secret = "sk-ant-api03-0123456789"

const transports = {
  "undici": (options: ClaudeConfig.Options) => ClaudeNode.layer(options),
  "fetch": (options: ClaudeConfig.Options) => Claude.layerFetch(options),
  "an HttpClient": (options: ClaudeConfig.Options) => Layer.provide(Claude.layer(options), FetchHttpClient.layer)
}

const credentials: ReadonlyArray<ClaudeConfig.Options> = [
  { apiKey: Redacted.make(secret) },
  { authToken: Redacted.make(secret) },
  { apiKey: Effect.succeed(Redacted.make(secret)) }
]

const answers: { readonly [name: string]: Script.Script } = {
  "an answer": Script.reply("Hello"),
  "one that is compressed": Script.reply("Hello").pipe(Script.gzip),
  "one that is cut": Script.reply("Hello there").pipe(Script.cutAfter({ events: 4 }, { by: "reset" })),
  "one that is compressed and cut": Script.reply("Hello there").pipe(Script.gzip, Script.cutAfter({ events: 2 })),
  "one that says the key": Script.status(401, { message: `invalid x-api-key: ${secret}` }),
  "one of the wrong kind": Script.garbage({ status: 200, contentType: "text/plain", body: "no JSON" }),
  "a redirect": Script.status(307, { headers: { location: "https://elsewhere.example.com" } }),
  "no answer": Script.resetConnection()
}

const calls = [
  Messages.create({ model: "claude-sonnet-5-5", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] }),
  Stream.runDrain(
    Messages.stream({ model: "claude-sonnet-5-5", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] })
  )
]

/** A value as whoever looks for a fault prints it. What cannot be JSON says nothing. */
const printed = (value: unknown): string =>
  [
    inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null }),
    // Past what a class says of itself.
    inspect(value, { customInspect: false, depth: Infinity, showHidden: true, getters: true, maxArrayLength: null }),
    Predicate.isFunction(value) ? value.toString() : String(value),
    Exit.getSuccess(Effect.runSyncExit(Effect.sync(() => JSON.stringify(value))))
  ].join("\n")

/** An error, and what caused it. */
const chainOf = (error: unknown): ReadonlyArray<unknown> =>
  Predicate.hasProperty(error, "cause") ? [error, ...chainOf(error.cause)] : [error]

/** Everything there is to get hold of, by name. */
const everything = (transport: keyof typeof transports, options: ClaudeConfig.Options) =>
  Effect.gen(function*() {
    const { url } = yield* ClaudeServer.ClaudeServer
    const found: Array<readonly [name: string, value: unknown]> = []
    const spy = Interceptor.layer(Effect.succeed((call) => {
      found.push(["call", call])
      return Effect.succeed(
        {
          exchange: Effect.tap((response) => Effect.sync(() => found.push(["response", response]))),
          onEnd: (ending) => Effect.sync(() => found.push(["ending", ending]))
        } satisfies Interceptor.Follower
      )
    }))
    const layer = transports[transport]({ ...options, baseUrl: url, retry: RetryPolicy.never })
    found.push(["layer", layer])
    const context = yield* Layer.build(layer)
    found.push(["context", context])
    yield* Effect.gen(function*() {
      const claude = yield* Claude.Claude
      found.push(["service", claude])
      found.push(["settings", yield* claude.settings])
      for (const call of calls) {
        const exit = yield* Effect.exit(call)
        found.push(["effect", call], ["exit", exit])
        if (Exit.isSuccess(exit)) continue
        found.push(["cause", exit.cause], ["words", Cause.pretty(exit.cause)])
        for (const error of chainOf(Cause.squash(exit.cause))) found.push(["error", error])
      }
    }).pipe(Effect.provide(spy), Effect.provide(context))
    return found
  }).pipe(Effect.scoped)

describe("Secrets", () => {
  for (const transport of ["undici", "fetch", "an HttpClient"] as const) {
    it.live(`shows no credential over ${transport}`, () =>
      Effect.gen(function*() {
        for (const [name, script] of Object.entries(answers)) {
          for (const options of credentials) {
            const found = yield* everything(transport, options).pipe(
              Effect.provide(ClaudeServer.layer(Script.forever(script), { check: false }))
            )

            // A failure has no response; all else is there to be looked at.
            assert.includeMembers(found.map(([name]) => name), [
              "layer",
              "context",
              "service",
              "call",
              "exit",
              "ending"
            ])
            for (const [what, value] of found) {
              const text = printed(value)
              assert.notInclude(text, secret, `${what} of ${name}`)
              assert.notInclude(text, "0123456789", `${what} of ${name}`)
            }
          }
        }
      }))
  }

  it("would find a secret, were there one", () => {
    const hidden = Object.defineProperty({}, "key", { value: secret, enumerable: false })

    for (const value of [secret, { secret }, hidden, new Error("no", { cause: secret }), [Exit.fail(secret)]]) {
      assert.include(printed(value), secret)
    }
  })
})
