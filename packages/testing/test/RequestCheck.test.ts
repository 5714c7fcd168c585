import * as RequestCheck from "@effect-claude/testing/RequestCheck"
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"

const headers = {
  "x-api-key": "sk-ant-test",
  "anthropic-version": "2023-06-01",
  "content-type": "application/json"
}

const body = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] }

const old = { ...body, model: "claude-haiku-4-5" }

const refusal = (request: Partial<RequestCheck.Request>, options?: RequestCheck.Options) =>
  Option.getOrUndefined(
    RequestCheck.check(
      { method: "POST", path: "/v1/messages", headers, body: JSON.stringify(body), ...request },
      options
    )
  )

const said = (refused: RequestCheck.Refusal | undefined) =>
  refused === undefined ? "accepted" : `${refused.status} ${refused.type} ${refused.message}`

const sent = (body: unknown, extra: { readonly [name: string]: string } = {}) =>
  said(refusal({ body: JSON.stringify(body), headers: { ...headers, ...extra } }))

const turns = (...messages: ReadonlyArray<unknown>) => messages

const user = (content: unknown) => ({ role: "user", content })

const assistant = (content: unknown) => ({ role: "assistant", content })

const toolUse = { type: "tool_use", id: "toolu_1", name: "f", input: {} }

const toolResult = { type: "tool_result", tool_use_id: "toolu_1", content: "42" }

const tool = { name: "f", input_schema: { type: "object" } }

const png = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgoAAAANSUhEUgAA" } }

const jpeg = "/9j/4AAQSkZJRgABAQAAAQAB"

describe("RequestCheck", () => {
  describe("check: the ten scenarios", () => {
    it("accepts a valid request", () => {
      assert.strictEqual(sent(body), "accepted")
    })

    it("accepts a system prompt in its own field", () => {
      assert.strictEqual(sent({ ...body, system: "Be brief." }), "accepted")
    })

    it("accepts max_tokens: 5, which truncates", () => {
      assert.strictEqual(sent({ ...body, max_tokens: 5 }), "accepted")
    })

    it("names a model that does not exist", () => {
      assert.strictEqual(sent({ ...body, model: "claude-sonet-4-5" }), "404 not_found_error model: claude-sonet-4-5")
    })

    it("misses max_tokens", () => {
      assert.strictEqual(
        sent({ ...body, max_tokens: undefined }),
        "400 invalid_request_error max_tokens: Field required"
      )
    })

    it("refuses a bad key", () => {
      assert.strictEqual(
        sent(body, { "x-api-key": "sk-ant-invalid-1" }),
        "401 authentication_error invalid x-api-key"
      )
    })

    it("refuses a bad bearer token", () => {
      const { "x-api-key": _, ...keyless } = headers
      assert.strictEqual(
        said(refusal({ headers: { ...keyless, authorization: "Bearer sk-ant-invalid-1" } })),
        "401 authentication_error Invalid bearer token"
      )
      assert.strictEqual(said(refusal({ headers: { ...keyless, authorization: "Bearer sk-ant-1" } })), "accepted")
    })

    it("refuses no key", () => {
      const { "x-api-key": _, ...keyless } = headers
      assert.strictEqual(
        said(refusal({ headers: keyless })),
        "401 authentication_error x-api-key header is required"
      )
    })

    it("accepts two turns of the user in a row, on every model", () => {
      for (const model of ["claude-sonnet-5-5", "claude-haiku-4-5", "claude-3-5-haiku-20241022"]) {
        assert.strictEqual(sent({ ...body, model, messages: turns(user("a"), user("b")) }), "accepted")
      }
    })

    it("accepts a first turn by the assistant", () => {
      const messages = turns(assistant("Welcome."), user("Hi"))

      assert.strictEqual(sent({ ...body, messages }), "accepted")
      assert.strictEqual(sent({ ...old, messages }), "accepted")
    })

    it("refuses GET", () => {
      const refused = refusal({ method: "GET" })

      assert.strictEqual(said(refused), "405 invalid_request_error Method Not Allowed")
      assert.strictEqual(refused?.headers["allow"], "POST")
    })

    it("refuses a system turn at the start, and anywhere on models before 4.8", () => {
      const system = { role: "system", content: "Answer in Spanish." }
      const expected = "400 invalid_request_error messages: Unexpected role \"system\". The Messages API accepts a " +
        "top-level `system` parameter, not \"system\" as an input message role."

      assert.strictEqual(sent({ ...body, messages: turns(system, user("Hi")) }), expected)
      assert.strictEqual(sent({ ...old, messages: turns(user("Hi"), system, user("Hi")) }), expected)
      assert.strictEqual(sent({ ...body, messages: turns(user("Hi"), system, user("Hi")) }), "accepted")
    })
  })

  describe("check: the envelope", () => {
    it("does not know other paths", () => {
      assert.strictEqual(said(refusal({ path: "/v1/mesages" })), "404 not_found_error Not Found")
      assert.strictEqual(said(refusal({ path: "/" })), "404 not_found_error Not Found")
    })

    it.each(["/v1/v1/messages", "/gateway/v1/messages", "/v1/messages/", "/v1//messages", "v1/messages"])(
      "does not know the path %s",
      (path) => {
        assert.strictEqual(said(refusal({ path })), "404 not_found_error Not Found")
      }
    )

    it("accepts paths below the base path of a gateway, and no others", () => {
      const options = { basePath: "/gateway/anthropic" }

      assert.strictEqual(said(refusal({ path: "/gateway/anthropic/v1/messages" }, options)), "accepted")
      assert.strictEqual(said(refusal({ path: "/v1/messages" }, options)), "404 not_found_error Not Found")
    })

    it("knows betas by name, and those that options add", () => {
      const request = { headers: { ...headers, "anthropic-beta": "context-1m-2025-08-07, nonsense-2020-01-01" } }

      assert.strictEqual(
        said(refusal(request)),
        "400 invalid_request_error Unexpected value(s) `nonsense-2020-01-01` for the `anthropic-beta` header. " +
          "Please consult our documentation at docs.claude.com or try again without the header."
      )
      assert.strictEqual(said(refusal(request, { isBeta: (beta) => beta.startsWith("nonsense-") })), "accepted")
    })

    it("refuses browsers that do not ask for direct access", () => {
      const origin = { ...headers, origin: "https://example.com" }

      assert.strictEqual(
        said(refusal({ headers: origin })),
        "401 authentication_error CORS requests must set 'anthropic-dangerous-direct-browser-access' header"
      )
      assert.strictEqual(
        said(refusal({ headers: { ...origin, "anthropic-dangerous-direct-browser-access": "true" } })),
        "accepted"
      )
    })

    it("overflows a context window that options make smaller", () => {
      const options = { contextWindow: 200 }

      assert.strictEqual(said(refusal({}, options)), "accepted")
      assert.match(
        said(refusal({ body: JSON.stringify({ ...body, system: "word ".repeat(200) }) }, options)),
        /^400 invalid_request_error prompt is too long: \d+ tokens > 200 maximum$/
      )
    })

    it("refuses types of blocks on demand, in the results of tools too", () => {
      const shown = { ...body, messages: [user([png])] }
      const found = { ...body, messages: [user("a"), assistant([toolUse]), user([{ ...toolResult, content: [png] }])] }
      const on = (body: unknown, ...refuses: ReadonlyArray<string>) =>
        said(refusal({ body: JSON.stringify(body) }, { refuses }))

      assert.strictEqual(on(shown), "accepted")
      assert.strictEqual(on(found, "document"), "accepted")
      assert.strictEqual(on(shown, "image"), "400 invalid_request_error Could not process image")
      assert.strictEqual(on(found, "image"), "400 invalid_request_error Could not process image")
      assert.strictEqual(
        on(found, "tool_result"),
        "400 invalid_request_error messages.2.content.0: `tool_result` blocks are not supported"
      )
    })

    it("insists on a version it knows", () => {
      assert.strictEqual(
        sent(body, { "anthropic-version": "" }),
        "400 invalid_request_error anthropic-version: header is required"
      )
      assert.match(sent(body, { "anthropic-version": "2022-02-02" }), /"2022-02-02" is not a valid version/)
      for (const version of ["2023-01-01", "2023-06-01", "2026-10-21"]) {
        assert.strictEqual(sent(body, { "anthropic-version": version }), "accepted")
      }
    })

    it("insists on JSON", () => {
      assert.match(said(refusal({ body: "{" })), /^400 invalid_request_error The request body is not valid JSON/)
      assert.match(said(refusal({ body: "" })), /not valid JSON: Expecting value: line 1 column 1/)
      assert.match(said(refusal({ body: "[]" })), /^400 invalid_request_error Input should be a valid dictionary/)
    })

    it("takes the caller's word for what a bad key and a model are", () => {
      assert.strictEqual(said(refusal({}, { isBadKey: (key) => key === "sk-ant-test" })).slice(0, 3), "401")
      assert.strictEqual(said(refusal({}, { isModel: () => false })).slice(0, 3), "404")
      assert.strictEqual(
        said(refusal({ body: JSON.stringify({ ...body, model: "mine" }) }, { isModel: (id) => id === "mine" })),
        "accepted"
      )
    })

    it("bounds the size of a body", () => {
      const long = JSON.stringify({ ...body, system: " ".repeat(32 * 1024 * 1024) })

      assert.strictEqual(said(refusal({ body: long })), "413 request_too_large Request exceeds the maximum size")
    })

    it("looks at no body where there is none to send", () => {
      assert.strictEqual(said(refusal({ method: "GET", path: "/v1/models", body: "" })), "accepted")
    })
  })

  describe("check: fields", () => {
    const cases: ReadonlyArray<readonly [string, unknown, string]> = [
      ["misses the model", { ...body, model: undefined }, "model: Field required"],
      ["misses the messages", { ...body, messages: undefined }, "messages: Field required"],
      ["wants at least one message", { ...body, messages: [] }, "messages: at least one message is required"],
      ["wants a list of messages", { ...body, messages: "Hi" }, "messages: Input should be a valid list"],
      ["wants objects as turns", { ...body, messages: ["Hi"] }, "messages.0: Input does not match the expected shape."],
      ["misses a role", { ...body, messages: [{ content: "Hi" }] }, "messages.0.role: Field required"],
      ["misses content", { ...body, messages: [{ role: "user" }] }, "messages.0.content: Field required"],
      ["wants whole tokens", { ...body, max_tokens: 1.5 }, "max_tokens: Input should be a valid integer"],
      ["wants tokens", { ...body, max_tokens: -1 }, "max_tokens: Input should be greater than or equal to 0"],
      ["bounds the temperature", { ...body, temperature: 1.5 }, "temperature: range: 0..1"],
      ["knows its fields", { ...body, max_token: 5 }, "max_token: Extra inputs are not permitted"],
      [
        "refuses empty text",
        { ...body, messages: [user([{ type: "text", text: "" }])] },
        "messages: text content blocks must be non-empty"
      ],
      [
        "misses a block's field",
        { ...body, messages: [user([{ type: "image" }])] },
        "messages.0.content.0.image.source: Field required"
      ],
      [
        "refuses empty content",
        { ...body, messages: [user("")] },
        "messages.0: all messages must have non-empty content except for the optional final assistant message"
      ],
      [
        "wants a type on an input schema",
        { ...body, tools: [{ name: "f", input_schema: {} }] },
        "tools.0.custom.input_schema.type: Field required"
      ],
      ["wants an input schema", { ...body, tools: [{ name: "f" }] }, "tools.0.custom.input_schema: Field required"],
      [
        "wants plain tool names",
        { ...body, tools: [{ ...tool, name: "a b" }] },
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
      ],
      ["wants tool names to differ", { ...body, tools: [tool, tool] }, "tools: Tool names must be unique."],
      [
        "wants the chosen tool to exist",
        { ...body, tools: [tool], tool_choice: { type: "tool", name: "g" } },
        "tool_choice: Tool 'g' not found in provided tools"
      ],
      ["bounds cache breakpoints", {
        ...body,
        system: Array.from({ length: 5 }, () => ({ type: "text", text: "a", cache_control: { type: "ephemeral" } }))
      }, "A maximum of 4 blocks with cache_control may be provided. Found 5."],
      [
        "bounds max_tokens by the model",
        { ...old, max_tokens: 64_001 },
        "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5"
      ],
      [
        "wants room to think",
        { ...old, thinking: { type: "enabled", budget_tokens: 1024 } },
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size"
      ],
      [
        "takes one of temperature and top_p",
        { ...old, temperature: 0.5, top_p: 0.5 },
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
      ],
      [
        "takes no prefill on recent models",
        { ...body, messages: [user("Hi"), assistant("Well")] },
        "This model does not support assistant message prefill. The conversation must end with a user message."
      ],
      [
        "takes no half of a surrogate pair",
        { ...body, system: "ab\ud83d" },
        "The request body is not valid JSON: no low surrogate in string: line 1 column 103 (char 102)"
      ],
      [
        "wants plain ids of calls",
        {
          ...body,
          messages: [user("a"), assistant([{ ...toolUse, id: "a.b" }]), user([{ ...toolResult, tool_use_id: "a.b" }])]
        },
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
      ],
      [
        "wants ids of calls to differ",
        { ...body, messages: [user("a"), assistant([toolUse, toolUse]), user([toolResult])] },
        "messages.1.content.1: `tool_use` ids must be unique"
      ],
      [
        "wants plain names of calls",
        { ...body, messages: [user("a"), assistant([{ ...toolUse, name: "a b" }]), user([toolResult])] },
        "messages.1.content.0.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'"
      ],
      [
        "wants an object as an input schema",
        { ...body, tools: [{ ...tool, input_schema: { type: "object", anyOf: [] } }] },
        "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
      ],
      [
        "wants closed objects in the format of a response",
        { ...body, output_config: { format: { type: "json_schema", schema: { type: "object", properties: {} } } } },
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
      ],
      [
        "wants closed objects in strict tools",
        { ...body, tools: [{ ...tool, strict: true }] },
        "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false"
      ],
      [
        "wants base64",
        { ...body, messages: [user([{ ...png, source: { ...png.source, data: "!!!" } }])] },
        "messages.0.content.0.image.source.base64.data: Invalid base64 data"
      ],
      [
        "wants data",
        { ...body, messages: [user([{ ...png, source: { ...png.source, data: "" } }])] },
        "messages.0.content.0.image.source.base64.data: image cannot be empty"
      ],
      [
        "wants the type of the bytes",
        { ...body, messages: [user([{ ...png, source: { ...png.source, data: jpeg } }])] },
        "messages.0.content.0.image.source.base64.data: Image does not match the provided media type image/png"
      ],
      [
        "knows the types of images",
        { ...body, messages: [user([{ ...png, source: { ...png.source, media_type: "image/tiff" } }])] },
        "messages.0.content.0.image.source.base64.media_type: " +
        "Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
      ],
      [
        "wants the temperature of thinking",
        { ...old, max_tokens: 2048, thinking: { type: "enabled", budget_tokens: 1024 }, temperature: 0 },
        "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at " +
        "https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking"
      ],
      [
        "takes no betas in the body",
        { ...body, betas: ["context-1m-2025-08-07"] },
        "betas: Extra inputs are not permitted"
      ],
      [
        "takes no prefill that ends blank",
        { ...old, messages: [user("Hi"), assistant("Well ")] },
        "messages: final assistant content cannot end with trailing whitespace"
      ]
    ]

    it.each(cases)("%s", (_, body, message) => {
      assert.strictEqual(sent(body), `400 invalid_request_error ${message}`)
    })

    it("measures the prompt against the model's window", () => {
      const messages = [user("word ".repeat(200_000))]

      assert.match(sent({ ...old, messages }), /prompt is too long: \d+ tokens > 200000 maximum$/)
      assert.strictEqual(sent({ ...body, messages }), "accepted")
    })

    it("measures prompt and answer together against the window", () => {
      const messages = [user("word ".repeat(155_000))]

      assert.match(
        sent({ ...old, max_tokens: 64_000, messages }),
        /input length and `max_tokens` exceed context limit: 193757 \+ 64000 > 200000, decrease input length/
      )
      assert.strictEqual(sent({ ...old, max_tokens: 6000, messages }), "accepted")
      assert.strictEqual(sent({ ...old, model: "claude-3-5-haiku-20241022", max_tokens: 8000, messages }), "accepted")
    })

    it("accepts null where the official declarations do", () => {
      const nulls = Object.fromEntries(
        ["cache_control", "container", "diagnostics", "inference_geo", "speed"].map((field) => [field, null])
      )

      assert.strictEqual(sent({ ...body, ...nulls }), "accepted")
    })

    it.each([
      ["system", "list"],
      ["tools", "list"],
      ["stop_sequences", "list"],
      ["tool_choice", "dictionary"],
      ["thinking", "dictionary"],
      ["metadata", "dictionary"],
      ["output_config", "dictionary"],
      ["temperature", "number"],
      ["top_p", "number"],
      ["top_k", "integer"],
      ["stream", "boolean"]
    ])("refuses null as %s", (field, expected) => {
      assert.strictEqual(
        sent({ ...old, [field]: null }),
        `400 invalid_request_error ${field}: Input should be a valid ${expected}`
      )
    })

    it("accepts twenty strict tools, and no more", () => {
      const tools = (count: number) =>
        Array.from({ length: count }, (_, i) => ({
          name: `f${i}`,
          input_schema: { type: "object", additionalProperties: false },
          strict: true
        }))

      assert.strictEqual(sent({ ...body, tools: tools(20) }), "accepted")
      assert.match(sent({ ...body, tools: tools(21) }), /Too many strict tools \(21\)/)
    })

    it("names the blocks there are, and leaves out what a version refuses", () => {
      const messages = [user("a"), assistant([{ type: "hologram" }]), user("b")]

      assert.include(sent({ ...body, messages }), "'document', ")
      assert.notInclude(sent({ ...body, messages }, { "anthropic-version": "2026-10-21" }), "'document', ")
      assert.include(sent({ ...body, messages }, { "anthropic-version": "2026-10-21" }), "'fallback', 'image', ")
      const document = { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } }
      assert.strictEqual(
        sent({ ...body, messages: [user([document])] }, { "anthropic-version": "2026-10-21" }),
        "accepted"
      )
      assert.strictEqual(
        sent({
          ...body,
          messages: [user("a"), assistant([toolUse]), user([{ ...toolResult, content: [document] }])],
          tools: [tool]
        }, { "anthropic-version": "2026-10-21" }),
        "accepted"
      )
    })

    it.each(["max_tokens", "stream", "temperature", "metadata", "stop_sequences", "container", "fallbacks"])(
      "counts tokens without %s",
      (field) => {
        const { max_tokens: _, ...prompt } = old
        const path = "/v1/messages/count_tokens"

        assert.strictEqual(said(refusal({ path, body: JSON.stringify(prompt) })), "accepted")
        assert.strictEqual(
          said(refusal({ path, body: JSON.stringify({ ...prompt, [field]: 1 }) })),
          `400 invalid_request_error ${field}: Extra inputs are not permitted`
        )
      }
    )

    it("leaves max_tokens out when tokens are only counted", () => {
      const { max_tokens: _, ...counted } = body
      assert.strictEqual(
        said(refusal({ path: "/v1/messages/count_tokens", body: JSON.stringify(counted) })),
        "accepted"
      )
    })

    it("accepts an answer that paused, to be gone on with", () => {
      for (
        const block of [
          { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
          { type: "compaction", content: "We spoke of teapots." }
        ]
      ) {
        assert.strictEqual(sent({ ...body, messages: [user("Hi"), assistant([block])] }), "accepted")
      }
    })

    it("accepts prefill on models that continue it", () => {
      assert.strictEqual(sent({ ...old, messages: [user("Hi"), assistant("Well,")] }), "accepted")
    })
  })

  describe("check: versions", () => {
    const current = { "anthropic-version": "2026-10-21" }

    it.each(["temperature", "top_p", "top_k"])("refuses %s since 2026-10-21, even at its default", (field) => {
      assert.strictEqual(
        sent({ ...body, [field]: 1 }, current),
        `400 invalid_request_error ${field}: Extra inputs are not permitted`
      )
      assert.strictEqual(sent({ ...body, [field]: 1 }), "accepted")
    })

    it("refuses a document in an assistant turn since 2026-10-21", () => {
      const document = { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } }
      const messages = [user("a"), assistant([document]), user("b")]

      assert.match(sent({ ...body, messages }, current), /messages.1.content.0: Input tag 'document'/)
      assert.strictEqual(sent({ ...body, messages }), "accepted")
    })

    it("refuses citations on a user's text since 2026-10-21", () => {
      const messages = [user([{ type: "text", text: "a", citations: [{ type: "char_location" }] }])]

      assert.match(sent({ ...body, messages }, current), /citations: Extra inputs are not permitted/)
      assert.strictEqual(sent({ ...body, messages }), "accepted")
    })
  })

  describe("check: tool calls", () => {
    it("accepts calls that are answered in the next turn, across merged turns", () => {
      const messages = [user("a"), assistant("b"), assistant([toolUse]), user([toolResult]), user("c")]

      assert.strictEqual(sent({ ...body, tools: [tool], messages }), "accepted")
    })

    it("names calls without results", () => {
      assert.strictEqual(
        sent({ ...body, tools: [tool], messages: [user("a"), assistant([toolUse]), user("b")] }),
        "400 invalid_request_error messages.1: `tool_use` ids were found without `tool_result` blocks immediately " +
          "after: toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
      )
    })

    it("names results without calls", () => {
      assert.strictEqual(
        sent({ ...body, messages: [user("a"), assistant("b"), user([toolResult])] }),
        "400 invalid_request_error messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: " +
          "toolu_1. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
      )
    })

    it("does not know a thread's earlier turns, nor what a context edit removes", () => {
      const messages = [user([toolResult])]

      assert.notStrictEqual(sent({ ...body, messages }), "accepted")
      assert.strictEqual(sent({ ...body, messages, thread: { type: "create" } }), "accepted")
      assert.strictEqual(sent({ ...body, messages, context_management: { edits: [] } }), "accepted")
    })

    it("accepts a paused turn sent back as it is, and an empty last turn of the assistant", () => {
      const call = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }
      const result = { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] }

      assert.strictEqual(sent({ ...body, messages: [user("a"), assistant([call])] }), "accepted")
      assert.strictEqual(sent({ ...body, messages: [user("a"), assistant([call, result])] }), "accepted")
      assert.strictEqual(sent({ ...old, messages: [user("a"), assistant("")] }), "accepted")
      assert.notStrictEqual(sent({ ...old, messages: [user("a"), assistant(""), user("b")] }), "accepted")
      assert.notStrictEqual(sent({ ...old, messages: [user("a"), assistant("b"), user("")] }), "accepted")
    })

    it("leaves calls from code execution to the server", () => {
      const called = { ...toolUse, caller: { type: "code_execution_20250825", tool_id: "srvtoolu_1" } }

      assert.strictEqual(sent({ ...body, messages: [user("a"), assistant([called]), user("b")] }), "accepted")
    })
  })

  describe("check: batches", () => {
    const batch = (requests: unknown) =>
      said(refusal({ path: "/v1/messages/batches", body: JSON.stringify({ requests }) }))

    it("checks the fields of each request", () => {
      assert.strictEqual(batch([{ custom_id: "a", params: body }]), "accepted")
      assert.match(batch(undefined), /requests: Field required/)
      assert.match(batch([]), /at least 1 item/)
      assert.match(batch([{ params: body }]), /requests.0.custom_id: Field required/)
      assert.match(batch([{ custom_id: "a", params: {} }]), /requests.0.params.model: Field required/)
      assert.match(
        batch([{ custom_id: "a", params: body }, { custom_id: "a", params: body }]),
        /Duplicate custom_id: a/
      )
      assert.match(batch([{ custom_id: "a", params: { ...body, stream: true } }]), /streaming is not supported/)
      for (const id of ["", "a b", "a".repeat(65)]) {
        assert.match(batch([{ custom_id: id, params: body }]), /requests.0.custom_id: String should match pattern/)
      }
      assert.strictEqual(batch([{ custom_id: "a".repeat(64), params: body }]), "accepted")
    })
  })

  describe("check: recorded traffic", () => {
    const found = recordings()

    it.skipIf(found.length === 0)("refuses no request that the API accepted", () => {
      const accepted = found.filter(({ status }) => status >= 200 && status < 300)
      const refused = accepted.flatMap((each) => {
        const refused = Option.getOrUndefined(RequestCheck.check(each.request))
        return refused === undefined ? [] : [`${each.file}: ${said(refused)}`]
      })

      assert.deepStrictEqual(refused, [])
      assert.isAbove(accepted.length, 200)
    })

    it.skipIf(found.length === 0)("refuses what the API refused, in its words", () => {
      const wrong = found.filter(({ isPredictable }) => isPredictable).flatMap(({ file, refusal, request }) => {
        const answer = said(Option.getOrUndefined(RequestCheck.check(request, { isBadKey: (key) => key === "bad" })))
        return answer === refusal ? [] : [`${file}: ${answer} instead of ${refusal}`]
      })

      assert.deepStrictEqual(wrong, [])
    })
  })
})

/** A recorded exchange whose request could be checked. */
interface Recorded {
  readonly file: string
  readonly status: number
  readonly request: RequestCheck.Request
  readonly refusal: string
  /** Whether the refusal follows from the request alone, and the API still answers so. */
  readonly isPredictable: boolean
}

function recordings(): ReadonlyArray<Recorded> {
  const directory = Path.resolve(import.meta.dirname, "../../../../shared/recordings")
  if (!Fs.existsSync(directory)) {
    process.stderr.write(`no recordings at ${directory}: what the API accepts is not checked against traffic\n`)
    return []
  }
  return Fs.readdirSync(directory).filter((file) => /^\d.*\.json$/.test(file)).toSorted().flatMap((file) => {
    const { endpoint, request, response } = JSON.parse(Fs.readFileSync(Path.join(directory, file), "utf8"))
    if (request?.body === undefined || !/^POST \/v1\/messages(\/count_tokens)?$/.test(endpoint)) return []
    const error = response.body?.error
    const isAuth = response.status === 401
    return [{
      file,
      status: response.status ?? (error === undefined ? 200 : 400),
      request: {
        method: "POST",
        path: endpoint.slice("POST ".length),
        headers: {
          ...headers,
          ...request.headers,
          "x-api-key": isAuth ? "bad" : "good"
        },
        body: JSON.stringify(request.body)
      },
      refusal: `${response.status} ${error?.type} ${error?.message}`,
      isPredictable: (isAuth || response.status === 400 || response.status === 404) && !historical.test(error?.message)
    }]
  })
}

/** Refusals of an older API, and one whose token count only the real tokenizer knows. */
const historical = /claude-3-5-sonnet-latest|prompt is too long|Input tag 'file' found/
