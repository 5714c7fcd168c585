/**
 * The scripted API itself, without a transport: takes requests, records them,
 * checks them, and says what to answer.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { type RecordedRequest, redactHeaders } from "../RecordedRequest.ts"
import * as RequestCheck from "../RequestCheck.ts"
import type * as Answer from "./answer.ts"
import * as BatchItem from "./batchItem.ts"
import * as Cache from "./cache.ts"
import * as Check from "./checkBody.ts"
import * as Cors from "./cors.ts"
import * as Endpoint from "./endpoint.ts"
import * as Errors from "./errors.ts"
import type * as Files from "./files.ts"
import { type Json, parse, record } from "./json.ts"
import * as Limits from "./limits.ts"
import * as Multipart from "./multipart.ts"
import * as Random from "./random.ts"
import * as Render from "./render.ts"
import * as Resources from "./resources.ts"
import * as Script from "./script.ts"
import * as Time from "./time.ts"

/** A request as a transport received it. Header names are in lower case. */
export interface Incoming {
  readonly method: string
  /** The path with the query string. */
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array
  /** Where the client found the API, such as `http://127.0.0.1:5000`. */
  readonly origin: string
}

export interface Options {
  readonly seed?: number | undefined
  readonly check?: boolean | RequestCheck.Options | undefined
  readonly rateLimits?: Limits.Options | undefined
  readonly batchDuration?: Duration.Input | undefined
  readonly files?: ReadonlyArray<Files.Given> | undefined
}

export interface Engine {
  readonly script: Ref.Ref<Script.Script>
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  readonly awaitRequests: (count: number) => Effect.Effect<void>
  readonly counts: Counts
  readonly handle: (incoming: Incoming) => Effect.Effect<Answer.Answer>
}

/** What became of responses. Mutable: transports count from callbacks. */
export interface Counts {
  /** Responses whose headers went out and whose end has not come. */
  open: number
  /** Responses that went out as the script said. */
  finished: number
  /** Responses the client turned away from. */
  aborted: number
}

export const make = Effect.fnUntraced(function*(initial: Script.Script, options: Options | undefined) {
  const seed = options?.seed ?? 0
  const script = yield* Ref.make(initial)
  const requests: Array<RecordedRequest> = []
  const waiting = new Set<{ readonly count: number; readonly latch: Latch.Latch }>()
  const limits = Limits.make(options?.rateLimits)
  const cache = Cache.make()
  const resources = Resources.make(seed, {
    batchDuration: Duration.toMillis(options?.batchDuration ?? "1 second"),
    files: options?.files ?? []
  })
  const counts: Counts = { open: 0, finished: 0, aborted: 0 }

  const remember = (incoming: Incoming, at: number): RecordedRequest => {
    const text = decoder.decode(incoming.body)
    const mark = incoming.url.indexOf("?")
    const path = mark === -1 ? incoming.url : incoming.url.slice(0, mark)
    const request: RecordedRequest = {
      index: requests.length,
      at,
      method: incoming.method,
      url: incoming.url,
      path,
      query: Object.fromEntries(new URLSearchParams(mark === -1 ? "" : incoming.url.slice(mark))),
      headers: redactHeaders(incoming.headers),
      body: text === "" ? undefined : bodyOf(text, incoming)
    }
    requests.push(request)
    for (const waiter of waiting) {
      if (requests.length >= waiter.count) waiter.latch.openUnsafe()
    }
    return request
  }

  const handle = Effect.fnUntraced(function*(incoming: Incoming) {
    const now = yield* Clock.currentTimeMillis
    if (Cors.isPreflight(incoming)) return Cors.preflight(incoming)
    const request = remember(incoming, now)
    const draw = Random.make(seed, `request/${request.index}`)
    const requestId = Random.id(draw, "req")
    const headers = {
      date: Time.httpDate(now),
      "request-id": requestId,
      "anthropic-organization-id": organizationId,
      ...Cors.headers(incoming)
    }
    if (options?.check !== false) {
      const refusal = RequestCheck.check(
        { method: incoming.method, path: request.path, headers: incoming.headers, body: decoder.decode(incoming.body) },
        typeof options?.check === "object" ? options.check : undefined
      )
      if (Option.isSome(refusal)) return Render.failure(refusal.value, { headers, requestId })
    }
    const body = record(request.body)
    const endpoint = Endpoint.match(incoming.method, request.path, basePathOf(request.path, options?.check))
    const isMessage = endpoint._tag === "Endpoint" && endpoint.name === "messages"
    const usage = isMessage ? cache.usage(body, now) : noUsage
    const limited = limits.take(usage, now)
    if (limited.refused !== undefined) {
      return Render.failure(limited.refused, { headers: { ...headers, ...limited.headers }, requestId })
    }
    const context: Render.Context = { body, requestId, headers: { ...headers, ...limited.headers }, usage, draw }
    const next = yield* Ref.modify(script, (script) => take(script, request))
    if (Option.isSome(next)) {
      if (isMessage && answers.has(next.value.step._tag)) cache.keep(body, now)
      return Render.render(next.value.step, next.value.effects, context)
    }
    const { origin } = incoming
    // A batch takes as many messages off the script as it has requests.
    let left = yield* Ref.get(script)
    const answer = (params: Json): Json =>
      BatchItem.answer(params, { ...context, check: checked(incoming.headers, options?.check) }, () => {
        const [next, rest] = take(left, { ...request, path: "/v1/messages", body: params })
        left = rest
        return Option.getOrUndefined(next)
      })
    const resource = resources.answer(endpoint, request, { ...context, now, origin, bytes: incoming.body, answer })
    yield* Ref.set(script, left)
    return resource ?? Render.failure(exhausted(request), { headers, requestId })
  })

  const engine: Engine = {
    script,
    requests: Effect.sync(() => [...requests]),
    awaitRequests: (count) =>
      Effect.suspend(() => {
        if (requests.length >= count) return Effect.void
        const waiter = { count, latch: Latch.makeUnsafe(false) }
        waiting.add(waiter)
        return Effect.ensuring(waiter.latch.await, Effect.sync(() => waiting.delete(waiter)))
      }),
    counts,
    handle
  }
  return engine
})

const take = (script: Script.Script, request: RecordedRequest): [Option.Option<Script.Next>, Script.Script] => {
  const next = Script.next(script, request)
  return [next, Option.isSome(next) ? next.value.rest : script]
}

/** The body as a test wants to see it: JSON as a value, a form as its fields, anything else as text. */
const bodyOf = (text: string, incoming: Incoming): unknown => {
  const boundary = Multipart.boundaryOf(incoming.headers["content-type"])
  if (boundary === undefined) return Option.getOrElse(parse(text), () => text)
  return Multipart.parts(incoming.body, boundary).map(({ bytes, filename, name, type }) => ({
    name,
    ...(filename === undefined ? { value: decoder.decode(bytes) } : { filename, type, size: bytes.length })
  }))
}

/** Steps of which the model has read the prompt. */
const answers: ReadonlySet<Script.Step["_tag"]> = new Set(["Message", "Events", "Model"])

/** The context of the requests within a batch, unless nothing is checked. */
const checked = (headers: Incoming["headers"], check: Options["check"]): Check.Context | undefined =>
  check === false ? undefined : Check.contextOf(headers, typeof check === "object" ? check : {})

/** Where nothing is checked, any base path is accepted. */
const basePathOf = (path: string, check: Options["check"]): string => {
  if (check === false) return path.slice(0, Math.max(0, path.lastIndexOf("/v1/")))
  return typeof check === "object" ? check.basePath ?? "" : ""
}

const exhausted = (request: RecordedRequest) =>
  Errors.failure(400, {
    message: `The script has no answer for request ${request.index + 1}, ${request.method} ${request.path}. ` +
      "Add a step, or end the script with Script.forever or Script.model."
  })

const noUsage: Json = {}

const organizationId = "00000000-0000-4000-8000-000000000000"

const decoder = new TextDecoder()
