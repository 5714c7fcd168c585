/**
 * `batch`: many requests at half the price, answered within a day.
 *
 * What was submitted is never lost: the id is on standard error before the wait
 * begins, and every later step starts from it.
 *
 * @since 0.1.0
 */
import type * as Batch from "@effect-claude/core/Batch"
import * as Cost from "@effect-claude/core/Cost"
import * as JsonText from "@effect-claude/core/JsonText"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Wire from "@effect-claude/core/Wire"
import * as Batches from "@effect-claude/http/Batches"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Connected from "../Connected.ts"
import * as Connection from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Done, type Failure, usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import * as Layout from "../Layout.ts"
import * as Progress from "../Progress.ts"
import * as Question from "../Question.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"
import type { Style } from "../Style.ts"
import * as TerminalText from "../TerminalText.ts"

/**
 * What `batch submit` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface SubmitInput {
  readonly file: string
  readonly model: string
  readonly system: Option.Option<string>
  readonly maxTokens: number
  readonly wait: boolean
  readonly out: Option.Option<string>
}

/**
 * Runs `batch submit`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const submit = Effect.fnUntraced(function*(input: SubmitInput) {
  const { err, out } = yield* Screen
  const lines = yield* input.file === "-" ? Question.standardInput : Files.text(input.file)
  const requests = yield* readRequests(lines, input)
  yield* Connected.connected(Effect.gen(function*() {
    const batch = yield* Batches.create(requests)
    const many = requests.length === 1 ? "1 request" : `${Render.count(requests.length)} requests`
    yield* err.line(`${err.style.green("✓")} ${batch.id}: ${many} submitted.`)
    if (!input.wait) {
      yield* out.line(batch.id)
      return yield* err.note(`effect-claude batch results ${batch.id} --wait shows the answers.`)
    }
    yield* showResults(yield* follow(batch.id), input.out)
  }))
})

const readRequests = Effect.fnUntraced(function*(
  text: string,
  defaults: { readonly model: string; readonly system: Option.Option<string>; readonly maxTokens: number }
): Effect.fn.Return<ReadonlyArray<Batch.BatchRequest>, Failure> {
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  if (lines.length === 0) return yield* usage("The file has no requests.", "Write one a line.")
  return yield* Effect.forEach(lines, (line, index) => Effect.fromResult(readRequest(line, index + 1, defaults)))
})

const isRequest = Wire.is(MessageRequest.MessageRequest)

const readRequest = (
  line: string,
  number: number,
  { maxTokens, model, system }: {
    readonly model: string
    readonly system: Option.Option<string>
    readonly maxTokens: number
  }
): Result.Result<Batch.BatchRequest, Failure> => {
  const value = Option.getOrUndefined(Result.getSuccess(JsonText.parse(line)))
  const custom_id = `line-${number}`
  if (Predicate.isObject(value)) {
    const params = Predicate.hasProperty(value, "params") ? value.params : value
    if (!isRequest(params)) {
      return Result.fail(usage(
        `Line ${number} is JSON, and no request: it needs model, max_tokens and messages.`,
        "`effect-claude ask --dry-run …` prints what a request looks like."
      ))
    }
    const named = Predicate.hasProperty(value, "custom_id") && typeof value.custom_id === "string"
    return Result.succeed({ custom_id: named ? String(value.custom_id) : custom_id, params })
  }
  const prompt = typeof value === "string" ? value : line
  return Result.succeed({
    custom_id,
    params: {
      model,
      max_tokens: maxTokens,
      ...(Option.isSome(system) ? { system: system.value } : undefined),
      messages: [MessageRequest.user(prompt)]
    }
  })
}

/**
 * What `batch status` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface StatusInput {
  readonly id: string
  readonly wait: boolean
  readonly json: boolean
}

/**
 * Runs `batch status`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const status = (input: StatusInput) =>
  Connected.connected(Effect.gen(function*() {
    const { out, width } = yield* Screen
    const batch = input.wait ? yield* follow(input.id) : yield* Batches.get(input.id)
    yield* out.line(input.json ? JSON.stringify(batch, null, 2) : show(batch, yield* width, out.style.dim))
  }))

const show = (batch: Batch.MessageBatch, width: number, dim: (text: string) => string): string => {
  const { canceled, errored, expired, processing, succeeded } = batch.request_counts
  return Layout.pairs(
    [
      ["batch", batch.id],
      ["status", batch.processing_status],
      [
        "requests",
        ([["succeeded", succeeded], ["errored", errored], ["canceled", canceled], ["expired", expired], [
          "processing",
          processing
        ]] as const).filter(([, n]) => n > 0).map(([name, n]) => `${Render.count(n)} ${name}`).join(", ")
      ],
      ["created", batch.created_at],
      ...(Predicate.isString(batch.ended_at)
        ? [["ended", batch.ended_at] as const]
        : [["expires", batch.expires_at] as const])
    ],
    width,
    dim
  )
}

/** Waits until a batch has ended, with a bar on a terminal. */
const follow = Effect.fnUntraced(function*(id: string) {
  const { err } = yield* Screen
  const { offline } = yield* Connection.target
  const screen = yield* Effect.context<Screen>()
  const start = yield* Clock.currentTimeMillis
  const batch = yield* Batches.awaitEnd(id, {
    // The scripted API takes seconds, not hours.
    ...(offline ? { schedule: Schedule.spaced("100 millis") } : undefined),
    onProgress: (batch) =>
      Effect.gen(function*() {
        const { processing, ...done } = batch.request_counts
        const finished = Object.values(done).reduce((sum, n) => sum + n, 0)
        const elapsed = (yield* Clock.currentTimeMillis) - start
        const words = `${Render.count(finished)} of ${
          Render.count(finished + processing)
        } · ${batch.processing_status} · ${Render.duration(elapsed)}`
        yield* Progress.bar(finished, finished + processing, words)
      }).pipe(Effect.provideContext(screen))
  }).pipe(Effect.ensuring(err.isTerminal ? err.line() : Effect.void))
  return batch
})

/**
 * What `batch results` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResultsInput {
  readonly id: string
  readonly wait: boolean
  readonly out: Option.Option<string>
}

/**
 * Runs `batch results`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const results = (input: ResultsInput) =>
  Connected.connected(Effect.gen(function*() {
    const batch = yield* input.wait ? follow(input.id) : Batches.get(input.id)
    if (batch.processing_status !== "ended") {
      return yield* usage(`The batch is ${batch.processing_status}: it has no results yet.`, "--wait waits for them.")
    }
    yield* showResults(batch, input.out)
  }))

/** Passes the results on line by line, and says what they add up to. */
const showResults = Effect.fnUntraced(function*(batch: Batch.MessageBatch, file: Option.Option<string>) {
  const screen = yield* Screen
  const catalog = yield* ModelCatalog.Current
  const columns = yield* screen.width
  const lines: Array<string> = []
  const counts = { succeeded: 0, errored: 0, canceled: 0, expired: 0, other: 0 }
  let cost = Option.some(Cost.empty)
  yield* Batches.results(batch).pipe(Stream.runForEach((line) => {
    const { result } = line
    switch (result.type) {
      case "succeeded":
        counts.succeeded++
        cost = Option.zipWith(cost, Cost.ofMessage(result.message, { catalog }), Cost.combine)
        break
      case "errored":
      case "canceled":
      case "expired":
        counts[result.type]++
        break
      default:
        counts.other++
    }
    const text = JSON.stringify(line)
    if (Option.isSome(file)) return Effect.sync(() => lines.push(text))
    return screen.out.line(screen.out.isTerminal ? brief(line, columns, screen.out.style) : text)
  }))
  if (Option.isSome(file)) {
    yield* Files.write(file.value, lines.map((line) => `${line}\n`).join(""), { replace: false })
    yield* screen.err.line(`${screen.err.style.green("✓")} ${lines.length} results written to ${file.value}.`)
  }
  const parts = Object.entries(counts).filter(([, n]) => n > 0).map(([name, n]) => `${Render.count(n)} ${name}`)
  yield* screen.err.note([parts.join(", "), Render.cost(Option.map(cost, Cost.total))].join(" · "))
  if (counts.succeeded < Object.values(counts).reduce((sum, n) => sum + n, 0)) {
    return yield* new Done({ exitCode: ExitCode.incomplete })
  }
})

/** One result for a person: its id, and how its answer begins. */
const brief = ({ custom_id, result }: Batch.BatchResult, width: number, style: Style): string => {
  const name = `${style.bold(TerminalText.sanitize(custom_id))}  `
  const words = result.type === "succeeded"
    ? Message.text(result.message)
    : result.type === "errored"
    ? `${result.error.error.type}: ${result.error.error.message}`
    : result.type
  const line = Layout.truncate(
    TerminalText.sanitize(words).replace(/\s+/g, " "),
    Math.max(20, width - Layout.width(name))
  )
  return name + (result.type === "succeeded" ? line : style.red(line))
}

/**
 * What `batch list` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListInput {
  readonly limit: number
  readonly json: boolean
}

/**
 * Runs `batch list`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const list = (input: ListInput) =>
  Connected.connected(Effect.gen(function*() {
    const { out, tableWidth } = yield* Screen
    const batches = yield* Stream.runCollect(Stream.take(Batches.list(), input.limit))
    if (input.json) return yield* out.line(JSON.stringify(batches, null, 2))
    if (batches.length === 0) return yield* out.line("No batches.")
    yield* out.line(Layout.table(
      [
        { title: "batch", paint: out.style.bold },
        { title: "status" },
        { title: "requests", align: "right" },
        { title: "succeeded", align: "right" },
        { title: "created", paint: out.style.dim }
      ],
      batches.map(({ created_at, id, processing_status, request_counts }) => [
        id,
        processing_status,
        Render.count(
          Object.values(request_counts).reduce<number>((sum, n) => typeof n === "number" ? sum + n : sum, 0)
        ),
        Render.count(request_counts.succeeded),
        created_at
      ]),
      yield* tableWidth,
      out.style
    ))
  }))

/**
 * What `batch cancel` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface CancelInput {
  readonly id: string
}

/**
 * Runs `batch cancel`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const cancel = (input: CancelInput) =>
  Connected.connected(Effect.gen(function*() {
    const { out } = yield* Screen
    const batch = yield* Batches.cancel(input.id)
    yield* out.line(`${batch.id} is ${batch.processing_status}. What is under way is still finished.`)
  }))
