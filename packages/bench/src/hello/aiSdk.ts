import { createAnthropic } from "@ai-sdk/anthropic"
import { streamText } from "ai"
import { report } from "./report.ts"

const model = createAnthropic({ apiKey: "key", baseURL: `${report.url}/v1` })("claude-sonnet-5-5")
const { textStream } = streamText({ model, prompt: "Hello", maxOutputTokens: 1024 })
for await (const text of textStream) console.log(text)
report.end()
