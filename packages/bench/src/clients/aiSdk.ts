/**
 * The Vercel AI SDK's Anthropic provider, called as a model and without the
 * rest of that SDK.
 *
 * @since 0.1.0
 */
import { createAnthropic } from "@ai-sdk/anthropic"
import { type Client, fetchOf, request } from "../Client.ts"

const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hello" }] }]

/**
 * The Vercel AI SDK's provider.
 *
 * @category clients
 * @since 0.1.0
 */
export const make = (): Client => {
  const model = (baseUrl: string, fetch = globalThis.fetch) =>
    createAnthropic({ apiKey: "sk-ant-bench", baseURL: `${baseUrl}/v1`, fetch })(request.model)
  const stream = async (baseUrl: string, stopAtText: boolean, fetch?: typeof globalThis.fetch): Promise<number> => {
    const result = await model(baseUrl, fetch).doStream({ prompt, maxOutputTokens: request.max_tokens })
    const reader = result.stream.getReader()
    let sum = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return sum
      if (value.type === "text-delta" || value.type === "reasoning-delta" || value.type === "tool-input-delta") {
        sum += value.delta.length
        if (stopAtText) {
          await reader.cancel()
          return sum
        }
      }
    }
  }
  return {
    stream: (baseUrl) => stream(baseUrl, false),
    fold: (baseUrl) => stream(baseUrl, false),
    create: async (baseUrl) => {
      const { content } = await model(baseUrl).doGenerate({ prompt, maxOutputTokens: request.max_tokens })
      return content.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0)
    },
    first: (baseUrl) => stream(baseUrl, true),
    memory: (writes) => stream("http://localhost", false, fetchOf(writes)),
    close: () => Promise.resolve()
  }
}
