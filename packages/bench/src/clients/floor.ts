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
  const read = (baseUrl: string, stopAtText: boolean): Promise<number> =>
    new Promise((resolve, reject) => {
      const { origin, pathname } = new URL(`${baseUrl}/v1/messages`)
      const take = reader()
      let sum = 0
      let stop: (() => void) | undefined
      agent.dispatch(
        { origin, path: pathname, method: "POST", headers, body: JSON.stringify({ ...request, stream: true }) },
        {
          onRequestStart: (controller) => {
            stop = () => controller.abort(new Error("enough"))
          },
          onResponseStart: () => {},
          onResponseData: (_controller, chunk) => {
            sum = take(chunk)
            if (stopAtText && sum > 0) {
              resolve(sum)
              stop?.()
            }
          },
          onResponseEnd: () => resolve(sum),
          onResponseError: (_controller, error) => reject(error)
        }
      )
    })
  return {
    stream: (baseUrl) => read(baseUrl, false),
    fold: (baseUrl) => read(baseUrl, false),
    create: async (baseUrl) => {
      const { body } = await Undici.request(`${baseUrl}/v1/messages`, {
        method: "POST",
        headers,
        body: JSON.stringify(request),
        dispatcher: agent
      })
      const message: { readonly content: ReadonlyArray<Delta> } = JSON.parse(await body.text())
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
