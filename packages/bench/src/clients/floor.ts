/**
 * The least that can be done: undici's bytes, `indexOf` for the blank line, and
 * `JSON.parse`. Nothing else is right about it.
 *
 * @since 0.1.0
 */
import * as Undici from "undici"
import { type Client, request } from "../Client.ts"

const headers = { "content-type": "application/json", "x-api-key": "sk-ant-bench", "anthropic-version": "2023-06-01" }

interface Delta {
  readonly text?: string
  readonly thinking?: string
  readonly partial_json?: string
}

const lengthOf = (delta: Delta): number => (delta.text ?? delta.thinking ?? delta.partial_json ?? "").length

/**
 * The floor.
 *
 * @category clients
 * @since 0.1.0
 */
export const make = (): Client => {
  const agent = new Undici.Agent()
  /** Takes chunks, and returns how many characters have come so far. */
  const reader = (): (chunk: Uint8Array) => number => {
    const text = new TextDecoder()
    let rest = ""
    let sum = 0
    return (chunk) => {
      rest += text.decode(chunk, { stream: true })
      let start = 0
      for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n", start)) {
        const event: { readonly type: string; readonly delta?: Delta } = JSON.parse(
          rest.slice(rest.indexOf("data: ", start) + 6, end)
        )
        if (event.type === "content_block_delta") sum += lengthOf(event.delta!)
        start = end + 2
      }
      rest = rest.slice(start)
      return sum
    }
  }
  const dispatch = (baseUrl: string, body: object, take: (chunk: Uint8Array, stop: () => void) => void) =>
    new Promise<void>((resolve, reject) => {
      const { origin, pathname } = new URL(`${baseUrl}/v1/messages`)
      agent.dispatch(
        { origin, path: pathname, method: "POST", headers, body: JSON.stringify(body) },
        {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: (controller, chunk) =>
            take(chunk, () => {
              resolve()
              // What has arrived is gone through first: a response that is whole leaves its connection usable.
              queueMicrotask(() => controller.abort(new Error("enough")))
            }),
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, error) => reject(error)
        }
      )
    })
  const read = async (baseUrl: string, stopAtText: boolean): Promise<number> => {
    const reading = reader()
    let sum = 0
    await dispatch(baseUrl, { ...request, stream: true }, (chunk, stop) => {
      sum = reading(chunk)
      if (stopAtText && sum > 0) stop()
    })
    return sum
  }
  return {
    stream: (baseUrl) => read(baseUrl, false),
    fold: (baseUrl) => read(baseUrl, false),
    create: async (baseUrl) => {
      const text = new TextDecoder()
      let body = ""
      await dispatch(baseUrl, request, (chunk) => {
        body += text.decode(chunk, { stream: true })
      })
      const message: { readonly content: ReadonlyArray<Delta> } = JSON.parse(body)
      return message.content.reduce((sum, block) => sum + lengthOf(block), 0)
    },
    first: (baseUrl) => read(baseUrl, true),
    memory: (writes) => {
      const take = reader()
      let sum = 0
      for (const write of writes) sum = take(write)
      return Promise.resolve(sum)
    },
    close: () => agent.close()
  }
}
