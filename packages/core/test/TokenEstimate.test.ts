import * as Content from "@effect-claude/core/Content"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { writeSync } from "node:fs"
import * as Recordings from "./recordings.ts"

type Request = Partial<MessageRequest.MessageRequest>
type Blocks = Exclude<MessageRequest.UserParam["content"], string>

const model = "claude-haiku-4-5"
const hello = "What is the capital of France?"
const asking = (...content: Blocks): Request => ({ model, max_tokens: 16, messages: [{ role: "user", content }] })
const tokensOf = (request: Request): number => TokenEstimate.ofRequest(request).tokens
const base = tokensOf(asking())

const bytes = (...parts: ReadonlyArray<string | ReadonlyArray<number>>): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => typeof part === "string" ? Array.from(part, (char) => char.charCodeAt(0)) : part)
  )

const big16 = (n: number) => [n >> 8, n & 255]
const little16 = (n: number) => [n & 255, n >> 8]
const little24 = (n: number) => [n & 255, (n >> 8) & 255, n >> 16]

const png = (width: number, height: number) =>
  bytes([0x89], "PNG\r\n", [0x1a, 0x0a], [0, 0, 0, 13], "IHDR", [0, 0], big16(width), [0, 0], big16(height))
const gif = (width: number, height: number) => bytes("GIF89a", little16(width), little16(height), [0, 0])
const jpeg = (width: number, height: number) =>
  bytes(
    [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0],
    [0xff, 0xc4, 0, 4, 0, 0, 0xff],
    [0xff, 0xc2, 0, 11, 8],
    big16(height),
    big16(width),
    [3, 0, 0, 0]
  )
const lossy = (width: number, height: number) =>
  bytes("RIFF", [0, 0, 0, 0], "WEBPVP8 ", [0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a], little16(width), little16(height), [0])
const lossless = (width: number, height: number) => {
  const bits = (width - 1) | ((height - 1) << 14)
  return bytes("RIFF", [0, 0, 0, 0], "WEBPVP8L", [0, 0, 0, 0, 0x2f], [0, 8, 16, 24].map((at) => (bits >> at) & 255), [
    0,
    0
  ])
}
const extended = (width: number, height: number) =>
  bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X", [0, 0, 0, 0, 0, 0, 0, 0], little24(width - 1), little24(height - 1))

const imageTokens = (image: Uint8Array, on = model): number => {
  const request = asking(Content.image(image, "image/png"))
  return tokensOf({ ...request, model: on }) - tokensOf({ ...asking(), model: on })
}

const pdf = (pages: number): Uint8Array =>
  bytes(
    "%PDF-1.4 1 0 obj <</Type /Pages>> ",
    Array.from({ length: pages }, (_, page) =>
      page % 2 === 0
        ? "<</Type /Page /Parent 1>> "
        : "<</Type/Page/Parent 1>> ").join(""),
    "   "
  )

const tool = (name: string, fields: object = {}) =>
  ({
    name,
    description: hello,
    input_schema: { type: "object", properties: { city: { type: "string" } } },
    ...fields
  }) as const

describe("TokenEstimate", () => {
  describe("ofText", () => {
    it("counts a short word as one token", () => {
      assert.strictEqual(TokenEstimate.ofText("the cat sat on the mat", model).tokens, 6)
    })

    for (
      const [what, less, more] of [
        ["long words", "cat", "incomprehensibilities"],
        ["what is no word", "incomprehensibilities", "incomprehensibilitiesqwertzuiop"],
        ["digits", "year", "1984"],
        ["punctuation", "a b", "a, b!"],
        ["lines", "a b", "a\n\nb"],
        ["indentation", "a b", `a${" ".repeat(40)}b`],
        ["accents", "creme", "crème brûlée"],
        ["ideographs", "tea", "お茶です"],
        ["emoji", "tea", "🍵🍵"]
      ] as const
    ) {
      it(`counts ${what} for more`, () => {
        assert.isAbove(TokenEstimate.ofText(more, model).tokens, TokenEstimate.ofText(less, model).tokens)
      })
    }

    it("estimates more tokens of a text for current and unknown models", () => {
      const text = hello.repeat(100)
      const earlier = TokenEstimate.ofText(text, "claude-sonnet-4-6").tokens

      assert.isAbove(TokenEstimate.ofText(text, "claude-opus-4-7").tokens, earlier)
      assert.isAbove(TokenEstimate.ofText(text).tokens, earlier)
      assert.strictEqual(TokenEstimate.ofText(text, "gpt").tokens, TokenEstimate.ofText(text).tokens)
    })

    it.effect.prop(
      "never shrinks when text is added",
      { a: Schema.String, b: Schema.String },
      ({ a, b }) =>
        Effect.sync(() => {
          assert.isAtLeast(TokenEstimate.ofText(a + b).tokens, TokenEstimate.ofText(a).tokens - 1)
        })
    )
  })

  describe("ofRequest", () => {
    it("counts a string like a text block", () => {
      assert.strictEqual(
        tokensOf(asking(Content.text(hello))),
        tokensOf({ model, messages: [{ role: "user", content: hello }] })
      )
    })

    it("estimates more tokens of a request for current models", () => {
      const long = asking(Content.text(hello.repeat(100)))

      assert.isAbove(tokensOf({ ...long, model: "claude-opus-4-7" }), 1.2 * tokensOf(long))
    })

    it("ignores a system prompt that is null", () => {
      assert.strictEqual(tokensOf(Object.assign({}, asking(), { system: null })), base)
    })

    it("counts the system prompt, as text or blocks", () => {
      const blocks = tokensOf({ ...asking(), system: [Content.text(hello)] })

      assert.isAbove(blocks, base)
      assert.strictEqual(tokensOf({ ...asking(), system: hello }), blocks)
    })

    for (const [kind, image] of Object.entries({ png, gif, jpeg, lossy, lossless, extended })) {
      it(`reads the size of a ${kind} image, whatever its declared type`, () => {
        assert.approximately(imageTokens(image(300, 200)), 300 * 200 / 750, 1)
      })
    }

    it("scales large images down, and less for current models", () => {
      assert.approximately(imageTokens(png(3136, 200)), 1568 * 100 / 750, 1)
      assert.approximately(imageTokens(png(8000, 8000)), 1600, 1)
      assert.approximately(imageTokens(png(2000, 200), "claude-opus-4-7"), 2000 * 200 / 750, 1)
      assert.approximately(imageTokens(png(8000, 8000), "claude-opus-4-7"), 4784, 1)
    })

    it("has a margin of a tenth for images", () => {
      const image = Content.image(png(1200, 1200), "image/png")
      const one = TokenEstimate.ofRequest(asking(image))
      const two = TokenEstimate.ofRequest(asking(image, image))

      assert.approximately((two.margin - one.margin) / (two.tokens - one.tokens), 0.1, 0.01)
    })

    it("uses a default for an image that cannot be read", () => {
      const unread = Content.imageBase64("not an image!", "image/png")

      assert.isAbove(tokensOf(asking(unread)), base + 500)
      assert.deepStrictEqual(TokenEstimate.ofRequest(asking(unread)).unmeasured, [])
    })

    it("counts the pages of a PDF, with a wide margin", () => {
      const one = TokenEstimate.ofRequest(asking(Content.pdf(pdf(1))))
      const three = TokenEstimate.ofRequest(asking(Content.pdf(pdf(3))))

      assert.strictEqual(three.tokens - one.tokens, 4000)
      assert.isAtLeast(three.margin, 3000)
    })

    it("estimates pages by length when they are compressed", () => {
      const packed = Content.pdf(bytes("%PDF-1.7 ", Array.from({ length: 180_000 }, () => 32)))

      assert.strictEqual(tokensOf(asking(packed)) - base, 6000)
    })

    it("does not count other data as a PDF", () => {
      assert.deepStrictEqual(TokenEstimate.ofRequest(asking(Content.pdfBase64("AAAA"))).unmeasured, [
        "messages[0].content[0]"
      ])
    })

    it("counts documents of text and of blocks, with title and context", () => {
      const plain = tokensOf(asking(Content.documentText(hello)))

      assert.isAbove(plain, base)
      assert.strictEqual(tokensOf(asking(Content.documentContent(hello))), plain)
      assert.strictEqual(tokensOf(asking(Content.documentContent([Content.text(hello)]))), plain)
      assert.isAbove(tokensOf(asking(Content.documentText(hello, { title: hello }))), plain)
      assert.isAbove(tokensOf(asking(Content.documentText(hello, { context: hello }))), plain)
    })

    it("counts what citations add, once", () => {
      const cited = Content.documentText(hello, { citations: true })
      const one = tokensOf(asking(cited))
      const two = tokensOf(asking(cited, cited))

      assert.isAbove(one - tokensOf(asking(Content.documentText(hello))), 500)
      assert.isBelow(two - one, 100)
    })

    it("counts calls and results by their content", () => {
      const call = (city: string) => ({ type: "tool_use", id: "a", name: "look", input: { city } }) as const
      const turn = (city: string, result: string): Request => ({
        model,
        messages: [
          { role: "assistant", content: [call(city)] },
          { role: "user", content: [Content.toolResult("a", result)] }
        ]
      })

      assert.isAbove(tokensOf(turn(hello, "a")), tokensOf(turn("a", "a")))
      assert.isAbove(tokensOf(turn("a", hello)), tokensOf(turn("a", "a")))
    })

    it("counts the text of JSON, and part of its punctuation", () => {
      const added = (input: unknown, on = model): number => {
        const call = (value: unknown) => ({ ...asking(Content.toolUse("a", "look", value)), model: on })
        return tokensOf(call(input)) - tokensOf(call(Array.isArray(input) ? [] : {}))
      }
      const letters = Object.fromEntries(Array.from("abcdefghijklmnopqrstuvwxyz", (letter) => [letter, "cat"]))

      assert.approximately(added(Array.from({ length: 100 }, () => "cat")), 100 * (1.05 + 3 * 0.56), 1)
      assert.approximately(added(letters), 26 * (2 * 1.05 + 6 * 0.56), 1)
      assert.approximately(added(letters, "claude-opus-4-7"), 1.35 * 26 * (2 * 1.05 + 6 * 0.56), 1)
    })

    it("lists an unknown tool as unmeasured", () => {
      const estimate = TokenEstimate.ofRequest({ ...asking(), tools: [Wire.unknown({ type: "oven_20270101" })] })

      assert.deepStrictEqual(estimate, { ...TokenEstimate.ofRequest(asking()), unmeasured: ["tools[0]"] })
    })

    it("counts tools, the first of them most", () => {
      const one = tokensOf({ ...asking(), tools: [tool("a")] })
      const two = tokensOf({ ...asking(), tools: [tool("a"), tool("b")] })

      assert.isAbove(one - base, 478)
      assert.isAbove(two, one)
      assert.isBelow(two - one, 100)
    })

    it("counts more when a tool must be called", () => {
      const tools = [tool("a")]

      const free = tokensOf({ ...asking(), tools, tool_choice: { type: "auto" } })

      assert.strictEqual(free, tokensOf({ ...asking(), tools }))
      assert.isAbove(tokensOf({ ...asking(), tools, tool_choice: { type: "any" } }), free)
      assert.isAbove(tokensOf({ ...asking(), tools, tool_choice: { type: "tool", name: "a" } }), free)
    })

    it("leaves out deferred tools", () => {
      assert.strictEqual(tokensOf({ ...asking(), tools: [tool("a", { defer_loading: true })] }), base)
    })

    it("measures client tools of the API, and lists server tools as unmeasured", () => {
      const mine = TokenEstimate.ofRequest({ ...asking(), tools: [{ type: "bash_20250124", name: "bash" }] })
      const theirs = TokenEstimate.ofRequest({
        ...asking(),
        tools: [{ type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" }]
      })

      assert.isAbove(mine.tokens, base + 600)
      assert.deepStrictEqual(mine.unmeasured, [])
      assert.isAbove(theirs.tokens, base + 200)
      assert.deepStrictEqual(theirs.unmeasured, ["tools[0]"])
    })

    it("distinguishes versions of a tool", () => {
      const on = (type: "code_execution_20250522" | "code_execution_20260521") =>
        tokensOf({ ...asking(), tools: [{ type, name: "code_execution" }] })

      assert.isAbove(on("code_execution_20260521"), on("code_execution_20250522"))
    })

    it("counts an output format, under either name", () => {
      const schema = { type: "object", properties: { answer: { type: "string" } } }
      const format = { type: "json_schema", schema } as const
      const formed = tokensOf({ ...asking(), output_config: { format } })

      assert.isAbove(formed, base + 85)
      assert.strictEqual(tokensOf({ ...asking(), output_format: format }), formed)
    })

    it("counts the tokens that thinking and task budgets add", () => {
      assert.strictEqual(tokensOf({ ...asking(), thinking: { type: "enabled", budget_tokens: 1024 } }), base + 30)
      assert.strictEqual(tokensOf({ ...asking(), thinking: { type: "adaptive" } }), base)
      assert.strictEqual(
        tokensOf({ ...asking(), output_config: { task_budget: { type: "tokens", total: 1 } } }),
        base + 37
      )
    })

    it("counts earlier thinking only when it stays in the prompt", () => {
      const thought = { type: "thinking", thinking: hello.repeat(20), signature: "s".repeat(400) } as const
      const before = (on: string): Request => ({
        model: on,
        messages: [{ role: "assistant", content: [thought] }, { role: "user", content: "Go on" }]
      })
      const during = (on: string): Request => ({
        model: on,
        messages: [
          { role: "user", content: "Go on" },
          { role: "assistant", content: [thought] },
          { role: "user", content: [Content.toolResult("a", "b")] }
        ]
      })

      const asked: Request = {
        ...during("claude-sonnet-4-0"),
        messages: [
          ...during("claude-sonnet-4-0").messages!,
          { role: "user", content: [Content.toolResult("a", "b"), Content.text("Well?")] }
        ]
      }

      assert.isBelow(tokensOf(asked), 80)
      assert.isBelow(tokensOf(before("claude-sonnet-4-0")), 50)
      assert.isAbove(tokensOf(before("claude-opus-4-5")), 100)
      assert.isAbove(tokensOf(during("claude-sonnet-4-0")), 100)
    })

    for (
      const [what, request, path] of [
        ["an uploaded image", asking(Content.imageFile("file_1")), "messages[0].content[0]"],
        ["an image elsewhere", asking(Content.imageUrl("https://docs.test/a.png")), "messages[0].content[0]"],
        ["an uploaded document", asking(Content.documentFile("file_1")), "messages[0].content[0]"],
        ["a file in the container", asking({ type: "container_upload", file_id: "file_1" }), "messages[0].content[0]"],
        [
          "an image inside a tool's result",
          asking(Content.toolResult("a", [Content.imageFile("file_1")])),
          "messages[0].content[0].content[0]"
        ],
        [
          "an image inside a document",
          asking({ type: "document", source: { type: "content", content: [Content.imageFile("file_1")] } }),
          "messages[0].content[0].source.content[0]"
        ],
        ["a block not known yet", asking(Wire.unknown({ type: "video", seconds: 3 })), "messages[0].content[0]"],
        [
          "MCP servers",
          { ...asking(), mcp_servers: [{ type: "url", name: "a", url: "https://docs.test" }] },
          "mcp_servers"
        ],
        ["a container", { ...asking(), container: "container_1" }, "container"],
        ["a thread", { ...asking(), thread: { type: "create" } }, "thread"],
        ["edits of the context", { ...asking(), context_management: {} }, "context_management"]
      ] as const
    ) {
      it(`says that it cannot measure ${what}`, () => {
        assert.deepStrictEqual(TokenEstimate.ofRequest(request).unmeasured, [path])
      })
    }

    it("counts encrypted thinking as nothing", () => {
      const sealed = TokenEstimate.ofRequest(asking({ type: "redacted_thinking", data: "x".repeat(1000) }))

      assert.deepStrictEqual(sealed, TokenEstimate.ofRequest(asking()))
    })

    it("measures null and empty values", () => {
      assert.deepStrictEqual(
        TokenEstimate.ofRequest({ ...asking(), mcp_servers: [], thread: null, container: null }).unmeasured,
        []
      )
    })

    it("has a margin of at least 20 tokens, and of a fifth for text", () => {
      const long = TokenEstimate.ofRequest(asking(Content.text(hello.repeat(1000))))

      assert.strictEqual(TokenEstimate.ofRequest(asking()).margin, 20)
      assert.approximately(long.margin / long.tokens, 0.2, 0.01)
    })

    it("terminates for an object that contains itself", () => {
      const loop: { self?: unknown } = {}
      loop.self = loop

      assert.isAbove(tokensOf(asking({ type: "tool_use", id: "a", name: "look", input: loop })), base)
    })

    it.effect.prop(
      "is total over anything that can stand where a field is expected",
      {
        field: Schema.Literals(["messages", "tools", "system", "thinking", "output_config", "output_format", "model"]),
        value: Schema.Json
      },
      ({ field, value }) =>
        Effect.sync(() => {
          const turns = [{ role: "user", content: value }, {
            role: "user",
            content: [value, { type: "image", source: value }]
          }]

          assert.isAtLeast(tokensOf({ ...asking(), [field]: value }), 0)
          assert.isAtLeast(tokensOf(Object.assign({}, asking(), { messages: turns })), 0)
        })
    )
  })

  describe("warnAt", () => {
    it("warns from 85 % of the context window on", () => {
      assert.deepStrictEqual(
        TokenEstimate.warnAt(model, 170_000),
        Option.some({ tokens: 170_000, contextWindow: 200_000, share: 0.85 })
      )
      assert.isTrue(Option.isNone(TokenEstimate.warnAt(model, 169_999)))
    })

    it("warns from another share on, and by another catalogue", () => {
      const catalog = ModelCatalog.withEntry(ModelCatalog.released, { id: "ours", contextWindow: 100 })

      assert.isTrue(Option.isSome(TokenEstimate.warnAt(model, 100_000, { share: 0.5 })))
      assert.isTrue(Option.isSome(TokenEstimate.warnAt("ours", 90, { catalog })))
    })

    it("does not warn when the context window is not known", () => {
      assert.isTrue(Option.isNone(TokenEstimate.warnAt("claude-fable-5-2", 10_000_000)))
    })
  })

  describe.skipIf(!Recordings.present)("over recorded traffic", () => {
    const measured = () =>
      Recordings.all().filter(Recordings.isAccepted).flatMap((recording) => {
        const [request, ...others] = Recordings.requestsOf(recording)
        const real = Recordings.inputTokensOf(recording)
        if (request === undefined || others.length > 0 || real === undefined) return []
        const estimate = TokenEstimate.ofRequest(request)
        const off = Math.abs(estimate.tokens - real)
        return [{ file: recording.file, real, estimate, relative: off / real, within: off <= estimate.margin }]
      })

    const quantile = (sorted: ReadonlyArray<number>, part: number): string =>
      `${(100 * (sorted[Math.floor((sorted.length - 1) * part)] ?? 0)).toFixed(1)} %`

    it("is within its margin for 95 of 100 measured requests", () => {
      const rows = measured()
      const table = ["tokens         requests   median   95 of 100   worst   within the margin"]
      for (
        const [from, to] of [[0, 100], [100, 1000], [1000, Number.POSITIVE_INFINITY], [
          0,
          Number.POSITIVE_INFINITY
        ]] as const
      ) {
        const some = rows.filter(({ estimate, real }) => estimate.unmeasured.length === 0 && real >= from && real < to)
        const off = some.map(({ relative }) => relative).toSorted((a, b) => a - b)
        table.push(
          `${String(from).padStart(5)} to ${(Number.isFinite(to) ? String(to) : "any").padEnd(6)} ${
            String(some.length).padStart(8)
          }   ` +
            `${quantile(off, 0.5).padStart(6)}   ${quantile(off, 0.95).padStart(9)}   ${
              quantile(off, 1).padStart(6)
            }   ` +
            `${some.filter(({ within }) => within).length}`
        )
      }
      writeSync(1, `Estimated against real input tokens\n${table.join("\n")}\n`)
      const all = rows.filter(({ estimate }) => estimate.unmeasured.length === 0)

      assert.isNotEmpty(all)
      assert.isAtLeast(all.filter(({ within }) => within).length, 0.95 * all.length)
    })
  })
})
