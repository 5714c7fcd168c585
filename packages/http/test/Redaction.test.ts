/** What must turn up nowhere: a property over credentials and prompts, in every position and every output. */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as RateLimitState from "@effect-claude/http/RateLimitState"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Telemetry from "@effect-claude/http/Telemetry"
import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import { patiently, question } from "./scripted.ts"

// --- where a secret can be ---------------------------------------------------

/** The ways to give a credential. */
const credentials: ReadonlyArray<(secret: string) => ClaudeConfig.Options> = [
  (secret) => ({ apiKey: Redacted.make(secret) }),
  (secret) => ({ authToken: Redacted.make(secret) }),
  (secret) => ({ apiKey: Effect.succeed(Redacted.make(secret)) }),
  (secret) => ({ headers: { "X-Api-Key": secret } }),
  (secret) => ({ apiKey: Redacted.make("sk-ant-other"), headers: { "cf-access-client-secret": secret } }),
  (secret) => ({ apiKey: Redacted.make("sk-ant-other"), headers: { "x-for-us": Redacted.make(secret) } }),
  (secret) => ({ apiKey: Effect.fail(new Error(`no credential: ${secret}`)) }),
  (secret) => ({ apiKey: Redacted.make(`${secret}\n`) }),
  (secret) => ({ apiKey: Effect.succeed(Redacted.make(`${secret}\u20ac`)) })
]

const image = { type: "base64", media_type: "image/png", data: "aGVsbG8=" } as const

/** The places of a prompt. */
const prompts: ReadonlyArray<(secret: string) => Partial<MessageRequest>> = [
  (secret) => ({ messages: [{ role: "user", content: secret }] }),
  (secret) => ({ system: secret }),
  (secret) => ({ system: [{ type: "text", text: secret, cache_control: { type: "ephemeral" } }] }),
  (secret) => ({
    messages: [{ role: "user", content: [{ type: "image", source: image }, { type: "text", text: secret }] }]
  }),
  (secret) => ({
    messages: [{
      role: "user",
      content: [{ type: "document", title: secret, source: { type: "text", media_type: "text/plain", data: secret } }]
    }]
  }),
  (secret) => ({
    tools: [{ name: "look", description: secret, input_schema: { type: "object", properties: { [secret]: {} } } }],
    messages: [
      { role: "user", content: "Look." },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "look", input: { at: secret } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: secret }] }
    ]
  }),
  (secret) => ({ metadata: { user_id: secret } }),
  // Refused before it is sent, with the secret at the very place that is wrong.
  (secret) => ({ max_tokens: secret as never }),
  (secret) => ({ messages: [{ role: secret as never, content: "Hello" }] }),
  (secret) => ({ messages: [{ role: "user", content: { text: secret } as never }] })
]

/** What the server does, saying the secret where it can. */
const answers: ReadonlyArray<(secret: string) => Script.Script> = [
  (secret) => Script.reply(secret),
  (secret) => Script.thinking(secret, secret),
  (secret) => Script.toolCall("look", { at: secret }),
  (secret) => Script.refusal(secret),
  (secret) => Script.reply(`${secret} and so on`).pipe(Script.cutAfter({ events: 4 })),
  (secret) => Script.reply(`${secret} and so on`).pipe(Script.cutAfter({ events: 4 }, { by: "reset" })),
  (secret) => Script.reply(`${secret} and so on`).pipe(Script.stall({ after: { events: 4 } })),
  (secret) => Script.reply(`${secret} and so on`).pipe(Script.errorInStream({ after: 4 })),
  (secret) => Script.garbage({ status: 200, contentType: "text/event-stream", body: `data: {"a": ${secret}}\n\n` }),
  (secret) =>
    Script.garbage({
      status: 200,
      contentType: "text/event-stream",
      body: `data: ${JSON.stringify({ type: "content_block_delta", index: secret, delta: { type: secret } })}\n\n`
    }),
  (secret) => Script.garbage({ status: 200, contentType: "application/json", body: `{"a": ${secret}}` }),
  (secret) =>
    Script.garbage({
      status: 200,
      contentType: "application/json",
      body: JSON.stringify({ id: "msg_1", type: "message", content: [{ type: "text", text: [secret] }] })
    }),
  (secret) => Script.garbage({ status: 200, contentType: "text/html", body: `<p>${secret}</p>` }),
  () => Script.status(529),
  () => Script.status(401),
  () => Script.resetConnection()
]

/** Escapes every byte as URLs do. */
const percent = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => `%${byte.toString(16)}`).join("")

/** Servers that repeat the credential they were given. */
const echoes: ReadonlyArray<(secret: string) => Script.Script> = [
  (secret) => Script.status(401, { message: `in hex: ${percent(secret)}` }),
  (secret) => Script.status(401, { message: `in a pair: ${btoa(`user:${secret}`)}` }),
  (secret) => Script.status(401, { headers: { "request-id": `${secret}/1`, "anthropic-organization-id": secret } }),
  (secret) => Script.garbage({ contentType: secret }),
  (secret) => Script.status(401, { message: `invalid x-api-key: ${secret}` }),
  (secret) => Script.status(500, { message: `${"x".repeat(190)}${secret}` }),
  (secret) => Script.garbage({ status: 403, contentType: "text/html", body: `<b>authorization: Bearer ${secret}</b>` }),
  // The shape of a key tells it even where it is cut.
  (secret) =>
    Script.status(401, { message: secret.startsWith("sk-ant-") ? `no such key: ${secret.slice(0, 13)}…` : "no" }),
  (secret) => Script.garbage({ status: 502, contentType: "text/plain", body: `upstream refused ${secret}` }),
  (secret) => Script.garbage({ status: 200, contentType: "text/plain", body: `welcome, ${secret}` }),
  (secret) =>
    Script.garbage({
      status: 200,
      contentType: "application/json",
      body: JSON.stringify({ type: "error", error: { type: "api_error", message: `who is ${secret}?` } })
    }),
  (secret) =>
    Script.garbage({
      status: 200,
      contentType: "text/event-stream",
      body: `event: error\ndata: ${
        JSON.stringify({ type: "error", error: { type: "api_error", message: `who is ${secret}?` } })
      }\n\n`
    })
]

const calls: ReadonlyArray<
  (request: MessageRequest) => Effect.Effect<unknown, ClaudeError.ClaudeError, Claude.Claude>
> = [
  (request) => Messages.create(request, { wire: "json" }),
  (request) => Messages.create(request, { wire: "stream" }),
  (request) => Stream.runDrain(Messages.stream(request)),
  (request) => Stream.runDrain(Stream.take(Messages.stream(request), 2))
]

// --- where it could turn up --------------------------------------------------

/** Everything that a program prints of a call, by name. */
const outputs = (
  script: Script.Script,
  options: ClaudeConfig.Options,
  call: Effect.Effect<unknown, ClaudeError.ClaudeError, Claude.Claude>
): Effect.Effect<{ readonly [name: string]: string }> =>
  Effect.gen(function*() {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const logged: Array<string> = []
    const write = <A>(logger: Logger.Logger<unknown, A>) =>
      Logger.map(logger, (line) => logged.push(typeof line === "string" ? line : show(line)))
    const loggers = Logger.layer([
      write(Logger.formatSimple),
      write(Logger.formatLogFmt),
      write(Logger.formatStructured),
      write(Logger.formatJson)
    ])
    const registry = new Map()
    const entries: Array<string> = []
    const stack = TrafficLog.layer((entry) =>
      Effect.sync(() => {
        entries.push(TrafficEntry.format(entry), TrafficEntry.toJson(entry))
      })
    ).pipe(
      Layer.provideMerge(RateLimitState.layer),
      Layer.provide(Telemetry.layer()),
      Layer.provide(Claude.layer({ retry: RetryPolicy.standard, ...options })),
      Layer.provide(ClaudeTest.layer(script, { check: false }))
    )
    const program = Effect.gen(function*() {
      const claude = yield* Claude.Claude
      const exit = yield* Effect.exit(Effect.tapCause(call, (cause) => Effect.logError("It failed", cause)))
      const limits = yield* RateLimitState.latest
      return { claude, settings: yield* claude.settings, exit, limits }
    })
    const exit = yield* patiently(Effect.exit(program.pipe(Effect.provide(stack)))).pipe(
      Effect.provide(loggers),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provideService(Metric.MetricRegistry, registry)
    )
    const found = Exit.isSuccess(exit) ? exit.value : undefined
    // What a call returns is content by right: only what it fails with is looked at.
    const failed: Exit.Exit<unknown, unknown> = found === undefined
      ? exit
      : Exit.isSuccess(found.exit)
      ? Exit.void
      : found.exit
    const error = Exit.isFailure(failed) ? Cause.squash(failed.cause) : undefined
    const metrics = yield* Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)
    return {
      "error as text": String(error),
      "error as JSON": JSON.stringify(error) ?? "",
      "error inspected": show(error),
      "stack of the error": error instanceof Error ? String(error.stack) : "",
      "fields of the error": typeof error === "object" && error !== null ? show({ ...error }) : "",
      "cause": Exit.isFailure(failed) ? `${Cause.pretty(failed.cause)}${show(failed)}${JSON.stringify(failed)}` : "",
      "log": logged.join("\n"),
      "spans": show(spans),
      "metrics": show(metrics),
      "traffic log": entries.join("\n"),
      "service": `${show(found?.claude)}${JSON.stringify(found?.claude)}`,
      "settings": `${show(found?.settings)}${JSON.stringify(found?.settings)}`,
      "rate limits": show(found?.limits)
    }
  }).pipe(Effect.provide(TestClock.layer()))

const show = (value: unknown): string =>
  inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null })

const assertAbsent = (outputs: { readonly [name: string]: string }, ...secrets: ReadonlyArray<string>) => {
  for (const [name, text] of Object.entries(outputs)) {
    for (const secret of secrets) assert.isFalse(text.includes(secret), `${secret} in ${name}: ${text}`)
  }
}

const Index = (length: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: length - 1 }))
const Digits = Schema.Int.check(Schema.isBetween({ minimum: 100_000, maximum: 999_999 }))

describe("Redaction", () => {
  it.effect.prop(
    "shows neither a credential nor a prompt nor an answer in anything a program prints",
    {
      number: Digits,
      credential: Index(credentials.length),
      prompt: Index(prompts.length),
      answer: Index(answers.length),
      call: Index(calls.length)
    },
    ({ answer, call, credential, number, prompt }) =>
      Effect.gen(function*() {
        const key = `sk-ant-k${number}`
        const asked = `asked-${number}`
        const said = `said-${number}`
        const request: MessageRequest = { ...question, ...prompts[prompt]!(asked) }
        const found = yield* outputs(answers[answer]!(said), credentials[credential]!(key), calls[call]!(request))

        assertAbsent(found, key, asked, said)
      }),
    { arbitrary: { runs: 500 }, timeout: 30_000 }
  )

  it.effect.prop(
    "shows no credential that a server repeats",
    {
      number: Digits,
      credential: Index(6),
      echo: Index(echoes.length),
      call: Index(calls.length),
      plain: Schema.Boolean
    },
    ({ call, credential, echo, number, plain }) =>
      Effect.gen(function*() {
        const key = plain ? `token.${number}.abcdef` : `sk-ant-k${number}`
        const found = yield* outputs(echoes[echo]!(key), credentials[credential]!(key), calls[call]!(question))

        assertAbsent(found, key, key.slice(0, 12), percent(key), btoa(`user:${key}`))
      }),
    { arbitrary: { runs: 100 }, timeout: 30_000 }
  )

  it.effect("keeps none in the body of an answer that could not be read", () =>
    Effect.gen(function*() {
      const key = "sk-ant-k0123456789"
      const error = yield* Effect.flip(Messages.create(question))
        .pipe(Effect.provide(Claude.layer({ headers: { authorization: `Bearer ${key}` }, retry: RetryPolicy.never })))
        .pipe(Effect.provide(ClaudeTest.layer(
          Script.garbage({ status: 200, contentType: "text/plain", body: `welcome, ${key}` }),
          { check: false }
        )))

      assert.strictEqual(error._tag, "ResponseDecodeError")
      assert.strictEqual(error.body, "welcome, [credential]")
    }))

  it.effect("would find a secret, were there one", () =>
    Effect.gen(function*() {
      const found = yield* outputs(Script.status(400, { message: "no such model: asked" }), {
        apiKey: Redacted.make("k".repeat(20))
      }, calls[0]!(question))

      for (const name of ["error as text", "error as JSON", "error inspected", "cause", "log", "spans"]) {
        assert.include(found[name], "no such model", name)
      }
      assert.include(found["traffic log"], "InvalidRequestError")
      assert.include(found["metrics"], "InvalidRequestError")
    }))
})
