/**
 * The connection to the API on Node. What carries it is loaded when the first
 * connection is opened.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import { Connection } from "../Connection.ts"
import { Screen } from "../Screen.ts"

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that connects over undici, or to a scripted API on loopback.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Connection, never, FileSystem.FileSystem | Screen> = Layer.effect(
  Connection,
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const { out } = yield* Screen
    // A person sees the text arrive. A script does not wait for it.
    const pause = out.isTerminal ? "12 millis" : undefined
    return Connection.of({
      stage: (script, options) => Layer.unwrap(Effect.map(offline, ({ stage }) => stage(script, options))),
      open: (target, options) =>
        target.offline
          ? Layer.unwrap(Effect.map(offline, ({ model, stage }) => stage(model(pause), options)))
          : Layer.provide(
            Layer.unwrap(Effect.map(online, ({ online }) => online(target, options))),
            Layer.succeed(FileSystem.FileSystem, fs)
          )
    })
  })
)

const offline = Effect.promise(() => import("../internal/offline.ts"))

const online = Effect.promise(() => import("../internal/online.ts"))
