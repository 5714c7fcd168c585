/**
 * Records real traffic without its secrets, and replays it.
 *
 * A cassette wraps an `HttpClient`. When it records, it sends requests and writes
 * each response to a file once it is complete: at its announced length, after
 * `message_stop` or an `error` event, or at the end of its bytes. When it replays,
 * it responds from the file and opens no connection. A request is matched by its
 * method, path, version, betas and body, streamed or not: a recorded stream is
 * replayed to a request for JSON as its message, and the reverse. Keys, tokens,
 * passwords, cookies and the ids of organisations are removed wherever they are.
 * The file is JSON with a field a line, to be reviewed like code. It is replaced
 * in one step, and only its owner can read it.
 *
 * **Example** (Replaying without a connection)
 *
 * ```ts
 * import * as Cassette from "@effect-claude/testing/Cassette"
 * import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
 * import * as Script from "@effect-claude/testing/Script"
 * import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
 * import * as Effect from "effect/Effect"
 * import * as FileSystem from "effect/FileSystem"
 * import * as HttpClient from "effect/http/HttpClient"
 *
 * const program = Effect.flatMap(
 *   HttpClient.get("https://api.anthropic.com/v1/models/claude-opus-5", { headers: ClaudeTest.headers }),
 *   (response) => response.text
 * )
 *
 * const test = Effect.gen(function*() {
 *   const files = yield* FileSystem.FileSystem
 *   const file = `${yield* files.makeTempDirectoryScoped()}/models.json`
 *   const live = ClaudeTest.layer(Script.model())
 *   const recorded = yield* program.pipe(Effect.provide(Cassette.layer({ file })), Effect.provide(live))
 *   const replayed = yield* program.pipe(Effect.provide(Cassette.layerReplay(file)))
 *   return recorded === replayed
 * }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))
 *
 * await Effect.runPromise(test) // => true
 * ```
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { readBody } from "./internal/client.ts"
import * as Ending from "./internal/ending.ts"
import * as Errors from "./internal/errors.ts"
import { ScriptedResponse } from "./internal/response.ts"
import * as Tape from "./internal/tape.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a cassette does with a request.
 *
 * - `record`: sends it and records the response; the file is replaced
 * - `replay`: responds from the file; a request that is not there is refused with a
 *   400 that describes the difference, and is not retried
 * - `auto`: responds from the file where possible, and records the rest
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = "record" | "replay" | "auto"

/**
 * One recorded request and its response.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interaction extends Tape.Interaction {}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The file, such as `test/cassettes/weather.json`. Its directory is created when it is missing. */
  readonly file: string
  /**
   * @default "auto"
   */
  readonly mode?: Mode | undefined
  /**
   * Removes further secrets from each text before it is written.
   *
   * @default the text as it is
   */
  readonly redact?: ((text: string) => string) | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The file cannot be read, or is not a cassette.
 *
 * @category errors
 * @since 0.1.0
 */
export class CassetteError extends Data.TaggedError("CassetteError")<{
  readonly file: string
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The cassette in use, for inspection by a test.
 *
 * @category services
 * @since 0.1.0
 */
export class Cassette extends Context.Service<Cassette, {
  /** The recorded interactions. */
  readonly interactions: Effect.Effect<ReadonlyArray<Interaction>>
  /** The recorded interactions that were not replayed. */
  readonly unplayed: Effect.Effect<ReadonlyArray<Interaction>>
}>()("@effect-claude/testing/Cassette") {}

/**
 * Creates a cassette and the client that goes through it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(client: HttpClient.HttpClient, options: Options) {
  yield* OptionCheck.orDie(options, table)
  const files = yield* FileSystem.FileSystem
  const writing = yield* Semaphore.make(1)
  const mode = options.mode ?? "auto"
  const redact = options.redact ?? ((text) => text)
  const tape: Array<Interaction | undefined> = mode === "record" ? [] : [...yield* load(files, options.file, mode)]
  const played = new Set<Interaction>()
  const interactions = () => tape.filter((each) => each !== undefined)

  // The file is replaced in one step, by one that was written in a directory that only its owner can enter.
  const save = writing.withPermits(1)(
    Effect.gen(function*() {
      const directory = /^.+(?=[\\/])/.exec(options.file)?.[0] ?? "."
      yield* files.makeDirectory(directory, { recursive: true })
      const beside = `${yield* files.makeTempDirectoryScoped({ directory, prefix: ".cassette-" })}/new`
      yield* files.writeFileString(beside, Tape.write(interactions()), { flag: "wx", mode: 0o600 })
      yield* files.rename(beside, options.file)
    }).pipe(Effect.scoped)
  )

  const find = (sent: Tape.Request): Interaction | undefined =>
    interactions().find((each) => !played.has(each) && Tape.differences(each.request, sent).length === 0)

  const through = (
    live: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>,
    request: HttpClientRequest.HttpClientRequest
  ) =>
    Effect.gen(function*() {
      const { body, contentType } = yield* readBody(request)
      const headers = {
        ...request.headers,
        ...(contentType === undefined ? undefined : { "content-type": contentType })
      }
      const url = Option.match(HttpClientRequest.toUrl(request), {
        onNone: () => request.url,
        onSome: ({ pathname, search }) => `${pathname}${search}`
      })
      const cleaned = (response: Parameters<typeof Tape.cleaner>[1]) => {
        const clean = Tape.cleaner({ headers, body }, response)
        return (text: string) => redact(clean(text))
      }
      const sent = Tape.requestOf(
        { method: request.method, url, headers, body },
        cleaned({ headers: {}, body: new Uint8Array(0) })
      )
      const found = mode === "record" ? undefined : find(sent)
      if (found !== undefined) {
        played.add(found)
        return yield* replay(found, sent, request)
      }
      if (mode === "replay") return yield* missing(request, options.file, interactions(), played, sent)

      // The order on the tape is that of the requests, whichever ends first.
      const slot = tape.push(undefined) - 1
      const response = yield* live
      const pieces: Array<Uint8Array> = []
      const ended = Ending.make(response.headers)
      let recorded = 0
      const record = Effect.suspend(() => {
        if (tape[slot] !== undefined && recorded === pieces.length) return Effect.void
        recorded = pieces.length
        const received = { status: response.status, headers: { ...response.headers }, body: concat(pieces) }
        const interaction = Tape.interactionOf(sent, received, cleaned(received))
        tape[slot] = interaction
        played.add(interaction)
        return Effect.mapError(save, (cause) =>
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({
              request,
              cause,
              description: `the cassette ${options.file} cannot be written`
            })
          }))
      })
      return yield* ScriptedResponse.make({
        request,
        url: response.url,
        status: response.status,
        headers: response.headers,
        stream: () =>
          bodyOf(response).pipe(
            // Who reads up to the last event stops there, so the end of the bytes may never be read.
            Stream.tap((piece) => {
              pieces.push(piece)
              return ended(piece) ? record : Effect.void
            }),
            Stream.concat(Stream.fromEffectDrain(record))
          )
      })
    })

  return {
    client: HttpClient.transform(client, through),
    service: Cassette.of({
      interactions: Effect.sync(interactions),
      unplayed: Effect.sync(() => interactions().filter((each) => !played.has(each)))
    })
  }
})

/**
 * Layer that wraps the provided `HttpClient` in a cassette.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<
  Cassette | HttpClient.HttpClient,
  CassetteError,
  FileSystem.FileSystem | HttpClient.HttpClient
> =>
  Layer.effectContext(
    Effect.gen(function*() {
      const { client, service } = yield* make(yield* HttpClient.HttpClient, options)
      return Context.make(Cassette, service).pipe(Context.add(HttpClient.HttpClient, client))
    })
  )

/**
 * Layer that replays a cassette and needs no client.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerReplay = (
  file: string
): Layer.Layer<Cassette | HttpClient.HttpClient, CassetteError, FileSystem.FileSystem> =>
  Layer.provide(layer({ file, mode: "replay" }), Layer.succeed(HttpClient.HttpClient, unused))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<Options> = {
  file: OptionCheck.required(OptionCheck.text("the path of a file", /[^]/)),
  mode: OptionCheck.choice("auto", "record", "replay"),
  redact: OptionCheck.callable
}

const load = (files: FileSystem.FileSystem, file: string, mode: Mode) =>
  Effect.gen(function*() {
    const exists = yield* files.exists(file)
    if (!exists && mode === "auto") return []
    const text = yield* files.readFileString(file)
    const { interactions } = yield* decode(text)
    return interactions
  }).pipe(Effect.mapError((error) =>
    new CassetteError({ file, message: `The cassette ${file} cannot be read: ${error.message}` })
  ))

const decode = Schema.decodeEffect(Schema.fromJsonString(Tape.Tape))

const replay = (found: Interaction, sent: Tape.Request, request: HttpClientRequest.HttpClientRequest) => {
  const { headers, pieces } = Tape.play(found, sent)
  return ScriptedResponse.make({
    request,
    url: request.url,
    status: found.response.status,
    headers: Headers.fromInput(headers),
    stream: () => Stream.fromArrays(...pieces.map((piece): [Uint8Array] => [piece]))
  })
}

/** Refuses as the API does, so that the refusal is not retried. */
const missing = (
  request: HttpClientRequest.HttpClientRequest,
  file: string,
  tape: ReadonlyArray<Interaction>,
  played: ReadonlySet<Interaction>,
  sent: Tape.Request
) => {
  const nearest = tape.map((each) => ({ each, different: Tape.differences(each.request, sent) }))
    .toSorted((a, b) => a.different.length - b.different.length)[0]
  const because = nearest === undefined
    ? "it is empty"
    : nearest.different.length === 0 && played.has(nearest.each)
    ? "it was recorded fewer times than it is sent"
    : `the nearest request there has ${nearest.different.slice(0, 8).join("; ")}`
  const { headers, status, ...failure } = Errors.failure(400, {
    type: "not_on_cassette",
    message: `${sent.method} ${sent.url} is not on the cassette: ${because} (${file})`
  })
  const body = JSON.stringify(Errors.envelope({ ...failure, status, headers }, undefined))
  return ScriptedResponse.make({
    request,
    url: request.url,
    status,
    headers: Headers.fromInput({ ...headers, "content-type": "application/json" }),
    stream: () => Stream.make(new TextEncoder().encode(body))
  })
}

/** An empty body is not an error here. */
const bodyOf = (response: HttpClientResponse.HttpClientResponse) =>
  Stream.catchIf(response.stream, (error) => error.reason._tag === "EmptyBodyError", () => Stream.empty)

const concat = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** Never called: a replaying cassette sends nothing. */
const unused = HttpClient.make((request) =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, description: "a replayed cassette opens no connection" })
    })
  )
)
