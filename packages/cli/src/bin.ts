#!/usr/bin/env node
/**
 * The program: the only module that touches the process. It hands streams and
 * arguments to the commands, and their exit code to the shell.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { createRequire } from "node:module"
import * as Cli from "./Cli.ts"
import { ExitCode } from "./ExitCode.ts"
import * as NodeConnection from "./node/NodeConnection.ts"
import * as NodeLineReader from "./node/NodeLineReader.ts"
import * as NodeNetwork from "./node/NodeNetwork.ts"
import { Screen } from "./Screen.ts"

// A reader of a pipe may leave early, as `head` does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(ExitCode.ok)
  })
}

const { version } = createRequire(import.meta.url)("../package.json")

Cli.run(process.argv.slice(2), { version }).pipe(
  Effect.provide(
    Layer.mergeAll(
      NodeConnection.layer,
      NodeNetwork.layer(`Node ${process.version} on ${process.platform} ${process.arch}`),
      NodeLineReader.layer({ input: process.stdin, output: process.stdout })
    ).pipe(Layer.provideMerge(Screen.layer), Layer.provideMerge(NodeServices.layer))
  ),
  Effect.tap((code) =>
    Effect.sync(() => {
      process.exitCode = code
    })
  ),
  (main) =>
    NodeRuntime.runMain(main, {
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(exit.value) : ExitCode.interrupted)
    })
)
