/**
 * Batches: many requests at half the price, processed within a day.
 *
 * Results are read from a path that is built here, never from the URL in a response,
 * so credentials are sent to the base URL only. `awaitEnd` polls with a Schedule.
 * `runAll` splits a stream of requests at the API's limits, creates the batches,
 * waits for them and streams the results. `resume` continues with a batch by its id.
 *
 * @since 0.1.0
 */
import * as Batch from "@effect-claude/core/Batch"
import * as Betas from "@effect-claude/core/Betas"
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as JsonText from "@effect-claude/core/JsonText"
import * as Page from "@effect-claude/core/Page"
import * as Wire from "@effect-claude/core/Wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Claude from "./Claude.ts"
import * as Pagination from "./internal/request/pagination.ts"
import * as Path from "./internal/request/path.ts"
import * as JsonLines from "./internal/response/jsonLines.ts"
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
   * Batches per page, from 1 to 1,000.
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
   * When to poll again.
   *
   * @default after 5 seconds, then with growing intervals up to one minute
   */
  readonly schedule?: Schedule.Schedule<unknown, Batch.MessageBatch> | undefined
  /** Runs after each poll. */
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
   * The most requests of one batch, from 1 to 100,000.
   *
   * @default 100_000
   */
  readonly maxRequests?: number | undefined
  /**
   * The most bytes of the body of one batch.
   *
   * @default 268_435_456
   */
  readonly maxBytes?: number | undefined
  /** Runs after a batch is created and before it is awaited. Store its id to `resume` it. */
  readonly onCreated?: ((batch: Batch.MessageBatch) => Effect.Effect<void>) | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Creates a batch of at most 100,000 requests and 256 MB. Each `custom_id` is
 * chosen by the caller and unique within the batch.
 *
 * @category calls
 * @since 0.1.0
 */
export const create = (
  requests: ReadonlyArray<Batch.BatchRequest>
): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude.Claude> => {
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
export const get = (id: string): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude.Claude> =>
  Effect.flatMap(pathOf(id), (path) => Raw.json({ operation: "batches.get", method: "GET", path }, Batch.MessageBatch))

/**
 * Lists batches, newest first.
 *
 * @category calls
 * @since 0.1.0
 */
export const list = (
  options?: ListOptions
): Stream.Stream<Batch.MessageBatch, ClaudeError.ClaudeError, Claude.Claude> =>
  Pagination.byId(({ after_id }) =>
    Raw.json({
      operation: "batches.list",
      method: "GET",
      path: "/v1/messages/batches",
      query: { limit: options?.limit, after_id }
    }, pageOfBatches), options?.after)

/**
 * Requests that a batch be canceled. Requests in progress are still finished, so
 * the batch is `canceling` before it is `ended`.
 *
 * @category calls
 * @since 0.1.0
 */
export const cancel = (id: string): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude.Claude> =>
  Effect.flatMap(pathOf(id), (path) =>
    Raw.json({
      operation: "batches.cancel",
      method: "POST",
      path: `${path}/cancel`,
      // Canceling a canceled batch changes nothing.
      repeatable: true
    }, Batch.MessageBatch))

const delete_ = (id: string): Effect.Effect<Batch.DeletedBatch, ClaudeError.ClaudeError, Claude.Claude> =>
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
 * The stream ends normally only after as many results as the batch has requests.
 *
 * - Fewer results: it fails with `ConnectionError` of phase `body`.
 * - More results, a line that cannot be decoded, or a line longer than `limits.body`:
 *   it fails with `ResponseDecodeError`.
 *
 * **Details**
 *
 * Takes a batch, or an id. For an id it looks the batch up first, with one more
 * request. Results that precede a failure have been emitted before it.
 *
 * @category calls
 * @since 0.1.0
 */
export const results = (
  batch: string | Batch.MessageBatch
): Stream.Stream<Batch.BatchResult, ClaudeError.ClaudeError, Claude.Claude> =>
  Stream.unwrap(Effect.gen(function*() {
    const { id, request_counts } = typeof batch === "string" ? yield* get(batch) : batch
    const path = yield* pathOf(id)
    const { limits } = yield* (yield* Claude.Claude).settings
    const { canceled, errored, expired, processing, succeeded } = request_counts
    const total = processing + succeeded + errored + canceled + expired
    let count = 0
    return JsonLines.decode<ClaudeError.ClaudeError, Claude.Claude, Batch.BatchResult, ClaudeError.ClaudeError>(
      Raw.bytes({ operation: "batches.results", method: "GET", path: `${path}/results` }),
      {
        limit: limits.body,
        line: (text, number) =>
          count++ < total
            ? decodeLine(text, number)
            : Result.fail(unreadable(`The batch has ${total} requests, and its results have more.`, text)),
        tooLong: (number) =>
          unreadable(
            `Line ${number} of the batch's results is longer than ${limits.body} characters (\`limits.body\`).`
          ),
        end: (count) => count === total ? undefined : incomplete(count, total)
      }
    )
  }))

// -----------------------------------------------------------------------------
// runs
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
): Effect.Effect<Batch.MessageBatch, ClaudeError.ClaudeError, Claude.Claude> =>
  get(id).pipe(
    Effect.tap((batch) => options?.onProgress?.(batch) ?? Effect.void),
    Effect.repeat({ schedule: options?.schedule ?? polling, until: Batch.isEnded })
  )

/**
 * Runs a stream of requests as batches and streams their results.
 *
 * The requests are split at the API's limits of count and size. Batches are created
 * one after another. Each is awaited and read before the next is created, so memory
 * holds the requests of one batch.
 *
 * **Details**
 *
 * To resume after a crash, store the ids that `onCreated` receives, and read each
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
  ) => Stream.Stream<Batch.BatchResult, E | ClaudeError.ClaudeError, R | Claude.Claude>
  <E, R>(
    requests: Stream.Stream<Batch.BatchRequest, E, R>,
    options?: RunOptions
  ): Stream.Stream<Batch.BatchResult, E | ClaudeError.ClaudeError, R | Claude.Claude>
} = dual((args) => Stream.isStream(args[0]), <E, R>(
  requests: Stream.Stream<Batch.BatchRequest, E, R>,
  options?: RunOptions
): Stream.Stream<Batch.BatchResult, E | ClaudeError.ClaudeError, R | Claude.Claude> =>
  split(requests, options).pipe(
    Stream.mapEffect((group) => Effect.tap(create(group), (batch) => options?.onCreated?.(batch) ?? Effect.void)),
    Stream.flatMap((batch) => resume(batch.id, options))
  ))

/**
 * Waits until an existing batch has ended, and streams its results.
 *
 * @category runs
 * @since 0.1.0
 */
export const resume = (
  id: string,
  options?: AwaitOptions
): Stream.Stream<Batch.BatchResult, ClaudeError.ClaudeError, Claude.Claude> =>
  Stream.unwrap(Effect.map(awaitEnd(id, options), results))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The API refuses `stream` in a batch. */
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

const decodeLine = (
  line: string,
  number: number
): Result.Result<Batch.BatchResult, ClaudeError.ClaudeError> => {
  const parsed = JsonText.parse(line)
  const value = Result.getOrUndefined(parsed)
  if (isResult(value)) return Result.succeed(value)
  const mismatch = decodeResult(value)
  const problem = Result.isFailure(parsed)
    ? parsed.failure.problem === "depth" ? "is nested too deeply" : "is not JSON"
    : `does not match: ${Result.isFailure(mismatch) ? mismatch.failure.message.replace(/\s+/g, " ").slice(0, 200) : ""}`
  return Result.fail(
    unreadable(`Line ${number} of the batch's results ${problem}. \`body\` holds the line.`, line)
  )
}

const unreadable = (message: string, body?: string): ClaudeError.ClaudeError =>
  new ClaudeError.ResponseDecodeError({
    outcome: "partial",
    ...(body === undefined ? undefined : { body }),
    message: `${message} The results before it were emitted.`
  })

const incomplete = (count: number, total: number): ClaudeError.ClaudeError =>
  new ClaudeError.ConnectionError({
    phase: "body",
    outcome: "partial",
    message: `The results ended after ${count} of ${total}. The results before that were emitted; read them again to ` +
      "get the others."
  })

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
    if (!Batch.isCustomId(custom_id) && violations.length < 10) {
      say(
        `requests[${i}].custom_id`,
        "it does not match ^[a-zA-Z0-9_-]{1,64}$",
        "Use letters, digits, `_` and `-`, at most 64 of them."
      )
    }
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

/** A batch that is being filled. It belongs to one run of the stream and is mutated. */
interface Group {
  readonly requests: Array<Batch.BatchRequest>
  size: number
}

/** The bytes around the requests of a body: `{"requests":[]}`. */
const envelope = 15

const encoder = new TextEncoder()

/** The bytes of a request and the comma after it. */
const sizeOf = (request: Batch.BatchRequest): number => encoder.encode(JSON.stringify(request)).byteLength + 1
