/**
 * What every example runs against: the Claude API when `ANTHROPIC_API_KEY` is set, and otherwise a scripted stand-in on
 * a loopback socket, so that all of them run with no key and no network.
 *
 * In a program of your own, `ClaudeNode.layer()` is all it takes.
 */
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { Config, Console, Effect, Layer, Option, Redacted } from "effect"

/** Whether the stand-in answers. It takes no time for what takes the API minutes. */
export const isOffline = process.env["ANTHROPIC_API_KEY"] === undefined

export const layer = (script: Script.Script = Script.forever(Script.model())) =>
  Layer.unwrap(Effect.gen(function*() {
    const key = yield* Config.option(Config.Redacted("ANTHROPIC_API_KEY"))
    if (Option.isSome(key)) return ClaudeNode.layer()
    yield* Console.error("(no ANTHROPIC_API_KEY: a scripted stand-in answers, on this machine)\n")
    const server = Layer.effect(ClaudeServer.ClaudeServer, ClaudeServer.make(script))
    const claude = Layer.unwrap(Effect.map(
      ClaudeServer.ClaudeServer,
      ({ url }) => ClaudeNode.layer({ apiKey: Redacted.make("sk-ant-offline"), baseUrl: url })
    ))
    return Layer.provide(claude, server)
  }))
