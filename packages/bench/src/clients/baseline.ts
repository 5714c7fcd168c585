/**
 * What a program without an SDK would do: `fetch`, `eventsource-parser`,
 * `JSON.parse`. No validation, no retries, no timeouts.
 *
 * @since 0.1.0
 */
import { createParser } from "eventsource-parser"
import { type Client, fetchOf, request } from "../Client.ts"

interface Delta {
  readonly text?: string
  readonly thinking?: string
  readonly partial_json?: string
}

const post = (baseUrl: string, body: object, signal?: AbortSignal, fetch = globalThis.fetch) =>
  fetch(`${baseUrl}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "sk-ant-bench", "anthropic-version": "2023-06-01" },
    body: JSON.stringify(body),
    ...(signal === undefined ? undefined : { signal })
  })

const lengthOf = (delta: Delta): number => (delta.text ?? delta.thinking ?? delta.partial_json ?? "").length

/**
 * Fetch, a parser and `JSON.parse`.
 *
 * @category clients
 * @since 0.1.0
 */
export const make = (): Client => {
  const read = async (baseUrl: string, stopAtText: boolean, fetch?: typeof globalThis.fetch): Promise<number> => {
    const abort = new AbortController()
    const response = await post(baseUrl, { ...request, stream: true }, abort.signal, fetch)
    const text = new TextDecoder()
    let sum = 0
    const parser = createParser({
      onEvent: ({ data }) => {
        const event: { readonly type: string; readonly delta?: Delta } = JSON.parse(data)
        if (event.type === "content_block_delta") sum += lengthOf(event.delta!)
      }
    })
    const reader = response.body!.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return sum
      parser.feed(text.decode(value, { stream: true }))
      if (stopAtText && sum > 0) {
        abort.abort()
        return sum
      }
    }
  }
  return {
    stream: (baseUrl) => read(baseUrl, false),
    fold: (baseUrl) => read(baseUrl, false),
    create: async (baseUrl) => {
      const response = await post(baseUrl, request)
      const message: { readonly content: ReadonlyArray<Delta> } = JSON.parse(await response.text())
      return message.content.reduce((sum, block) => sum + lengthOf(block), 0)
    },
    first: (baseUrl) => read(baseUrl, true),
    memory: (writes) => read("http://localhost", false, fetchOf(writes)),
    close: () => Promise.resolve()
  }
}
