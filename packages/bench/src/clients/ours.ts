/**
 * This SDK, on its Node transport and on fetch, with everything on: validation,
 * retries, timeouts, the partial message for errors.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Claude from "@effect-claude/http/Claude"
import * as EventStream from "@effect-claude/http/EventStream"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { body, type Client, fetchOf, request } from "../Client.ts"

const charactersOf = (event: StreamEvent): number => {
  if (event.type !== "content_block_delta") return 0
  const { delta } = event
  return delta.type === "text_delta"
    ? delta.text.length
    : delta.type === "thinking_delta"
    ? delta.thinking.length
    : delta.type === "input_json_delta"
    ? delta.partial_json.length
    : 0
}

const charactersIn = (message: Message.Message): number =>
  message.content.reduce((sum, block) =>
    sum + (block.type === "text"
      ? block.text.length
      : block.type === "thinking"
      ? block.thinking.length
      : block.type === "tool_use"
      ? JSON.stringify(block.input).length
      : 0), 0)

const streamed = <E, R>(events: Stream.Stream<StreamEvent, E, R>): Effect.Effect<number, E, R> =>
  Effect.suspend(() => {
    let sum = 0
    return Effect.map(
      Stream.runForEachArray(events, (some) =>
        Effect.sync(() => {
          for (const event of some) sum += charactersOf(event)
        })),
      () => sum
    )
  })

/** Runs an effect with a client that was made. */
type Run = <A, E>(effect: Effect.Effect<A, E, Claude.Claude>) => Promise<A>

const make = (layer: typeof ClaudeNode.layer, memory: Client["memory"]): Client => {
  const runtimes = new Map<string, ManagedRuntime.ManagedRuntime<Claude.Claude, unknown>>()
  const made = new Map<string, Run>()
  const runtimeAt = (baseUrl: string) => {
    const runtime = runtimes.get(baseUrl) ??
      ManagedRuntime.make(layer({ apiKey: Redacted.make("sk-ant-bench"), baseUrl }))
    runtimes.set(baseUrl, runtime)
    return runtime
  }
  const run = async <A, E>(baseUrl: string, effect: Effect.Effect<A, E, Claude.Claude>): Promise<A> => {
    let run = made.get(baseUrl)
    if (run === undefined) {
      run = Effect.runPromiseWith(await runtimeAt(baseUrl).context())
      made.set(baseUrl, run)
    }
    return run(effect)
  }
  return {
    stream: (baseUrl) => run(baseUrl, streamed(Messages.stream(request))),
    fold: (baseUrl) => run(baseUrl, Effect.map(MessageStream.final(Messages.stream(request)), charactersIn)),
    create: (baseUrl) => run(baseUrl, Effect.map(Messages.create(request), charactersIn)),
    first: (baseUrl) =>
      run(
        baseUrl,
        Messages.stream(request).pipe(
          MessageStream.text,
          Stream.take(1),
          Stream.runFold(() => 0, (sum, text) => sum + text.length)
        )
      ),
    memory,
    close: async () => {
      await Promise.all([...runtimes.values()].map((runtime) => runtime.dispose()))
    }
  }
}

/**
 * This SDK on its Node transport. What is in memory is decoded without a transport.
 *
 * @category clients
 * @since 0.1.0
 */
export const node = (): Client =>
  make(ClaudeNode.layer, (writes) =>
    Effect.runPromise(streamed(EventStream.decode(
      Stream.fromReadableStream({ evaluate: () => body(writes), onError: (cause) => cause })
    ))))

/**
 * This SDK on fetch. What is in memory comes from a `fetch` of its own.
 *
 * @category clients
 * @since 0.1.0
 */
export const fetch = (): Client => {
  const memory = ManagedRuntime.make(Claude.layerFetch({ apiKey: Redacted.make("sk-ant-bench") }))
  return make(
    Claude.layerFetch,
    (writes) =>
      memory.runPromise(
        Effect.provideService(streamed(Messages.stream(request)), FetchHttpClient.Fetch, fetchOf(writes))
      )
  )
}
