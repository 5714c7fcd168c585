/**
 * Runs the command line in process: arguments and input in, what was printed and
 * the exit code out. The API is a script.
 *
 * @since 0.1.0
 */
import * as Rules from "@effect-claude/core/Rules"
import * as Claude from "@effect-claude/http/Claude"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Cli from "effect-claude/Cli"
import { Connection, type Target } from "effect-claude/Connection"
import { type Input, LineReader } from "effect-claude/LineReader"
import { Network } from "effect-claude/Network"
import { Screen } from "effect-claude/Screen"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import { ChildProcessSpawner, make as makeSpawner } from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as Terminal from "effect/Terminal"

export interface Options {
  /** What comes on standard input. A terminal has none. */
  readonly stdin?: string | undefined
  /** Whether the outputs are a terminal. */
  readonly terminal?: boolean | undefined
  readonly columns?: number | undefined
  readonly env?: { readonly [name: string]: string } | undefined
  readonly script?: Script.Script | undefined
  /** What the stage of every scene does, instead of what the scene says. */
  readonly stage?: Script.Script | undefined
  /** Fails as the way to the API would, before any request. */
  readonly unreachable?: boolean | undefined
  readonly network?: Partial<Network["Service"]> | undefined
  /** What is typed where lines are asked for. */
  readonly typed?: ReadonlyArray<Input | string> | undefined
  /** When Ctrl-C is pressed during an answer. */
  readonly interrupt?: Effect.Effect<void> | undefined
}

export interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number
  /** Where the command was told to connect to. */
  readonly targets: ReadonlyArray<Target>
  readonly requests: ReadonlyArray<{ readonly path: string; readonly body: unknown }>
}

const key = "sk-ant-test-this-is-never-shown"

/** Runs a line of arguments. */
export const run = (args: ReadonlyArray<string>, options: Options = {}): Effect.Effect<Ran> =>
  Effect.gen(function*() {
    let out = ""
    let err = ""
    const targets: Array<Target> = []
    const isTerminal = Effect.succeed(options.terminal === true)
    const decoder = new TextDecoder()
    const text = (chunk: string | Uint8Array) => typeof chunk === "string" ? chunk : decoder.decode(chunk)
    const { client, service } = yield* ClaudeTest.make(options.script ?? Script.model())
    const StdioTest = Stdio.layerTest({
      stdinIsTerminal: Effect.succeed(options.stdin === undefined),
      stdoutIsTerminal: isTerminal,
      stderrIsTerminal: isTerminal,
      stdin: Stream.make(new TextEncoder().encode(options.stdin ?? "")),
      stdout: () => Sink.forEach((chunk: string | Uint8Array) => Effect.sync(() => out += text(chunk))),
      stderr: () => Sink.forEach((chunk: string | Uint8Array) => Effect.sync(() => err += text(chunk)))
    })
    const TerminalTest = Layer.succeed(
      Terminal.Terminal,
      Terminal.make({
        columns: Effect.succeed(options.columns ?? 80),
        rows: Effect.succeed(24),
        size: Effect.die("unused"),
        readInput: Effect.die("unused"),
        readLine: Effect.die("unused"),
        display: () => Effect.void
      })
    )
    const HttpTest = Layer.succeed(HttpClient.HttpClient, client)
    const ConnectionTest = Layer.succeed(
      Connection,
      Connection.of({
        stage: (script, claude) =>
          Claude.layerConfig({ rules: Rules.standard, ...claude, apiKey: Redacted.make(key) }).pipe(
            Layer.provideMerge(ClaudeTest.layer(options.stage ?? script))
          ),
        open: (target, claude) => {
          targets.push(target)
          return Claude.layerConfig({ rules: Rules.standard, ...claude, apiKey: Redacted.make(key) }).pipe(
            Layer.provideMerge(options.unreachable === true ? Unreachable : HttpTest)
          )
        }
      })
    )
    const NetworkTest = Layer.succeed(
      Network,
      Network.of({
        lookup: () => Effect.succeed(["192.0.2.1"]),
        connect: () => Effect.void,
        handshake: () =>
          Effect.succeed({
            issuer: "Public CA",
            validTo: Date.UTC(2030, 0, 1),
            distrust: undefined,
            protocol: "TLSv1.3"
          }),
        roots: Effect.succeed([]),
        runtime: "Node of tests",
        ...options.network
      })
    )
    const typed = Array.from(options.typed ?? [])
    const LineReaderTest = Layer.succeed(
      LineReader,
      LineReader.of({
        open: () =>
          Effect.succeed({
            isTerminal: options.terminal === true,
            next: () =>
              Effect.sync((): Input => {
                const input = typed.shift() ?? { _tag: "End" }
                return typeof input === "string" ? { _tag: "Line", text: input } : input
              }),
            interrupt: options.interrupt ?? Effect.never
          })
      })
    )
    const env = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...options.env } }))
    // The command line's own help prints through the console.
    const console: Console.Console = {
      ...globalThis.console,
      log: (...parts) => {
        out += `${parts.join(" ")}\n`
      }
    }
    const code = yield* Cli.run(args, { version: "1.2.3" }).pipe(
      Effect.provideService(Console.Console, console),
      Effect.provide(
        Layer.mergeAll(Screen.layer, LineReaderTest, ConnectionTest, NetworkTest).pipe(
          Layer.provideMerge(
            Layer.mergeAll(
              StdioTest,
              TerminalTest,
              NodeFileSystem.layer,
              NodePath.layer,
              Layer.succeed(ChildProcessSpawner, makeSpawner(() => Effect.die("unused")))
            )
          ),
          Layer.provideMerge(env)
        )
      )
    )
    const requests = (yield* service.requests).map(({ body, path }) => ({ path, body }))
    return { out, err, code, targets, requests }
  })

const Unreachable = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request) =>
    Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({
          request,
          cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
        })
      })
    )
  )
)

/** A directory of its own, with files in it. Returns their paths. */
export const files = Effect.fnUntraced(function*(contents: { readonly [name: string]: string | Uint8Array }) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped()
  const paths: Record<string, string> = {}
  for (const [name, content] of Object.entries(contents)) {
    const file = path.join(directory, name)
    yield* fs.writeFile(file, typeof content === "string" ? new TextEncoder().encode(content) : content)
    paths[name] = file
  }
  return { directory, paths, at: (name: string) => path.join(directory, name) }
})

/** What `files` needs. */
export const layerFiles: Layer.Layer<FileSystem.FileSystem | Path.Path> = Layer.mergeAll(
  NodeFileSystem.layer,
  NodePath.layer
)
