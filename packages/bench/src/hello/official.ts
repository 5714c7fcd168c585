import Anthropic from "@anthropic-ai/sdk"
import { report } from "./report.ts"

const client = new Anthropic({ apiKey: "key", baseURL: report.url, dangerouslyAllowBrowser: true })
const stream = await client.messages.create({
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello" }],
  stream: true
})
for await (const event of stream) {
  if (event.type === "content_block_delta" && event.delta.type === "text_delta") console.log(event.delta.text)
}
report.end()
