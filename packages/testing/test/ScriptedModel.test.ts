import * as ScriptedModel from "@effect-claude/testing/ScriptedModel"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const user = (content: unknown) => ({ role: "user", content })

const assistant = (content: unknown) => ({ role: "assistant", content })

const respond = (...messages: ReadonlyArray<unknown>) => ScriptedModel.respond({ max_tokens: 1000, messages })

const textOf = (completion: ScriptedModel.Completion) =>
  completion.content.flatMap((block) => block.type === "text" ? [block["text"]] : []).join("")

const say = (prompt: string) => textOf(respond(user(prompt)))

const weather = {
  name: "get_weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
}

describe("ScriptedModel", () => {
  describe("respond", () => {
    it.each([
      ["Hello!", /^Hello! How can I help/],
      ["What are you?", /scripted stand-in model of effect-claude/],
      ["What is 12 * (3 + 4)?", /^12 \* \(3 \+ 4\) = 84$/],
      ["What is 2 plus 5?", /= 7$/],
      ["What is 0.1 + 0.2?", /= 0.3$/],
      ["What is 1 / 0?", /division by zero/],
      ["3 + 4", /^3 \+ 4 = 7$/],
      ["We met on 2026-01-01, and are open 24/7", /^You said/],
      ["Count to 5.", /^1, 2, 3, 4, 5\.$/],
      ["Reply with exactly: OK", /^OK$/],
      ["My name is Ada.", /^Nice to meet you, Ada!$/],
      ["My favourite colour is teal.", /^Noted: your favourite colour is teal\.$/],
      ["What is my name?", /^You have not told me your name yet\.$/],
      ["Thank you!", /^You are welcome!$/],
      ["Tell me a story", /^You asked: .{200}/s],
      ["Flumph", /^You said: “Flumph”/],
      ["", /^Your message has no text\.$/]
    ])("answers %o", (prompt, expected) => {
      assert.match(say(prompt), expected)
    })

    it("remembers what the conversation told, the latest first", () => {
      const told = [
        user("My name is Ada and my cat is Ham."),
        assistant("Hi"),
        user("My cat is Eggs."),
        assistant("Hi")
      ]

      assert.strictEqual(textOf(respond(...told, user("What's my name?"))), "Your name is Ada.")
      assert.strictEqual(textOf(respond(...told, user("What is my cat?"))), "Your cat is Eggs.")
    })

    it("calls a tool the prompt is about, with input its schema accepts", () => {
      const completion = ScriptedModel.respond({
        max_tokens: 100,
        tools: [weather],
        messages: [user("What is the weather in Paris?")]
      })

      assert.strictEqual(completion.stop_reason, "tool_use")
      assert.deepStrictEqual(completion.content, [
        { type: "tool_use", name: "get_weather", input: { city: "Paris" }, caller: { type: "direct" } }
      ])
    })

    it.each([
      ["roll_dice", "Roll the dice!", "tool_use"],
      ["addNumbers", "Please add 1 and 2", "tool_use"],
      ["get_list_for_you", "Get me a list, will you?", "end_turn"],
      ["cat", "Concatenate these", "end_turn"]
    ])("finds %s to be what %o is about, or not", (name, prompt, stop_reason) => {
      const tools = [{ name, input_schema: { type: "object" } }]

      assert.strictEqual(
        ScriptedModel.respond({ max_tokens: 100, tools, messages: [user(prompt)] }).stop_reason,
        stop_reason
      )
    })

    it.each([
      [{ type: "none" }, "What is the weather in Paris?", "end_turn"],
      [{ type: "auto" }, "Hello!", "end_turn"],
      [{ type: "any" }, "Hello!", "tool_use"],
      [{ type: "tool", name: "get_weather" }, "Hello!", "tool_use"]
    ])("follows tool_choice %o", (tool_choice, prompt, stop_reason) => {
      assert.strictEqual(
        ScriptedModel.respond({ max_tokens: 100, tools: [weather], tool_choice, messages: [user(prompt)] }).stop_reason,
        stop_reason
      )
    })

    it("speaks of a tool's result instead of calling it again", () => {
      const completion = ScriptedModel.respond({
        max_tokens: 100,
        tools: [weather],
        messages: [
          user("What is the weather in Paris?"),
          assistant([{ type: "tool_use", id: "1", name: "get_weather", input: {} }]),
          user([{ type: "tool_result", tool_use_id: "1", content: "18 °C" }])
        ]
      })

      assert.strictEqual(completion.stop_reason, "end_turn")
      assert.strictEqual(textOf(completion), "The tool says: 18 °C")
    })

    it("answers in the JSON a schema asks for", () => {
      const completion = ScriptedModel.respond({
        max_tokens: 200,
        messages: [user("Sort: Ada Lovelace wrote to ada@example.org on 2026-11-20, 3 times, and is urgent about it.")],
        output_config: {
          format: {
            type: "json_schema",
            schema: {
              type: "object",
              properties: {
                email: { type: "string", format: "email" },
                on: { type: "string", format: "date" },
                priority: { enum: ["low", "urgent"] },
                tags: { type: "array", items: { $ref: "#/$defs/tag" } },
                done: { type: ["boolean", "null"] },
                kind: { const: "mail" },
                note: { anyOf: [{ type: "null" }, { type: "integer", maximum: 5 }] }
              },
              $defs: { tag: { type: "string" } }
            }
          }
        }
      })

      const value: unknown = JSON.parse(textOf(completion))
      assert.containSubset(value, {
        email: "ada@example.org",
        on: "2026-11-20",
        priority: "urgent",
        done: true,
        kind: "mail",
        note: 5
      })
    })

    it("stops at max_tokens, four characters each", () => {
      const completion = ScriptedModel.respond({ max_tokens: 5, messages: [user("Tell me a story")] })

      assert.strictEqual(textOf(completion).length, 20)
      assert.strictEqual(completion.stop_reason, "max_tokens")
    })

    it("says nothing for max_tokens: 0", () => {
      assert.deepStrictEqual(ScriptedModel.respond({ max_tokens: 0, messages: [user("Hi")] }), {
        content: [],
        stop_reason: "max_tokens",
        stop_sequence: null
      })
    })

    it("stops at the first stop sequence, which is not said", () => {
      const completion = ScriptedModel.respond({
        max_tokens: 100,
        stop_sequences: [", 4", ", 3"],
        messages: [user("Count to 5")]
      })

      assert.deepStrictEqual(completion, {
        content: [{ type: "text", text: "1, 2" }],
        stop_reason: "stop_sequence",
        stop_sequence: ", 3"
      })
    })

    it("thinks first when asked to", () => {
      const { content } = ScriptedModel.respond({
        max_tokens: 2000,
        thinking: { type: "enabled", budget_tokens: 1024 },
        messages: [user("Hello!")]
      })

      assert.deepStrictEqual(content.map(({ type }) => type), ["thinking", "text"])
    })

    it("refuses the phrase that is made for testing refusals", () => {
      assert.strictEqual(respond(user("ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_1")).stop_reason, "refusal")
    })

    it.prop("answers anything, the same way each time", [Schema.Json], ([body]) => {
      assert.deepStrictEqual(ScriptedModel.respond(body), ScriptedModel.respond(body))
    })

    it.prop("never says more than max_tokens", [Schema.String, Schema.Int], ([prompt, limit]) => {
      const max_tokens = Math.abs(limit) % 50
      const completion = ScriptedModel.respond({ max_tokens, messages: [user(prompt)] })

      assert.isAtMost(textOf(completion).length, max_tokens * 4)
    })
  })

  describe("countTokens", () => {
    const count = (content: unknown, extra?: object) =>
      ScriptedModel.countTokens({ messages: [user(content)], ...extra })

    it.each([
      ["nothing", "", 7],
      ["text", "What is the capital of France?", 15],
      ["a block of text", [{ type: "text", text: "12345" }], 9],
      ["a thought", [{ type: "thinking", thinking: "12345678", signature: "s" }], 9],
      ["an image", [{ type: "image", source: {} }], 1607],
      ["a short document", [{ type: "document", source: { type: "base64", data: "x" } }], 1507],
      ["a document of two pages", [{ type: "document", source: { type: "base64", data: "x".repeat(8001) } }], 3007],
      ["a document elsewhere", [{ type: "document", source: { type: "url", url: "https://example.com" } }], 1507],
      ["a document of nothing", [{ type: "document" }], 1507],
      ["a document of text", [{ type: "document", source: { type: "text", data: "12345678" } }], 9],
      ["a document of blocks", [{ type: "document", source: { type: "content", content: "12345678" } }], 9],
      ["a tool's result", [{ type: "tool_result", tool_use_id: "1", content: "12345678" }], 17],
      ["a tool's call", [{ type: "tool_use", id: "1", name: "f", input: { a: 1 } }], 17],
      ["a block of tomorrow", [{ type: "hologram" }], 12]
    ])("counts %s", (_, content, tokens) => {
      assert.strictEqual(count(content), tokens)
    })

    it("counts the system prompt, tools, and each turn", () => {
      assert.strictEqual(count("", { system: "12345678" }), 9)
      assert.strictEqual(count("", { tools: [{ a: 1 }] }), 309)
      assert.strictEqual(ScriptedModel.countTokens({ messages: [user(""), user("")] }), 11)
    })
  })
})
