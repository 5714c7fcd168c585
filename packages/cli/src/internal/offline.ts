/**
 * The scripted API, on a loopback socket of its own.
 *
 * @since 0.1.0
 */
import * as Rules from "@effect-claude/core/Rules"
import { layerConfig } from "@effect-claude/http/Claude"
import type { Options } from "@effect-claude/http/ClaudeConfig"
import * as UndiciHttpClient from "@effect-claude/http/node/UndiciHttpClient"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ExitCode } from "../ExitCode.ts"
import { Failure } from "../Failure.ts"

/** The scripted model, with a pause between the events of a stream. */
export const model = (pause: Duration.Input | undefined): Script.Script =>
  pause === undefined ? Script.model() : Script.slow(Script.model(), pause)

/** Layer that starts a scripted API and connects to it. */
export const stage = (script: Script.Script, options: Options | undefined) =>
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
