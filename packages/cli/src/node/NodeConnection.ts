/**
 * The way to the API on Node: through the proxy of the flags or the
 * environment, trusting a certificate of one's own, or to the scripted API on
 * loopback.
 *
 * @since 0.1.0
 */
import * as Rules from "@effect-claude/core/Rules"
import { layerConfig } from "@effect-claude/http/Claude"
import type { Options } from "@effect-claude/http/ClaudeConfig"
import * as Network from "@effect-claude/http/node/Network"
import * as UndiciHttpClient from "@effect-claude/http/node/UndiciHttpClient"
import * as Timeouts from "@effect-claude/http/Timeouts"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Connection, type Target } from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Failure, usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import { Screen } from "../Screen.ts"

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
      layerConfig({ rules: Rules.standard, ...options, apiKey: Redacted.make("sk-ant-offline"), baseUrl: url }).pipe(
        Layer.provideMerge(Layer.provide(UndiciHttpClient.layer, NodeHttpClient.layerDispatcher))
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
  layerConfig({
    rules: Rules.standard,
    ...options,
    baseUrl: options?.baseUrl ?? Option.getOrUndefined(target.baseUrl)
  }).pipe(
    Layer.provideMerge(UndiciHttpClient.layer),
    Layer.provide(Layer.effect(NodeHttpClient.Dispatcher, dispatcher(target, options)))
  )

const dispatcher = Effect.fnUntraced(function*({ ca, proxy }: Target, options: Options | undefined) {
  return yield* Network.make({
    proxy: Option.match(proxy, { onNone: () => "environment" as const, onSome: (url) => ({ url }) }),
    ca: Option.isNone(ca) ? undefined : yield* Files.bytes(ca.value),
    connect: Timeouts.make(options?.timeouts).connect
  }).pipe(Effect.catchTags({
    ProxyError: ({ message }) => Effect.fail(usage(message)),
    CertificateError: ({ message }) => Effect.fail(usage(`${Option.getOrElse(ca, () => "--ca")}: ${message}`))
  }))
})
