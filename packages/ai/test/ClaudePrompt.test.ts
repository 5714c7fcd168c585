import * as ClaudePrompt from "@effect-claude/ai/ClaudePrompt"
import * as RequestCheck from "@effect-claude/testing/RequestCheck"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Result, Schema } from "effect"
import { Prompt } from "effect/ai"

const convert = (input: Prompt.RawInput, options?: ClaudePrompt.Options) =>
  Result.getOrThrow(ClaudePrompt.fromPrompt(Prompt.make(input), options))

/** Turns as a test compares them. */
const messages = (
  ...input: ReadonlyArray<Prompt.MessageEncoded>
): ReadonlyArray<{ readonly role: string; readonly content?: unknown }> => convert(input).messages

const file = (part: Omit<Prompt.FilePartEncoded, "type">) => {
  const [message] = messages({ role: "user", content: [{ type: "file", ...part }] })
  return Array.isArray(message?.content) ? message.content[0] : message?.content
}

const cache_control = { type: "ephemeral" } as const

const call = (id: string, options?: Prompt.ToolCallPartOptions): Prompt.ToolCallPartEncoded => ({
  type: "tool-call",
  id,
  name: "weather",
  params: { city: "Oslo" },
  options
})

const result = (id: string, value: unknown = "22 °C"): Prompt.ToolResultPartEncoded => ({
  type: "tool-result",
  id,
  name: "weather",
  isFailure: false,
  result: value
})

const interrupted = (id: string) => ({
  type: "tool_result",
  tool_use_id: id,
  content: "There is no result: the call was interrupted before it could be answered.",
  is_error: true
})

const use = (id: string) => ({ type: "tool_use", id, name: "weather", input: { city: "Oslo" } })

const answer = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "22 °C" })

describe("ClaudePrompt", () => {
  describe("system messages", () => {
    it("become the system prompt where they come first", () => {
      const { messages, system } = convert([
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" }
      ])

      assert.strictEqual(system, "Be brief.")
      assert.deepStrictEqual(messages, [{ role: "user", content: "Hello" }])
    })

    it("become blocks where there are several or one is cached", () => {
      const { system } = convert([
        { role: "system", content: "A", options: { claude: { cache_control } } },
        { role: "system", content: "B" },
        { role: "user", content: "Hello" }
      ])

      assert.deepStrictEqual(system, [{ type: "text", text: "A", cache_control }, { type: "text", text: "B" }])
    })

    it("stay where they stand later, unless the model knows no other place than the top", () => {
      const input = [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi!" },
        { role: "system", content: "Now in French." },
        { role: "user", content: "And?" }
      ] as const

      assert.deepStrictEqual(convert(input).messages.map(({ role }) => role), ["user", "assistant", "system", "user"])
      assert.isUndefined(convert(input).system)
      const top = convert(input, { systemMessages: "top" })
      assert.deepStrictEqual(top.messages.map(({ role }) => role), ["user", "assistant", "user"])
      assert.strictEqual(top.system, "Now in French.")
    })

    it("are left out where they are blank", () => {
      assert.isUndefined(convert([{ role: "system", content: " " }, { role: "user", content: "Hello" }]).system)
    })
  })

  describe("files", () => {
    it.each([
      ["bytes", new Uint8Array([104, 105]), { type: "base64", media_type: "image/png", data: "aGk=" }],
      ["Base64", "aGk=", { type: "base64", media_type: "image/png", data: "aGk=" }],
      ["a data URL", "data:image/gif;base64,aGk=", { type: "base64", media_type: "image/gif", data: "aGk=" }],
      ["a URL", new URL("https://example.com/a.png"), { type: "url", url: "https://example.com/a.png" }],
      ["a URL as text", "https://example.com/a.png", { type: "url", url: "https://example.com/a.png" }]
    ])("show an image given as %s", (_, data, source) => {
      assert.deepStrictEqual(file({ mediaType: "image/png", data }), { type: "image", source })
    })

    it.each([
      ["iVBORw0KGgo", "image/png"],
      ["R0lGODlh", "image/gif"],
      ["UklGRhIA", "image/webp"],
      ["/9j/4AAQ", "image/jpeg"]
    ])("tell the type of an image that does not say it: %s", (data, media_type) => {
      assert.deepStrictEqual(file({ mediaType: "image/*", data }), {
        type: "image",
        source: { type: "base64", media_type, data }
      })
    })

    it("show a PDF with its title, its context and its citations", () => {
      const options = { claude: { context: "A draft.", citations: { enabled: true }, cache_control } }

      assert.deepStrictEqual(
        file({ mediaType: "application/pdf", data: new Uint8Array([104, 105]), fileName: "plan.pdf", options }),
        {
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: "aGk=" },
          title: "plan.pdf",
          context: "A draft.",
          citations: { enabled: true },
          cache_control
        }
      )
    })

    it.each(["text/plain", "text/csv", "application/json", "application/ld+json"])(
      "show %s as a text document",
      (mediaType) => {
        assert.deepStrictEqual(file({ mediaType, data: new TextEncoder().encode("héllo") }), {
          type: "document",
          source: { type: "text", media_type: "text/plain", data: "héllo" }
        })
        assert.deepStrictEqual(file({ mediaType, data: "not Base64!" }), {
          type: "document",
          source: { type: "text", media_type: "text/plain", data: "not Base64!" }
        })
      }
    )

    it("name an uploaded file by its id", () => {
      const options = { claude: { file_id: "file_1" } }

      assert.deepStrictEqual(file({ mediaType: "application/pdf", data: "", options }), {
        type: "document",
        source: { type: "file", file_id: "file_1" }
      })
      assert.deepStrictEqual(file({ mediaType: "image/png", data: "", options }), {
        type: "image",
        source: { type: "file", file_id: "file_1" }
      })
    })

    it.each([["video/mp4", "images, PDFs or text"], ["image/tiff", "JPEG"]])("refuse %s", (mediaType, words) => {
      const prompt = Prompt.make([{
        role: "user",
        content: [{ type: "file", mediaType, data: "aGk=", fileName: "it" }]
      }])

      const problem = Result.getFailure(ClaudePrompt.fromPrompt(prompt))
      assert.isTrue(Option.isSome(problem))
      if (Option.isSome(problem)) {
        assert.include(problem.value.description, words)
        assert.include(problem.value.description, "it: ")
      }
    })
  })

  describe("cache breakpoints", () => {
    it("go on the part that has them", () => {
      assert.deepStrictEqual(
        messages({ role: "user", content: [{ type: "text", text: "A", options: { claude: { cache_control } } }] }),
        [{ role: "user", content: [{ type: "text", text: "A", cache_control }] }]
      )
    })

    it("pass over thinking, which takes none", () => {
      const [, sent] = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [
          { type: "text", text: "Hi!" },
          { type: "reasoning", text: "Hm.", options: { claude: { block: { type: "thinking", signature: "c2ln" } } } }
        ],
        options: { claude: { cache_control } }
      })

      assert.deepStrictEqual(sent?.content, [
        { type: "text", text: "Hi!", cache_control },
        { type: "thinking", thinking: "Hm.", signature: "c2ln" }
      ])
    })

    it("go on the last block of a message that has them, results of tools too", () => {
      const sent = messages(
        {
          role: "user",
          content: [{ type: "text", text: "A" }, { type: "text", text: "B" }],
          options: { claude: { cache_control } }
        },
        { role: "assistant", content: [call("t1"), call("t2")] },
        { role: "tool", content: [result("t1"), result("t2")], options: { claude: { cache_control } } }
      )

      assert.deepStrictEqual(sent, [
        { role: "user", content: [{ type: "text", text: "A" }, { type: "text", text: "B", cache_control }] },
        { role: "assistant", content: [use("t1"), use("t2")] },
        { role: "user", content: [answer("t1"), { ...answer("t2"), cache_control }] }
      ])
    })
  })

  describe("results of tools", () => {
    it("leave out blank text of what the tool shows the model", () => {
      const modelOutput = [{ type: "text", text: " " }, { type: "text", text: "Fine." }] as const
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [call("t1")] },
        { role: "tool", content: [{ ...result("t1"), modelOutput }] }
      )

      assert.deepStrictEqual(sent[2]?.content, [
        { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "Fine." }] }
      ])
    })

    it("stay where they stand if the prompt does not have their call", () => {
      const sent = messages({ role: "tool", content: [result("t0")] }, { role: "user", content: "Hello" })

      assert.deepStrictEqual(sent, [{ role: "user", content: [answer("t0"), { type: "text", text: "Hello" }] }])
    })

    it.each([
      ["text", "22 °C", { content: "22 °C" }],
      ["a value, as JSON", { degrees: 22 }, { content: `{"degrees":22}` }],
      ["nothing", undefined, {}],
      ["an empty text", "", {}]
    ])("are %s", (_, value, expected) => {
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [call("t1")] },
        { role: "tool", content: [{ ...result("t1"), result: value }] }
      )

      assert.deepStrictEqual(sent[2]?.content, [{ type: "tool_result", tool_use_id: "t1", ...expected }])
    })

    it("say that they are failures", () => {
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [call("t1")] },
        { role: "tool", content: [{ ...result("t1", "No."), isFailure: true }] }
      )

      assert.deepStrictEqual(sent[2]?.content, [{
        type: "tool_result",
        tool_use_id: "t1",
        content: "No.",
        is_error: true
      }])
    })

    it("are what the tool shows the model, images too", () => {
      const modelOutput = [
        { type: "text", text: "A screenshot:" },
        { type: "file", mediaType: "image/png", data: "aGk=" }
      ] as const
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [call("t1")] },
        { role: "tool", content: [{ ...result("t1"), modelOutput }] }
      )

      assert.deepStrictEqual(sent[2]?.content, [{
        type: "tool_result",
        tool_use_id: "t1",
        content: [
          { type: "text", text: "A screenshot:" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } }
        ]
      }])
    })

    it("come first in the turn after their calls, in the order of the calls", () => {
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [call("t1"), call("t2")] },
        { role: "user", content: "Wait." },
        { role: "tool", content: [result("t2"), result("t1")] }
      )

      assert.deepStrictEqual(sent[2], {
        role: "user",
        content: [answer("t1"), answer("t2"), { type: "text", text: "Wait." }]
      })
    })

    it("stand after their call even where an approval came between", () => {
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [call("t1")] },
        { role: "assistant", content: "It is done." },
        { role: "tool", content: [result("t1")] }
      )

      assert.deepStrictEqual(sent, [
        { role: "user", content: "Hello" },
        { role: "assistant", content: [use("t1")] },
        { role: "user", content: [answer("t1")] },
        { role: "assistant", content: "It is done." }
      ])
    })

    it("are an error that says so where a call was interrupted", () => {
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [call("t1"), call("t2")] },
        { role: "tool", content: [result("t1")] },
        { role: "user", content: "Again" }
      )

      assert.deepStrictEqual(sent[2]?.content, [answer("t1"), interrupted("t2"), { type: "text", text: "Again" }])
    })

    it("answer a call that ends the prompt", () => {
      const sent = messages({ role: "user", content: "Hello" }, { role: "assistant", content: [call("t1")] })

      assert.deepStrictEqual(sent[2], { role: "user", content: [interrupted("t1")] })
    })
  })

  describe("calls of tools", () => {
    it("of Anthropic's go by their names on the wire", () => {
      const [, sent] = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [{ type: "tool-call", id: "t1", name: "ClaudeBash", params: { command: "ls" } }]
      })

      assert.deepStrictEqual(sent?.content, [{ type: "tool_use", id: "t1", name: "bash", input: { command: "ls" } }])
    })

    it("of a toolset name the member and the toolset, and so does the result", () => {
      const sent = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [{
          type: "tool-call",
          id: "t1",
          name: "ClaudeComputerToolset",
          params: { member: "screenshot", input: {} }
        }]
      }, {
        role: "tool",
        content: [{
          type: "tool-result",
          id: "t1",
          name: "ClaudeComputerToolset",
          isFailure: false,
          result: [{ type: "image", source: { type: "file", file_id: "f" } }]
        }]
      })

      assert.deepStrictEqual(sent[1]?.content, [
        { type: "tool_use", id: "t1", name: "screenshot", input: {}, toolset_name: "computer" }
      ])
      assert.deepStrictEqual(sent[2]?.content, [{
        type: "tool_result",
        tool_use_id: "t1",
        content: [{ type: "image", source: { type: "file", file_id: "f" } }],
        toolset_name: "computer"
      }])
    })

    it("with an input that is not an object carry it in one", () => {
      const [, sent] = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [{ ...call("t1"), params: `{"city":"Os` }]
      })

      assert.deepStrictEqual(sent?.content, [{ ...use("t1"), input: { INVALID_JSON: `{"city":"Os` } }])
    })

    it("of the server's that were cut off are left out of a turn that is over, and kept in one to go on with", () => {
      const search: Prompt.ToolCallPartEncoded = {
        type: "tool-call",
        id: "s1",
        name: "ClaudeWebSearch",
        params: { query: "x" },
        providerExecuted: true,
        options: { claude: { block: { type: "server_tool_use", name: "web_search" } } }
      }
      const block = { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "x" } }
      const turn = { role: "assistant", content: [{ type: "text", text: "Let me see." }, search] } as const

      assert.deepStrictEqual(messages({ role: "user", content: "Hello" }, turn)[1]?.content, [
        { type: "text", text: "Let me see." },
        block
      ])
      assert.deepStrictEqual(
        messages({ role: "user", content: "Hello" }, turn, { role: "user", content: "Go on" })[1]?.content,
        "Let me see."
      )
    })

    it("of the server's that wait for a call of the caller's are kept", () => {
      const caller = { type: "code_execution_20260120", tool_id: "s1" }
      const sent = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [
          {
            type: "tool-call",
            id: "s1",
            name: "ClaudeCodeExecution",
            params: { code: "weather()" },
            providerExecuted: true,
            options: { claude: { block: { type: "server_tool_use", name: "code_execution" } } }
          },
          call("t1", { claude: { block: { type: "tool_use", caller } } })
        ]
      }, { role: "tool", content: [result("t1")] })

      assert.deepStrictEqual(sent[1]?.content, [
        { type: "server_tool_use", id: "s1", name: "code_execution", input: { code: "weather()" } },
        { ...use("t1"), caller }
      ])
    })

    it("and answers in a row, as after a pause, are one turn", () => {
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: "One." },
        { role: "assistant", content: "Two." },
        { role: "user", content: "And?" }
      )

      assert.deepStrictEqual(sent[1], {
        role: "assistant",
        content: [{ type: "text", text: "One." }, { type: "text", text: "Two." }]
      })
    })

    it("of another provider's server are left out with their results", () => {
      const sent = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [
          { type: "text", text: "Found." },
          { type: "tool-call", id: "ws_1", name: "OtherSearch", params: {}, providerExecuted: true },
          { ...result("ws_1"), name: "OtherSearch", providerExecuted: true }
        ]
      }, { role: "user", content: "And?" })

      assert.deepStrictEqual(sent[1], { role: "assistant", content: "Found." })
    })
  })

  describe("reasoning", () => {
    const thinking = (text: string): Prompt.ReasoningPartEncoded => ({
      type: "reasoning",
      text,
      options: { claude: { block: { type: "thinking", signature: "c2ln" } } }
    })

    it("is sent back with its signature, redacted or not", () => {
      const sent = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [
          thinking("Let me see."),
          { type: "reasoning", text: "", options: { claude: { block: { type: "redacted_thinking", data: "x" } } } },
          { type: "text", text: "Hi!" }
        ]
      })

      assert.deepStrictEqual(sent[1]?.content, [
        { type: "thinking", thinking: "Let me see.", signature: "c2ln" },
        { type: "redacted_thinking", data: "x" },
        { type: "text", text: "Hi!" }
      ])
    })

    it("of another provider is left out", () => {
      const sent = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [{ type: "reasoning", text: "Hm." }, { type: "text", text: "Hi!" }]
      })

      assert.deepStrictEqual(sent[1], { role: "assistant", content: "Hi!" })
    })

    it("that nothing followed is left out of a turn that is over", () => {
      const sent = messages(
        { role: "user", content: "Hello" },
        { role: "assistant", content: [thinking("Let me")] },
        { role: "user", content: "Again" }
      )

      assert.deepStrictEqual(sent, [{
        role: "user",
        content: [{ type: "text", text: "Hello" }, { type: "text", text: "Again" }]
      }])
    })
  })

  describe("text", () => {
    it("keeps its citations", () => {
      const block = {
        type: "text",
        citations: [{
          type: "char_location",
          cited_text: "x",
          document_index: 0,
          document_title: null,
          start_char_index: 0,
          end_char_index: 1
        }]
      }
      const sent = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: [{ type: "text", text: "It says x.", options: { claude: { block } } }]
      })

      assert.deepStrictEqual(sent[1]?.content, [{ ...block, text: "It says x." }])
    })

    it("may stand for any block", () => {
      const block = { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "x" }] }

      assert.deepStrictEqual(
        messages({ role: "user", content: [{ type: "text", text: "", options: { claude: { block } } }] }),
        [{ role: "user", content: [block] }]
      )
    })

    it("that is blank is left out beside others", () => {
      assert.deepStrictEqual(
        messages(
          { role: "user", content: [{ type: "text", text: " " }, { type: "text", text: "Hello" }] },
          { role: "assistant", content: "\n" },
          { role: "user", content: "Again" }
        ),
        [{ role: "user", content: [{ type: "text", text: "Hello" }, { type: "text", text: "Again" }] }]
      )
    })

    it("that is blank is sent where it is all a turn of the user's has, for the API to judge", () => {
      assert.deepStrictEqual(messages({ role: "user", content: " " }), [{ role: "user", content: " " }])
    })

    it("an answer goes on from does not end in white space", () => {
      const [, sent] = messages({ role: "user", content: "Hello" }, {
        role: "assistant",
        content: "Once upon a time \n"
      })

      assert.deepStrictEqual(sent, { role: "assistant", content: "Once upon a time" })
    })
  })

  describe("fromPrompt", () => {
    it.effect.prop(
      "makes a conversation the API accepts of whatever is left of one",
      { moves: Schema.Array(Move) },
      ({ moves }) =>
        Effect.sync(() => {
          const prompt = Prompt.make(history(moves))
          for (
            const [model, systemMessages] of [["claude-sonnet-4-5", "top"], ["claude-opus-5-5", "inPlace"]] as const
          ) {
            const { messages, system } = Result.getOrThrow(ClaudePrompt.fromPrompt(prompt, { systemMessages }))
            const body = JSON.stringify({ model, max_tokens: 8, system, messages })
            const refusal = RequestCheck.check({
              method: "POST",
              path: "/v1/messages",
              headers: { "x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01" },
              body
            })

            assert.deepStrictEqual(Option.getOrUndefined(refusal), undefined, body)
          }
        })
    )
  })
})

/** What may happen in a conversation, in any order. */
const Move = Schema.Literals([
  "ask",
  "answer",
  "blank",
  "call",
  "callTwice",
  "resultOfFirst",
  "resultOfLast",
  "think",
  "thinkAndAnswer",
  "searchAndStop",
  "search",
  "instruct"
])

/** A conversation of these moves. It begins and ends with a question. */
function history(moves: ReadonlyArray<typeof Move.Type>): Array<Prompt.MessageEncoded> {
  const calls: Array<string> = []
  let ids = 0
  const next = () => {
    const id = `toolu_${ids++}`
    calls.push(id)
    return call(id)
  }
  const thought: Prompt.ReasoningPartEncoded = {
    type: "reasoning",
    text: "Hm.",
    options: { claude: { block: { type: "thinking", signature: "c2ln" } } }
  }
  const search = (): Prompt.ToolCallPartEncoded => ({
    type: "tool-call",
    id: `srvtoolu_${ids++}`,
    name: "ClaudeWebSearch",
    params: { query: "x" },
    providerExecuted: true,
    options: { claude: { block: { type: "server_tool_use", name: "web_search" } } }
  })
  const found = ({ id }: { readonly id: string }): Prompt.ToolResultPartEncoded => ({
    type: "tool-result",
    id,
    name: "ClaudeWebSearch",
    isFailure: false,
    result: [],
    providerExecuted: true,
    options: { claude: { block: { type: "web_search_tool_result" } } }
  })
  const answerTo = (id: string | undefined): Array<Prompt.MessageEncoded> =>
    id === undefined ? [] : [{ role: "tool", content: [result(id)] }]
  const messageOf = (move: typeof Move.Type): Array<Prompt.MessageEncoded> => {
    switch (move) {
      case "ask":
        return [{ role: "user", content: "And?" }]
      case "answer":
        return [{ role: "assistant", content: "So." }]
      case "blank":
        return [{ role: "assistant", content: " " }]
      case "call":
        return [{ role: "assistant", content: [next()] }]
      case "callTwice":
        return [{ role: "assistant", content: [{ type: "text", text: "Twice." }, next(), next()] }]
      case "resultOfFirst":
        return answerTo(calls[0])
      case "resultOfLast":
        return answerTo(calls.at(-1))
      case "think":
        return [{ role: "assistant", content: [thought] }]
      case "thinkAndAnswer":
        return [{ role: "assistant", content: [thought, { type: "text", text: "So." }] }]
      case "searchAndStop":
        return [{ role: "assistant", content: [search()] }]
      case "search": {
        const asked = search()
        return [{ role: "assistant", content: [asked, found(asked), { type: "text", text: "Found." }] }]
      }
      case "instruct":
        return [{ role: "system", content: "Be kind." }]
    }
  }
  return [{ role: "user", content: "Hello" }, ...moves.flatMap(messageOf), { role: "user", content: "Well?" }]
}
