/**
 * Runs a command with the API that its flags name.
 *
 * @since 0.1.0
 */
import { Claude } from "@effect-claude/http/Claude"
import type { Options } from "@effect-claude/http/ClaudeConfig"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Connection, target } from "./Connection.ts"
import { ExitCode } from "./ExitCode.ts"
import { Failure } from "./Failure.ts"
import * as Flags from "./Flags.ts"
import * as Progress from "./Progress.ts"
import { Screen } from "./Screen.ts"

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Provides the API the flags name. Where that is the scripted one, standard
 * error says so first.
 *
 * @category combinators
 * @since 0.1.0
 */
export const connected = <A, E, R>(program: Effect.Effect<A, E, R>, options?: Options) =>
  Effect.gen(function*() {
    const to = yield* target
    const { open } = yield* Connection
    const { err } = yield* Screen
    if (to.offline) yield* err.note(offline)
    // Who watches wants to hear soon that it does not work; a script would rather have the answer.
    const retry = err.isTerminal ? RetryPolicy.interactive : RetryPolicy.standard
    const api = Layer.provideMerge(Progress.layer, open(to, { retry, ...options }))
    const directory = yield* Flags.TrafficLog
    return yield* Effect.provide(program, Option.isNone(directory) ? api : logged(directory.value, api))
  })

const logged = <A, E, R>(directory: string, api: Layer.Layer<A | Claude, E, R>) =>
  TrafficLog.layerFiles({ directory }).pipe(
    Layer.catch((error) =>
      Layer.effect(
        Claude,
        Effect.fail(
          new Failure({
            message: `The traffic log cannot be kept in ${directory}: ${error.message}`,
            remedy: "Name a directory that may be written to.",
            exitCode: ExitCode.usage
          })
        )
      )
    ),
    Layer.provideMerge(api)
  )

const offline = "offline: a scripted model inside answers, not Claude"
