/**
 * A log of the traffic with the API: one entry for each call, for people and for
 * programs.
 *
 * An entry says what was asked of which model, how it ended, how long it took,
 * what it used and which request id to quote; `TrafficEntry` is its format. It
 * is written when the call has ended, a failed or abandoned one included. A log
 * that cannot be written never fails a call: the program's logger is told, once
 * until writing works again.
 *
 * What is said stays out of the log unless asked for, and is then shown by its
 * first 200 characters or by a hash. What looks like a key is taken out of it
 * first, and no credential or header is ever written, not even hashed.
 *
 * @since 0.1.0
 */
import * as Message from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Usage from "@effect-claude/core/Usage"
import * as Digest from "effect/crypto/Digest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as AtomicFile from "./AtomicFile.ts"
import type { Claude } from "./Claude.ts"
import * as Interceptor from "./Interceptor.ts"
import * as Interaction from "./internal/call/record.ts"
import * as TrafficEntry from "./TrafficEntry.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * How much of what is said an entry shows.
 *
 * - `none`: nothing
 * - `preview`: the first 200 characters of the last turn sent and of the answer
 * - `hash`: their SHA-256, which tells repeated prompts without showing them
 *
 * A short text can be guessed from its hash.
 *
 * @category options
 * @since 0.1.0
 */
export type Content = "none" | "preview" | "hash"

/**
 * Options of every log.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How much of what is said an entry shows.
   *
   * @default "none"
   */
  readonly content?: Content | undefined
}

/**
 * Options of a log in files.
 *
 * @category options
 * @since 0.1.0
 */
export interface FileOptions extends Options {
  /** Where the files are. It is created if it does not exist, and only this user can enter it then. */
  readonly directory: string
  /**
   * What the names of the files begin with.
   *
   * @default "claude"
   */
  readonly prefix?: string | undefined
  /**
   * Which files are written: `log` for people, `jsonl` for programs.
   *
   * @default ["log", "jsonl"]
   */
  readonly formats?: ReadonlyArray<"log" | "jsonl"> | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that gives the entry of each call of a `Claude` to a function.
 *
 * **Example** (Logging through the program's logger)
 *
 * ```ts
 * import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
 * import * as TrafficLog from "@effect-claude/http/TrafficLog"
 * import * as Effect from "effect/Effect"
 *
 * const logged = TrafficLog.layer((entry) => Effect.logInfo(TrafficEntry.format(entry)))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  write: (entry: TrafficEntry.TrafficEntry) => Effect.Effect<void>,
  options?: Options
): Layer.Layer<Claude, OptionCheck.ClaudeConfigError, Claude> =>
  Interceptor.layer(
    Effect.andThen(
      OptionCheck.check({ ...options, write }, { ...table, write: OptionCheck.required(OptionCheck.callable) }),
      interceptor(write, options)
    )
  )

/**
 * Layer that writes the entry of each call of a `Claude` to files of the day:
 * `claude-2026-11-20.log` and `claude-2026-11-20.jsonl`. Days begin at midnight
 * UTC, and a call belongs to the day it began. Only this user can read the files, and
 * symbolic links are not followed.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFiles = (
  options: FileOptions
): Layer.Layer<
  Claude,
  PlatformError.PlatformError | OptionCheck.ClaudeConfigError,
  Claude | FileSystem.FileSystem | Path.Path
> =>
  Interceptor.layer(Effect.gen(function*() {
    yield* OptionCheck.check(options, fileTable)
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const formats = options.formats ?? ["log", "jsonl"]
    const prefix = options.prefix ?? "claude"
    yield* fs.makeDirectory(options.directory, { recursive: true, mode: 0o700 })
    let isBroken = false
    const write = (entry: TrafficEntry.TrafficEntry) =>
      Effect.forEach(formats, (format) => {
        const file = path.join(options.directory, `${prefix}-${entry.time.slice(0, 10)}.${format}`)
        const line = format === "log" ? TrafficEntry.format(entry) : TrafficEntry.toJson(entry)
        return AtomicFile.append(file, `${line}\n`)
      }, { discard: true }).pipe(
        Effect.provideService(FileSystem.FileSystem, fs),
        Effect.matchEffect({
          onSuccess: () =>
            Effect.sync(() => {
              isBroken = false
            }),
          onFailure: (error) => {
            if (isBroken) return Effect.void
            isBroken = true
            return Effect.logWarning(`The traffic log cannot be written: ${error.message}`)
          }
        })
      )
    return yield* interceptor(write, options)
  }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<Options> = { content: OptionCheck.choice("none", "preview", "hash") }

const fileTable: OptionCheck.TableOf<FileOptions> = {
  ...table,
  directory: OptionCheck.required(OptionCheck.text("the path of a directory", /[^]/)),
  prefix: OptionCheck.text("the beginning of a file's name", /^[^/\\]+$/),
  formats: OptionCheck.list(OptionCheck.choice("log", "jsonl"))
}

const interceptor = (
  write: (entry: TrafficEntry.TrafficEntry) => Effect.Effect<void>,
  options: Options | undefined
): Effect.Effect<Interceptor.Interceptor> =>
  Effect.map(Digest.Digest, (digest) => {
    const show = showing(options?.content ?? "none", digest)
    return (call: Interceptor.Call) =>
      Interaction.follow(call, (interaction) =>
        Effect.flatMap(
          Effect.all({
            prompt: show(call.request === undefined ? undefined : lastTurn(call.request)),
            answer: show(answerText(Interaction.messageOf(interaction)))
          }),
          (content) => write({ ...entryOf(interaction), ...content })
        ).pipe(
          Effect.catchDefect((defect) => Effect.logWarning("The traffic log has a defect", defect))
        ))
  }).pipe(Effect.provide(Digest.layerWebCrypto))

const entryOf = (interaction: Interaction.Interaction): TrafficEntry.TrafficEntry => {
  const { attempts, call, endedAt, ending, firstContentAt, sent, startedAt, waited } = interaction
  const message = Interaction.messageOf(interaction)
  const usage = message === undefined ? undefined : Usage.totals(message.usage)
  const written = usage === undefined ? 0 : usage.cacheWrite5m + usage.cacheWrite1h
  const asked = call.exchange.model
  return {
    v: 1,
    time: DateTime.formatIso(DateTime.makeUnsafe(startedAt)),
    operation: call.exchange.operation,
    model: asked,
    answeredBy: message === undefined || message.model === asked ? undefined : message.model,
    outcome: outcomes[ending._tag],
    attempts,
    hedges: sent > attempts ? sent - attempts : undefined,
    cached: Interaction.isCached(interaction) ? true : undefined,
    latencyMs: Math.max(0, endedAt - startedAt),
    firstContentMs: firstContentAt === undefined ? undefined : Math.max(0, firstContentAt - startedAt),
    waitedMs: waited === 0 ? undefined : Math.round(waited),
    inputTokens: usage?.input,
    outputTokens: usage?.output,
    cacheReadTokens: usage === undefined || usage.cacheRead === 0 ? undefined : usage.cacheRead,
    cacheWriteTokens: written === 0 ? undefined : written,
    stopReason: message?.stop_reason ?? undefined,
    refusal: message?.stop_reason === "refusal" ? refusalOf(message) : undefined,
    requestId: Interaction.requestIdOf(interaction),
    error: ending._tag !== "Failed" ? undefined : {
      tag: ending.error._tag,
      status: ending.error.status,
      code: ending.error.errorCode,
      outcome: ending.error.outcome,
      gaveUp: ending.error.attempts?.gaveUp
    }
  }
}

const outcomes = { Completed: "completed", Failed: "failed", Abandoned: "abandoned" } as const

const refusalOf = (message: Message.Message): string =>
  (message.stop_details?.type === "refusal" ? message.stop_details.category : undefined) ?? "unspecified"

// --- content -----------------------------------------------------------------

const previewLength = 200

const showing = (
  content: Content,
  digest: Digest.Digest["Service"]
): (text: string | undefined) => Effect.Effect<string | undefined> =>
(text) => {
  if (content === "none" || text === undefined || text === "") return Effect.undefined
  const shown = text.replace(keys, "[key]")
  return content === "preview"
    ? Effect.succeed(Array.from(shown.slice(0, previewLength * 2)).slice(0, previewLength).join(""))
    : Effect.map(digest.digestHex(Digest.sha256, new TextEncoder().encode(shown)), (hex) => `sha256:${hex}`)
}

/** What looks like a key of this API, even cut short. */
const keys = /sk-ant-[\w-]*/g

const lastTurn = ({ messages }: MessageRequest): string | undefined => {
  const content = messages.at(-1)?.content
  if (content === undefined || typeof content === "string") return content
  return content.map((block) => block.type === "text" && "text" in block ? block.text : "").filter((text) =>
    text !== ""
  )
    .join("\n")
}

const answerText = (message: Message.Message | undefined): string | undefined =>
  message === undefined ? undefined : Message.text(message)
