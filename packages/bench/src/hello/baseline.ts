import { createParser } from "eventsource-parser"
import { report } from "./report.ts"

const response = await fetch(`${report.url}/v1/messages`, {
  method: "POST",
  headers: { "content-type": "application/json", "x-api-key": "key", "anthropic-version": "2023-06-01" },
  body: JSON.stringify({
    model: "claude-sonnet-5-5",
    max_tokens: 1024,
    messages: [{ role: "user", content: "Hello" }],
    stream: true
  })
})
const text = new TextDecoder()
const parser = createParser({
  onEvent: ({ data }) => {
    const event = JSON.parse(data)
    if (event.type === "content_block_delta") console.log(event.delta.text)
  }
})
const reader = response.body!.getReader()
for (;;) {
  const { done, value } = await reader.read()
  if (done) break
  parser.feed(text.decode(value, { stream: true }))
}
report.end()
