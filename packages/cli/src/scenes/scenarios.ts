/**
 * The scenarios anyone can reproduce: requests as they are on the wire, right
 * and wrong, and what the API answers.
 *
 * They go out with a bare HTTP client, so that nothing is put right on the way.
 *
 * @since 0.1.0
 */
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import { Claude } from "@effect-claude/http/Claude"
import * as Effect from "effect/Effect"
import { HttpClient } from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Layout from "../Layout.ts"
import { Screen } from "../Screen.ts"
import * as TerminalText from "../TerminalText.ts"
import { model, type Scene } from "./Scene.ts"

// -----------------------------------------------------------------------------
// an exchange
// -----------------------------------------------------------------------------

interface Wire {
  readonly method?: "GET" | "POST" | undefined
  readonly headers?: { readonly [name: string]: string | undefined } | undefined
  readonly body?: { readonly [field: string]: unknown } | undefined
}

const usual: { readonly [name: string]: string | undefined } = {
  "x-api-key": "sk-ant-api03-…",
  "anthropic-version": "2023-06-01",
  "content-type": "application/json"
}

const exchange = Effect.fnUntraced(function*({ body, headers, method = "POST" }: Wire) {
  const { out, width } = yield* Screen
  const { style } = out
  const columns = yield* width
  const { baseUrl } = yield* (yield* Claude).settings
  const client = yield* HttpClient
  const sent = Object.entries({ ...usual, ...headers }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const]
  )
  const show = (text: string) =>
    out.line(Layout.chop(TerminalText.sanitize(text), columns - 2).map((line) => `  ${line}`).join("\n"))
  yield* out.line(`${style.cyan("→")} ${style.bold(`${method} /v1/messages`)}`)
  for (const [name, value] of sent) yield* show(`${name}: ${name === "x-api-key" ? "sk-ant-…" : value}`)
  if (method === "POST") yield* show(JSON.stringify(body))
  const request = method === "GET"
    ? HttpClientRequest.get(`${baseUrl}/v1/messages`)
    : HttpClientRequest.post(`${baseUrl}/v1/messages`).pipe(HttpClientRequest.bodyJsonUnsafe(body))
  const response = yield* client.execute(HttpClientRequest.setHeaders(
    request,
    Object.fromEntries(sent.map(([name, value]) => [name, name === "x-api-key" ? value.replace("…", "demo") : value]))
  ))
  const text = yield* response.text
  const color = response.status < 300 ? style.green : style.red
  yield* out.line(
    `${color("←")} ${style.bold(String(response.status))} ${style.dim(response.headers["request-id"] ?? "")}`
  )
  yield* show(Layout.truncate(text, 600))
  if (response.status >= 400) {
    const explained = ErrorGuide.explain(response.status)
    if (Option.isSome(explained)) {
      yield* out.line(Layout.paragraph(explained.value.remedy, columns, `  ${style.green("→")} `))
    }
  }
})

const hello = { role: "user", content: "Hello" }

const request = { model, max_tokens: 100, messages: [hello] }

const scenario = (name: string, title: string, about: string, wire: Wire): Scene => ({
  name,
  kind: "scenario",
  title,
  about,
  code: "",
  run: exchange(wire)
})

// -----------------------------------------------------------------------------
// scenes
// -----------------------------------------------------------------------------

const { model: _model, ...withoutModel } = request

const { max_tokens: _maxTokens, ...withoutMaxTokens } = request

/**
 * The scenes.
 *
 * @category scenes
 * @since 0.1.0
 */
export const scenarios: ReadonlyArray<Scene> = [
  scenario("baseline", "A request as it should be", "Three headers and three fields: the least that is answered.", {
    body: request
  }),
  scenario(
    "system-prompt",
    "The system prompt in its place",
    "Instructions are a field of their own at the top, not a turn.",
    { body: { ...request, system: "You are brief." } }
  ),
  scenario(
    "truncated",
    "An answer that is cut",
    "max_tokens is a limit, not a wish: look at stop_reason before using the text.",
    { body: { ...request, max_tokens: 5, messages: [{ role: "user", content: "Tell me a story" }] } }
  ),
  scenario("bad-model", "A model that does not exist", "The name is looked up before anything else: 404.", {
    body: { ...withoutModel, model: "claude-nope" }
  }),
  scenario("no-max-tokens", "A field that is missing", "max_tokens is required, and so are model and messages.", {
    body: withoutMaxTokens
  }),
  scenario("bad-key", "A key that is not accepted", "Mistyped, revoked or of another account: 401.", {
    headers: { "x-api-key": "sk-ant-invalid" },
    body: request
  }),
  scenario("no-key", "No key at all", "The header is x-api-key; without it nobody knows who asks.", {
    headers: { "x-api-key": undefined },
    body: request
  }),
  scenario(
    "two-user-turns",
    "Two turns of the user in a row",
    "The API joins them into one, so this is answered. A Session sends alternating turns in any case.",
    {
      body: {
        ...request,
        messages: [{ role: "user", content: "My name is Ada." }, { role: "user", content: "What is my name?" }]
      }
    }
  ),
  scenario(
    "assistant-first",
    "The assistant speaks first",
    "What comes of it depends on the model. Let the user begin.",
    { body: { ...request, messages: [{ role: "assistant", content: "Welcome." }, hello] } }
  ),
  scenario("get-instead", "GET instead of POST", "The path exists and answers POST alone: 405.", { method: "GET" }),
  scenario(
    "system-in-messages",
    "A system role among the messages",
    "Where the top-level field was meant. Some models take system turns in the middle; none as the first.",
    { body: { ...request, messages: [{ role: "system", content: "You are brief." }, hello] } }
  )
]
