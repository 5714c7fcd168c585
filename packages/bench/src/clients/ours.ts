/**
 * This SDK, on its Node transport and on fetch, with everything on: validation,
 * retries, timeouts, the partial message for errors.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { type Client, request } from "../Client.ts"

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

const make = (layer: typeof ClaudeNode.layer): Client => {
  const runtimes = new Map<string, ManagedRuntime.ManagedRuntime<Claude.Claude, unknown>>()
  const run = <A, E>(baseUrl: string, effect: Effect.Effect<A, E, Claude.Claude>): Promise<A> => {
    const runtime = runtimes.get(baseUrl) ??
      ManagedRuntime.make(layer({ apiKey: Redacted.make("sk-ant-bench"), baseUrl }))
    runtimes.set(baseUrl, runtime)
    return runtime.runPromise(effect)
  }
  return {
    stream: (baseUrl) =>
      run(
        baseUrl,
        Effect.suspend(() => {
          let sum = 0
          return Effect.map(
            Stream.runForEachArray(Messages.stream(request), (events) =>
              Effect.sync(() => {
                for (const event of events) sum += charactersOf(event)
              })),
            () => sum
          )
        })
      ),
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
    close: async () => {
      await Promise.all([...runtimes.values()].map((runtime) => runtime.dispose()))
    }
  }
}

/**
 * This SDK on its Node transport.
 *
 * @category clients
 * @since 0.1.0
 */
export const node = (): Client => make(ClaudeNode.layer)

/**
 * This SDK on fetch.
 *
 * @category clients
 * @since 0.1.0
 */
export const fetch = (): Client => make(Claude.layerFetch)
