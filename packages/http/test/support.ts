/** The scripted API under `Claude`, and what tests ask of it. */
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import type { Script } from "@effect-claude/testing/Script"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** The key of every test: it must turn up nowhere. */
export const key = "sk-ant-test-0123456789"

/** `Claude` over the scripted API in process. */
export const layer = (
  script: Script,
  options?: ClaudeConfig.Options,
  test?: ClaudeTest.Options
): Layer.Layer<Claude.Claude | ClaudeTest.ClaudeTest, ClaudeConfig.ClaudeConfigError> =>
  Layer.provideMerge(
    Claude.layer({ apiKey: Redacted.make(key), ...options }),
    ClaudeTest.layer(script, test)
  )

/** A short question. */
export const question = {
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello" }]
} as const satisfies MessageRequest
