/**
 * The official SDK: `create({ stream: true })` event by event, and its
 * `messages.stream()` helper where a message is wanted.
 *
 * @since 0.1.0
 */
import Anthropic from "@anthropic-ai/sdk"
import { type Client, fetchOf, request } from "../Client.ts"

/**
 * The official SDK.
 *
 * @category clients
 * @since 0.1.0
 */
export const make = (): Client => {
  const clients = new Map<string, Anthropic>()
  const at = (baseURL: string): Anthropic => {
    const client = clients.get(baseURL) ?? new Anthropic({ apiKey: "sk-ant-bench", baseURL })
    clients.set(baseURL, client)
    return client
  }
  const charactersIn = (message: Anthropic.Message): number =>
    message.content.reduce((sum, block) =>
      sum + (block.type === "text"
        ? block.text.length
        : block.type === "thinking"
        ? block.thinking.length
        : block.type === "tool_use"
        ? JSON.stringify(block.input).length
        : 0), 0)
  const stream = async (client: Anthropic): Promise<number> => {
    let sum = 0
    for await (const event of await client.messages.create({ ...request, stream: true })) {
      if (event.type !== "content_block_delta") continue
      const { delta } = event
      if (delta.type === "text_delta") sum += delta.text.length
      else if (delta.type === "thinking_delta") sum += delta.thinking.length
      else if (delta.type === "input_json_delta") sum += delta.partial_json.length
    }
    return sum
  }
  return {
    stream: (baseUrl) => stream(at(baseUrl)),
    fold: async (baseUrl) => charactersIn(await at(baseUrl).messages.stream(request).finalMessage()),
    create: async (baseUrl) => charactersIn(await at(baseUrl).messages.create(request)),
    first: async (baseUrl) => {
      for await (const event of await at(baseUrl).messages.create({ ...request, stream: true })) {
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") return event.delta.text.length
      }
      return 0
    },
    memory: (writes) => stream(new Anthropic({ apiKey: "sk-ant-bench", fetch: fetchOf(writes) })),
    close: () => Promise.resolve()
  }
}
