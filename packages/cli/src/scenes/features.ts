/**
 * Scenes of what the SDK does with one request.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as Cost from "@effect-claude/core/Cost"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Batches from "@effect-claude/http/Batches"
import * as Claude from "@effect-claude/http/Claude"
import * as Files from "@effect-claude/http/Files"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Models from "@effect-claude/http/Models"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Render from "../Render.ts"
import { answer, fact, flow, model, question, say, type Scene } from "./Scene.ts"

const pixel = Result.getOrElse(
  Base64.decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
  ),
  () => new Uint8Array(0)
)

const Teapot = Schema.Struct({ maker: Schema.String, year: Schema.Int })

const handbook = "Article 1. The teapot is to be warmed before the tea is made. ".repeat(120)

/**
 * The scenes.
 *
 * @category scenes
 * @since 0.1.0
 */
export const features: ReadonlyArray<Scene> = [
  {
    name: "ask",
    kind: "feature",
    title: "One question, one answer",
    about: "A request is a value, sending it an Effect. The answer says why it ended and what it used.",
    code: "Messages.create({\n  model, max_tokens: 1024, messages: [MessageRequest.user(\"What is 6 * 7?\")]\n})",
    run: Effect.flatMap(Messages.create(question("What is 6 * 7?")), answer)
  },
  {
    name: "stream",
    kind: "feature",
    title: "Text as it is written",
    about: "A stream ends normally if and only if message_stop was seen. Leaving it closes the connection at once.",
    code: "Messages.stream(request).pipe(MessageStream.text, Stream.runForEach(print))",
    script: Script.model().pipe(Script.slow("10 millis")),
    run: Effect.flatMap(
      flow((write) =>
        Messages.stream(question("Tell me a story", { max_tokens: 60 })).pipe(
          MessageStream.tapText(write),
          MessageStream.final
        )
      ),
      (message) => fact("stop_reason", message.stop_reason ?? "none")
    )
  },
  {
    name: "thinking",
    kind: "feature",
    title: "What the model thinks first",
    about: "Thinking arrives as a stream of its own, before the text.",
    code:
      "Messages.create({\n  …, thinking: { type: \"enabled\", budget_tokens: 1024 }\n}).pipe(Effect.map(Message.thinking))",
    run: Effect.gen(function*() {
      const message = yield* Messages.create(question("What is 6 * 7?", {
        model: "claude-haiku-4-5",
        max_tokens: 2048,
        thinking: { type: "enabled", budget_tokens: 1024 }
      }))
      yield* fact("thinking", Message.thinking(message))
      yield* fact("answer", Message.text(message))
    })
  },
  {
    name: "structured",
    kind: "feature",
    title: "JSON that matches a schema",
    about: "The API is given a JSON Schema and answers in JSON that matches it; a Schema decodes it.",
    code: "Messages.create({\n  …, output_config: { format: { type: \"json_schema\", schema } }\n})",
    script: Script.reply("{\"maker\":\"Utah & Sons\",\"year\":1975}"),
    run: Effect.gen(function*() {
      const message = yield* Messages.create(question("Invent a teapot.", {
        output_config: {
          format: {
            type: "json_schema",
            schema: {
              type: "object",
              properties: { maker: { type: "string" }, year: { type: "integer" } },
              required: ["maker", "year"],
              additionalProperties: false
            }
          }
        }
      }))
      yield* fact("text", Message.text(message))
      const teapot = yield* Schema.decodeEffect(Schema.fromJsonString(Teapot))(Message.text(message))
      yield* fact("decoded", `a teapot by ${teapot.maker} of ${teapot.year}`)
    })
  },
  {
    name: "vision",
    kind: "feature",
    title: "Images and documents",
    about: "Bytes, addresses and uploaded files become content blocks.",
    code: "MessageRequest.user([\n  Content.image(bytes, \"image/png\"), Content.pdfUrl(url), Content.text(\"…\")\n])",
    run: Effect.flatMap(
      Messages.create(question("", {
        messages: [
          MessageRequest.user([
            Content.image(pixel, "image/png"),
            Content.documentText("Utah, 1975."),
            Content.text("What is this?")
          ])
        ]
      })),
      answer
    )
  },
  {
    name: "caching",
    kind: "feature",
    title: "A prompt that is cached",
    about: "What comes before a cache breakpoint is kept by the API. Reading it again costs a tenth or less.",
    code: "system: [{\n  type: \"text\", text: handbook, cache_control: { type: \"ephemeral\" }\n}]",
    run: Effect.gen(function*() {
      const ask = (text: string) =>
        Messages.create(question(text, {
          system: [{ type: "text", text: handbook, cache_control: { type: "ephemeral" } }]
        }))
      for (const [name, text] of [["first", "What is 1 + 1?"], ["second", "What is 2 + 2?"]] as const) {
        const message = yield* ask(text)
        const cost = yield* Cost.ofMessageEffect(message)
        yield* fact(
          name,
          `${Render.tokens(Usage.totals(message.usage))}: ${Render.cost(Option.map(cost, Cost.total))}`
        )
      }
    })
  },
  {
    name: "count",
    kind: "feature",
    title: "Tokens, before anything is spent",
    about:
      "An estimate here with its margin, a count by the API, and a warning when a prompt fills 85 % of the window.",
    code: "TokenEstimate.ofRequest(request)\nMessages.countTokens(request)\nTokenEstimate.warnAt(model, tokens)",
    run: Effect.gen(function*() {
      const request = question("Why is the sky blue, and why is it red in the evening?")
      const { margin, tokens } = TokenEstimate.ofRequest(request)
      yield* fact("estimate", `about ${tokens}, give or take ${margin}`)
      yield* fact("count", String((yield* Messages.countTokens(request)).input_tokens))
      const warning = TokenEstimate.warnAt("claude-haiku-4-5", 180_000)
      if (Option.isSome(warning)) {
        yield* fact("warning", `180,000 tokens are ${100 * warning.value.share} % of the window of claude-haiku-4-5`)
      }
    })
  },
  {
    name: "models",
    kind: "feature",
    title: "Lists that ask for the next page by themselves",
    about: "Models, batches and files are Streams: taking five asks for no more pages than that needs.",
    code: "Models.list().pipe(Stream.take(5))",
    run: Effect.flatMap(
      Stream.runCollect(Stream.take(Models.list({ limit: 2 }), 5)),
      (found) => {
        const longest = Math.max(...found.map(({ id }) => id.length))
        return Effect.forEach(found, ({ display_name, id }) => fact(id.padEnd(longest), display_name), {
          discard: true
        })
      }
    )
  },
  {
    name: "batch",
    kind: "feature",
    title: "Many requests at half the price",
    about: "A stream of requests is split into batches, waited for, and read line by line.",
    code: "Batches.runAll(requests)",
    run: Stream.fromIterable([2, 3, 4]).pipe(
      Stream.map((n) => ({ custom_id: `sum-${n}`, params: question(`What is ${n} + ${n}?`) })),
      (requests) => Batches.runAll(requests, { schedule: Schedule.spaced("100 millis") }),
      Stream.runForEach(({ custom_id, result }) =>
        fact(custom_id, result.type === "succeeded" ? Message.text(result.message) : result.type)
      )
    )
  },
  {
    name: "files",
    kind: "feature",
    title: "Files, referred to by id",
    about: "Uploaded once, used in any number of requests.",
    code: "Files.upload(bytes, { filename: \"notes.txt\", mediaType: \"text/plain\" })",
    run: Effect.gen(function*() {
      const file = yield* Files.upload(new TextEncoder().encode("Warm the pot first."), {
        filename: "notes.txt",
        mediaType: "text/plain"
      })
      yield* fact("uploaded", `${file.filename} as ${file.id}, ${Render.bytes(file.size_bytes)}`)
      const message = yield* Messages.create(question("", {
        messages: [MessageRequest.user([Content.documentFile(file.id), Content.text("What does it say?")])]
      }))
      yield* fact("answer", Message.text(message))
      yield* Files.delete(file.id)
      yield* fact("deleted", file.id)
    })
  },
  {
    name: "refusal",
    kind: "feature",
    title: "A refusal is an answer",
    about: "It comes with status 200 and is no error; helpers see it, and what is known of the reason.",
    code: "if (Message.isRefusal(message)) …",
    script: Script.refusal("The request could help to break into a teapot."),
    run: Effect.gen(function*() {
      const message = yield* Messages.create(question("How do I break in?"))
      yield* fact("stop_reason", message.stop_reason ?? "none")
      yield* fact("isRefusal", String(Message.isRefusal(message)))
      yield* fact("why", Option.getOrUndefined(Message.refusal(message))?.explanation ?? "not told")
    })
  },
  {
    name: "timeouts",
    kind: "feature",
    title: "Time limits that are types",
    about: "Each phase has its own limit, scoped to one call if need be. A deliberately tiny one shows the type.",
    code: "Messages.create(request).pipe(\n  Claude.withTimeouts({ jsonHeaders: \"1 millis\" })\n)",
    script: Script.reply("too late").pipe(Script.delay("2 seconds")),
    options: { retry: RetryPolicy.never },
    run: Effect.gen(function*() {
      const start = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(
        Messages.create(question("Hello")).pipe(Claude.withTimeouts({ jsonHeaders: "1 millis" }))
      )
      yield* fact("error", error._tag)
      yield* fact("phase", error._tag === "ClaudeTimeoutError" ? error.phase : "none")
      yield* fact("after", Render.duration((yield* Clock.currentTimeMillis) - start))
    })
  },
  {
    name: "version",
    kind: "feature",
    title: "Two versions of the API",
    about:
      "2026-10-21 refuses what 2023-06-01 accepts. A request that breaks the version's rules is refused here, before it is sent.",
    code: "Messages.create({ …, temperature: 0.5 }).pipe(\n  Claude.withVersion(\"2026-10-21\")\n)",
    run: Effect.gen(function*() {
      const request = question("Hello", { model: "claude-haiku-4-5", temperature: 0.5 })
      const message = yield* Messages.create(request)
      yield* fact("2023-06-01", Message.text(message))
      const error = yield* Effect.flip(Claude.withVersion(Messages.create(request), "2026-10-21"))
      yield* fact("2026-10-21", error.message)
    })
  },
  {
    name: "prices",
    kind: "feature",
    title: "What an answer costs",
    about: "By class of token, from a dated catalogue that a program can override.",
    code: "Cost.ofMessageEffect(message)",
    run: Effect.gen(function*() {
      const message = yield* Messages.create(question("Tell me a story"))
      const cost = yield* Cost.ofMessageEffect(message)
      if (Option.isNone(cost)) return yield* say(`${model} has no price here.`)
      yield* fact("input", Render.money(cost.value.input))
      yield* fact("output", Render.money(cost.value.output))
      yield* fact("together", Render.money(Cost.total(cost.value)))
    })
  }
]
