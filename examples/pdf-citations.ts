// How do I ask about a document, and see which passage each sentence rests on?
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const report = "The teapot was made in 1842. Its lid was lost in a storm. It was mended twice."

const program = Effect.gen(function*() {
  const message = yield* Messages.create({
    model: "claude-sonnet-5-5",
    max_tokens: 500,
    messages: [
      MessageRequest.user([
        // A PDF works the same way: Content.pdf(bytes, { citations: true }) or Content.pdfUrl("https://…").
        Content.documentText(report, { title: "The teapot", citations: true }),
        Content.text("When was it made, and what happened to its lid?")
      ])
    ]
  })

  yield* Console.log(`${Message.text(message)}\n`)

  // Cited text comes in blocks of its own, each with the passages it rests on. Where a passage is depends on the document.
  for (const { citations, text } of Message.citations(message)) {
    for (const citation of citations) {
      yield* Console.log(
        `"${text.trim()}"\n   rests on: ${"cited_text" in citation ? citation.cited_text : citation.type}`
      )
    }
  }
})

// Offline, a canned answer stands in: the scripted model cannot read.
const cite = (start: number, end: number) => ({
  type: "char_location",
  cited_text: report.slice(start, end),
  document_index: 0,
  document_title: "The teapot",
  start_char_index: start,
  end_char_index: end
} as const)
const script = Script.message({
  content: [
    { type: "text", text: "It was made in 1842", citations: [cite(0, 28)] },
    { type: "text", text: ", and " },
    { type: "text", text: "its lid was lost in a storm", citations: [cite(29, 57)] },
    { type: "text", text: "." }
  ]
})

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
