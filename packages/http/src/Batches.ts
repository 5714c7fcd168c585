/**
 * Batches: many requests at half the price, answered within a day.
 *
 * Results are read from a path that is built here, never from the address a
 * response names: credentials go nowhere else. `awaitEnd` polls by a Schedule,
 * and `runAll` does the whole of it: it splits a stream of requests at the API's
 * limits, waits, and streams the results, resumable by the ids of its batches.
 *
 * @since 0.1.0
 */
import * as Batch from "@effect-claude/core/Batch"
import * as Betas from "@effect-claude/core/Betas"
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Page from "@effect-claude/core/Page"
import * as Wire from "@effect-claude/core/Wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Claude } from "./Claude.ts"
import * as Pagination from "./internal/request/pagination.ts"
import * as Path from "./internal/request/path.ts"
import * as Raw from "./Raw.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `list`.
 *
 * @category options
 * @since 0.1.0
 */
export interface ListOptions {
  /**
   * How many batches a page has, from 1 to 1,000.
   *
   * @default the API's, 20
   */
  readonly limit?: number | undefined
  /** The id of the batch after which the list begins. */
  readonly after?: string | undefined
}

/**
 * Options of `awaitEnd`.
 *
 * @category options
 * @since 0.1.0
 */
export interface AwaitOptions {
  /**
   * When to look again.
   *
   * @default after 5 s at first, then ever less often, up to once a minute
   */
  readonly schedule?: Schedule.Schedule<unknown, Batch.MessageBatch> | undefined
  /** Runs each time the batch was looked at. */
  readonly onProgress?: ((batch: Batch.MessageBatch) => Effect.Effect<void>) | undefined
}

/**
 * Options of `runAll`.
 *
 * @category options
 * @since 0.1.0
 */
export interface RunOptions extends AwaitOptions {
  /**
   * The most requests one batch is given, from 1 to 100,000.
   *
   * @default 100_000
   */
  readonly maxRequests?: number | undefined
  /**
   * The most bytes the body of one batch has.
   *
   * @default 268_435_456
   */
  readonly maxBytes?: number | undefined
  /** Runs when a batch was created, before it is waited for: keep its id to resume by. */
  readonly onCreated?: ((batch: Batch.MessageBatch) => Effect.Effect<void>) | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Creates a batch of at most 100,000 requests and 256 MB. The ids are the
 * caller's, and unique within the batch.
 *
 * @category calls
 * @since 0.1.0
 */
export const create = (
  requests: ReadonlyArray<Batch.BatchRequest>
): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude> => {
  const violations = check(requests)
  return violations.length > 0
    ? Effect.fail(
      new ClaudeError.RequestValidationError({
        outcome: "notSent",
        violations,
        message: `The batch was not sent: ${
          violations.map(({ fix, path, problem }) => `${path}: ${problem}. ${fix}`).join(" ")
        }`
      })
    )
    : Raw.json({
      operation: "batches.create",
      method: "POST",
      path: "/v1/messages/batches",
      body: { requests: requests.map(withoutStream) },
      betas: [...new Set(requests.flatMap(({ params }) => Betas.ofRequest(params)))]
    }, Batch.MessageBatch)
}

/**
 * Returns a batch.
 *
 * @category calls
 * @since 0.1.0
 */
export const get = (id: string): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude> =>
  Effect.flatMap(pathOf(id), (path) => Raw.json({ operation: "batches.get", method: "GET", path }, Batch.MessageBatch))

/**
 * Lists batches, newest first.
 *
 * @category calls
 * @since 0.1.0
 */
export const list = (options?: ListOptions): Stream.Stream<Batch.MessageBatch, ClaudeError.ClaudeError, Claude> =>
  Pagination.byId(({ after_id }) =>
    Raw.json({
      operation: "batches.list",
      method: "GET",
      path: "/v1/messages/batches",
      query: { limit: options?.limit, after_id }
    }, pageOfBatches), options?.after)

/**
 * Asks for a batch to be canceled. What is under way is still finished, so the
 * batch is `canceling` before it is `ended`.
 *
 * @category calls
 * @since 0.1.0
 */
export const cancel = (id: string): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude> =>
  Effect.flatMap(pathOf(id), (path) =>
    Raw.json({
      operation: "batches.cancel",
      method: "POST",
      path: `${path}/cancel`,
      // To cancel what is canceled already changes nothing.
      repeatable: true
    }, Batch.MessageBatch))

const delete_ = (id: string): Effect.Effect<Batch.DeletedBatch, ClaudeError.ClaudeError, Claude> =>
  Effect.flatMap(
    pathOf(id),
    (path) => Raw.json({ operation: "batches.delete", method: "DELETE", path }, Batch.DeletedBatch)
  )

/**
 * Deletes a batch that has ended.
 *
 * @category calls
 * @since 0.1.0
 */
export { delete_ as delete }

/**
 * Streams the results of a batch that has ended, in no particular order: match
 * them by `custom_id`.
 *
 * A line that cannot be read fails the stream with its number; nothing is left
 * out in silence.
 *
 * @category calls
 * @since 0.1.0
 */
export const results = (id: string): Stream.Stream<Batch.BatchResult, ClaudeError.ClaudeError, Claude> =>
  Stream.unwrap(Effect.map(pathOf(id), (path) => {
    let number = 0
    return Raw.bytes({ operation: "batches.results", method: "GET", path: `${path}/results` }).pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.map((line) => ({ line, number: ++number })),
      Stream.filter(({ line }) => line.trim() !== ""),
      Stream.mapEffect(({ line, number }) => readLine(line, number))
    )
  }))

// -----------------------------------------------------------------------------
// whole runs
// -----------------------------------------------------------------------------

/**
 * Waits until a batch has ended, and returns it.
 *
 * @category runs
 * @since 0.1.0
 */
export const awaitEnd = (
  id: string,
  options?: AwaitOptions
): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude> =>
  get(id).pipe(
    Effect.tap((batch) => options?.onProgress?.(batch) ?? Effect.void),
    Effect.repeat({ schedule: options?.schedule ?? polling, until: Batch.isEnded })
  )

/**
 * Runs a stream of requests as batches and streams their results.
 *
 * The requests are split at the API's limits of count and size. Batches are
 * created one after the other as the requests come, and each is waited for and
 * read before the next is created, so memory holds one batch's requests.
 *
 * **Details**
 *
 * To resume after a crash, keep the ids that `onCreated` is told, and read each
 * with `resume`.
 *
 * @category runs
 * @since 0.1.0
 */
export const runAll: {
  (
    options?: RunOptions
  ): <E, R>(
    requests: Stream.Stream<Batch.BatchRequest, E, R>
  ) => Stream.Stream<Batch.BatchResult, E | ClaudeError.ClaudeError, R | Claude>
  <E, R>(
    requests: Stream.Stream<Batch.BatchRequest, E, R>,
    options?: RunOptions
  ): Stream.Stream<Batch.BatchResult, E | ClaudeError.ClaudeError, R | Claude>
} = dual((args) => Stream.isStream(args[0]), <E, R>(
  requests: Stream.Stream<Batch.BatchRequest, E, R>,
  options?: RunOptions
): Stream.Stream<Batch.BatchResult, E | ClaudeError.ClaudeError, R | Claude> =>
  split(requests, options).pipe(
    Stream.mapEffect((group) => Effect.tap(create(group), (batch) => options?.onCreated?.(batch) ?? Effect.void)),
    Stream.flatMap((batch) => resume(batch.id, options))
  ))

/**
 * Waits for a batch that was created before, and streams its results.
 *
 * @category runs
 * @since 0.1.0
 */
export const resume = (
  id: string,
  options?: AwaitOptions
): Stream.Stream<Batch.BatchResult, ClaudeError.ClaudeError, Claude> =>
  Stream.unwrap(Effect.map(awaitEnd(id, options), (batch) => results(batch.id)))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** A batch is not streamed, and refuses a request that asks for it. */
const withoutStream = (request: Batch.BatchRequest): Batch.BatchRequest => {
  const { stream: _stream, ...params } = request.params
  return { ...request, params }
}

const pageOfBatches = Page.page(Batch.MessageBatch)

const pathOf = (id: string) => Effect.map(Path.segment("id", id), (segment) => `/v1/messages/batches/${segment}`)

const polling: Schedule.Schedule<unknown, unknown> = Schedule.min([
  Schedule.exponential("5 seconds", 1.3),
  Schedule.spaced(Duration.minutes(1))
])

const isResult = Wire.is(Batch.BatchResult)

const decodeResult = Schema.decodeUnknownResult(Batch.BatchResult)

const readLine = (line: string, number: number): Effect.Effect<Batch.BatchResult, ClaudeError.ResponseDecodeError> => {
  const parsed = Result.try((): unknown => JSON.parse(line))
  const value = Result.getOrUndefined(parsed)
  if (isResult(value)) return Effect.succeed(value)
  const mismatch = decodeResult(value)
  const problem = Result.isFailure(parsed)
    ? "is not JSON"
    : `does not match: ${Result.isFailure(mismatch) ? mismatch.failure.message.replace(/\s+/g, " ").slice(0, 200) : ""}`
  return Effect.fail(
    new ClaudeError.ResponseDecodeError({
      outcome: "partial",
      body: line,
      message:
        `Line ${number} of the batch's results ${problem}. What came before it was read; \`body\` holds the line.`
    })
  )
}

const check = (requests: ReadonlyArray<Batch.BatchRequest>): ReadonlyArray<ClaudeError.Violation> => {
  const violations: Array<ClaudeError.Violation> = []
  const say = (path: string, problem: string, fix: string) => violations.push({ rule: "batch", path, problem, fix })
  if (requests.length === 0) say("requests", "there are none", "Give at least one request.")
  if (requests.length > Batch.maxRequests) {
    say(
      "requests",
      `there are ${requests.length}`,
      `Give at most ${Batch.maxRequests}, or use runAll, which splits them.`
    )
  }
  const seen = new Set<string>()
  for (const [i, { custom_id }] of requests.entries()) {
    if (seen.has(custom_id) && violations.length < 10) {
      say(
        `requests[${i}].custom_id`,
        `${JSON.stringify(custom_id)} was given before`,
        "Give each request an id of its own."
      )
    }
    seen.add(custom_id)
  }
  return violations
}

/** Groups requests so that no batch has too many or too large a body. */
const split = <E, R>(
  requests: Stream.Stream<Batch.BatchRequest, E, R>,
  options: RunOptions | undefined
): Stream.Stream<ReadonlyArray<Batch.BatchRequest>, E, R> => {
  const maxRequests = Math.max(1, Math.min(options?.maxRequests ?? Batch.maxRequests, Batch.maxRequests))
  const maxBytes = Math.min(options?.maxBytes ?? Batch.maxBytes, Batch.maxBytes) - envelope
  return requests.pipe(
    Stream.map((request) => ({ request, size: sizeOf(request) })),
    Stream.mapAccumArray((): Group => ({ requests: [], size: 0 }), (group, items) => {
      const full: Array<ReadonlyArray<Batch.BatchRequest>> = []
      let current = group
      for (const { request, size } of items) {
        const fits = current.requests.length < maxRequests && current.size + size <= maxBytes
        if (!fits && current.requests.length > 0) {
          full.push(current.requests)
          current = { requests: [], size: 0 }
        }
        current.requests.push(request)
        current.size += size
      }
      return [current, full]
    }, { onHalt: (group) => group.requests.length === 0 ? [] : [group.requests] })
  )
}

/** A batch that is being filled. It belongs to one run of the stream, and grows in place. */
interface Group {
  readonly requests: Array<Batch.BatchRequest>
  size: number
}

/** The bytes around the requests of a body: `{"requests":[]}`. */
const envelope = 15

const encoder = new TextEncoder()

/** The bytes of a request and the comma after it. */
const sizeOf = (request: Batch.BatchRequest): number => encoder.encode(JSON.stringify(request)).byteLength + 1
