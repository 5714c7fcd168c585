import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as UndiciHttpClient from "@effect-claude/http/node/UndiciHttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Undici from "undici"
import * as Limits from "../../tools/limits.mjs"
import { request } from "../src/Client.ts"
import { replies, streams } from "../src/Traffic.ts"
import * as Work from "./work.ts"

const reply = new TextEncoder().encode(replies["small-reply"]!.body)
const chunks = streams["small-stream"]!().writes

/** What a request is answered with: a head, and pieces of a body. */
const answerTo = (body: string): { readonly type: string; readonly pieces: ReadonlyArray<Uint8Array> } =>
  body.includes("\"stream\":true")
    ? { type: "text/event-stream", pieces: chunks }
    : { type: "application/json", pieces: [reply] }

/** Answers as a connection of undici does: the head, then what came with it, in one turn. */
class Answering extends Undici.Dispatcher {
  override dispatch({ body }: Undici.Dispatcher.DispatchOptions, handler: Undici.Dispatcher.DispatchHandler): boolean {
    const { pieces, type } = answerTo(String(body))
    const controller: Undici.Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      abort: () => undefined,
      pause: () => undefined,
      resume: () => undefined
    }
    queueMicrotask(() => {
      handler.onRequestStart?.(controller, {})
      handler.onResponseStart?.(controller, 200, { "content-type": type, "request-id": "req_1" })
      for (const piece of pieces) handler.onResponseData?.(controller, Buffer.from(piece))
      handler.onResponseEnd?.(controller, {})
    })
    return true
  }
}

const fetch: typeof globalThis.fetch = (_url, init) => {
  const { pieces, type } = answerTo(String(init?.body))
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    }
  })
  return Promise.resolve(new Response(body, { headers: { "content-type": type } }))
}

const apiKey = Redacted.make("sk-ant-bench")

const transports = {
  undici: Claude.layer({ apiKey }).pipe(
    Layer.provide(UndiciHttpClient.layer),
    Layer.provide(Layer.sync(NodeHttpClient.Dispatcher, () => new Answering()))
  ),
  fetch: Claude.layerFetch({ apiKey }).pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
}

const calls = {
  create: Messages.create(request),
  firstEvents: Stream.runDrain(Stream.take(Messages.stream(request), 1)),
  stream: Stream.runDrain(Messages.stream(request))
}

/** How many sleeps of the clock a program starts. */
const sleepsIn = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.clockWith((clock) => {
    let count = 0
    const sleep: Clock.Clock["sleep"] = (duration) => {
      count++
      return clock.sleep(duration)
    }
    // The clock's other members are on its prototype.
    const counting = Object.setPrototypeOf({ sleep }, clock)
    return Effect.map(Effect.provideService(self, Clock.Clock, counting), () => count)
  })

describe("a request", () => {
  for (const transport of ["undici", "fetch"] as const) {
    for (const call of ["create", "firstEvents", "stream"] as const) {
      it.live(`runs few effects for ${call} over ${transport}`, () =>
        Effect.gen(function*() {
          // What is made once for a layer is not of the request.
          yield* calls[call]
          const effects = yield* Work.effectsIn(calls[call])

          assert.isAbove(effects, 10)
          assert.isAtMost(effects, Limits.effects[transport][call])
        }).pipe(Effect.provide(transports[transport])))

      it.live(`sets no more timers than it must for ${call} over ${transport}`, () =>
        Effect.gen(function*() {
          // Over fetch the end of a body comes after `message_stop`, and is waited for a moment.
          const drains = call === "stream" && transport === "fetch"

          assert.isAtMost(yield* sleepsIn(calls[call]), drains ? 2 : 1)
        }).pipe(Effect.provide(transports[transport])))
    }
  }
})
