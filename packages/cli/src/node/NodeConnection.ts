/**
 * The way to the API on Node: through the proxy of the flags or the
 * environment, trusting a certificate of one's own, or to the scripted API on
 * loopback.
 *
 * @since 0.1.0
 */
import { layerConfig } from "@effect-claude/http/Claude"
import type { Options } from "@effect-claude/http/ClaudeConfig"
import * as Timeouts from "@effect-claude/http/Timeouts"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Undici from "undici"
import { Connection, type Target } from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Failure, usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import { Screen } from "../Screen.ts"
import * as Certificate from "./Certificate.ts"
import { roots } from "./NodeNetwork.ts"

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that connects over undici.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Connection, never, FileSystem.FileSystem | Screen> = Layer.effect(
  Connection,
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const { out } = yield* Screen
    // Somebody who watches sees the words come; nobody waits for them otherwise.
    const pace = out.isTerminal ? "12 millis" : 0
    return Connection.of({
      stage,
      open: (target, options) =>
        target.offline
          ? stage(pace === 0 ? Script.model() : Script.model().pipe(Script.slow(pace)), options)
          : Layer.provide(online(target, options), Layer.succeed(FileSystem.FileSystem, fs))
    })
  })
)

const stage = (script: Script.Script, options: Options | undefined) =>
  Layer.unwrap(
    Effect.map(ClaudeServer.ClaudeServer, ({ url }) =>
      layerConfig({ ...options, apiKey: Redacted.make("sk-ant-offline"), baseUrl: url }).pipe(
        Layer.provideMerge(NodeHttpClient.layerUndici)
      ))
  ).pipe(Layer.provide(server(script)))

const server = (script: Script.Script) =>
  Layer.effect(
    ClaudeServer.ClaudeServer,
    Effect.mapError(ClaudeServer.make(script), ({ message }) =>
      new Failure({
        message: `The scripted API could not listen on 127.0.0.1: ${message}.`,
        remedy: "Check that programs may open ports on this machine.",
        exitCode: ExitCode.failed
      }))
  )

const online = (target: Target, options: Options | undefined) =>
  layerConfig({ ...options, baseUrl: options?.baseUrl ?? Option.getOrUndefined(target.baseUrl) }).pipe(
    Layer.provideMerge(NodeHttpClient.layerUndiciNoDispatcher),
    Layer.provide(Layer.effect(NodeHttpClient.Dispatcher, dispatcher(target, options)))
  )

// -----------------------------------------------------------------------------
// dispatcher
// -----------------------------------------------------------------------------

const dispatcher = Effect.fnUntraced(function*(target: Target, options: Options | undefined) {
  const { http, https, no } = yield* proxies(target)
  const ca = yield* authorities(target)
  const { connect } = Timeouts.make(options?.timeouts)
  const timeout = Duration.isFinite(connect) ? Duration.toMillis(connect) : 0
  const tls = ca === undefined ? { timeout } : { timeout, ca: [...ca] }
  return yield* Effect.acquireRelease(
    Effect.try({
      try: () =>
        new Undici.EnvHttpProxyAgent({
          httpProxy: http,
          httpsProxy: https,
          noProxy: no,
          connect: tls,
          requestTls: tls,
          proxyTls: tls
        }),
      catch: () => badProxy(https === "" ? http : https)
    }),
    (agent) => Effect.promise(() => agent.destroy())
  )
})

/** What the environment says of proxies. Lower case is asked first, as curl does. */
const environment = Config.all({
  http: either("http_proxy", "HTTP_PROXY"),
  https: either("https_proxy", "HTTPS_PROXY"),
  no: either("no_proxy", "NO_PROXY")
})

function either(first: string, second: string): Config.Config<string> {
  return Config.withDefault(Config.orElse(Config.NonEmptyString(first), () => Config.NonEmptyString(second)), "")
}

const proxies = Effect.fnUntraced(function*({ proxy }: Target) {
  const found = Option.isSome(proxy)
    ? { http: proxy.value, https: proxy.value, no: "" }
    : yield* Effect.orDie(environment)
  for (const url of [found.http, found.https]) {
    if (url !== "" && !/^https?:\/\/[^/\s]+/i.test(url)) return yield* badProxy(url)
  }
  return found
})

const badProxy = (url: string) =>
  usage(
    `${withoutPassword(url)} is not the URL of a proxy.`,
    "Write it with its scheme and port, such as http://127.0.0.1:8080. SOCKS proxies are not supported."
  )

/** A proxy's password is a secret too. */
const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, "//…@")

const authorities = Effect.fnUntraced(function*({ ca }: Target) {
  if (Option.isNone(ca)) return undefined
  return yield* Certificate.trusted(yield* roots, yield* Files.bytes(ca.value))
})
