import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Rules from "@effect-claude/core/Rules"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { key, layer, question } from "./support.ts"

const quick = RetryPolicy.standard.pipe(RetryPolicy.jitter("none"))

const settled = Effect.gen(function*() {
  const { open } = yield* ClaudeTest.ClaudeTest
  assert.strictEqual(yield* open, 0, "every response was read to its end or given up")
})

/** Runs an effect while an hour passes. */
const patiently = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const collect = <E, R>(self: Stream.Stream<StreamEvent, E, R>) =>
  Effect.gen(function*() {
    const seen = yield* Ref.make<ReadonlyArray<StreamEvent>>([])
    const exit = yield* Effect.exit(Stream.runForEach(self, (event) => Ref.update(seen, (all) => [...all, event])))
    return { exit, types: (yield* Ref.get(seen)).map(({ type }) => type), events: yield* Ref.get(seen) }
  })

const failure = (exit: Exit.Exit<unknown, ClaudeError.ClaudeError>): ClaudeError.ClaudeError => {
  const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
  if (error === undefined || error._tag === "None") throw new Error(`expected a failure, got ${String(exit)}`)
  return error.value
}

describe("Messages", () => {
  describe("create", () => {
    it.effect("returns the message", () =>
      Effect.gen(function*() {
        const message = yield* Messages.create(question)

        assert.strictEqual(Message.text(message), "Hi!")
        yield* settled
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("sends the key, the version, and nothing that was not asked for", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        const [request] = yield* (yield* ClaudeTest.ClaudeTest).requests

        assert.strictEqual(request?.method, "POST")
        assert.strictEqual(request?.url, "/v1/messages")
        assert.deepStrictEqual(request?.body, question)
        assert.deepStrictEqual(Object.keys(request?.headers ?? {}).toSorted(), [
          "accept",
          "accept-encoding",
          "anthropic-version",
          "content-length",
          "content-type",
          "user-agent",
          "x-api-key"
        ])
        assert.strictEqual(request?.headers["anthropic-version"], "2023-06-01")
        assert.strictEqual(request?.headers["x-api-key"], "sk-ant-***")
        assert.strictEqual(request?.headers["content-type"], "application/json")
        assert.strictEqual(request?.headers["user-agent"], "effect-claude")
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("adds the betas a request needs to those asked for, each once", () =>
      Effect.gen(function*() {
        const request = { ...question, context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } } as const
        yield* Messages.create(request).pipe(
          Claude.withBetas(["dev-full-thinking-2025-05-14", "context-management-2025-06-27"])
        )
        const [recorded] = yield* (yield* ClaudeTest.ClaudeTest).requests

        assert.strictEqual(
          recorded?.headers["anthropic-beta"],
          "context-1m-2025-08-07,dev-full-thinking-2025-05-14,context-management-2025-06-27"
        )
      }).pipe(Effect.provide(layer(Script.reply("Hi!"), { betas: ["context-1m-2025-08-07"] }))))

    it.effect("counts characters of a plain answer, not bytes, and decodes them across pieces", () =>
      Effect.gen(function*() {
        const text = "é€😀".repeat(1_000)
        const script = Script.chunked(Script.forever(Script.reply(text)), "perByte")
        // A short answer in as many characters as it has, beside its frame of a few hundred.
        const ask = (body: number) =>
          Effect.provide(Messages.create(question, { wire: "json" }), layer(script, { limits: { body } }))
        const { length } = new TextEncoder().encode(text)

        assert.isAbove(length, 8_000)
        assert.strictEqual(Message.text(yield* ask(5_000)), text)
        const error = yield* Effect.flip(patiently(ask(4_000)))
        assert.include(error.message, "larger than 4000 characters")
      }))

    it.effect("tells request id, limits and attempts beside the message", () =>
      Effect.gen(function*() {
        const [, meta] = yield* patiently(Messages.createWithMeta(question))

        assert.match(meta.requestId ?? "", /^req_/)
        assert.isDefined(meta.rateLimits?.requests?.remaining)
        assert.strictEqual(meta.attempts, 2)
        assert.strictEqual(meta.wire, "json")
      }).pipe(Effect.provide(layer(Script.sequence(Script.status(529), Script.reply("Hi!"))))))

    const wires: ReadonlyArray<readonly [wire: "json" | "stream", when: string, request: Partial<MessageRequest>]> = [
      ["json", "a short answer", {}],
      ["json", "8,192 tokens", { max_tokens: 8_192 }],
      ["stream", "8,193 tokens", { max_tokens: 8_193 }],
      ["stream", "thinking", { thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 2048 }],
      ["json", "thinking switched off", { thinking: { type: "disabled" } }],
      ["stream", "a tool on the server", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
      ["json", "a tool of one's own", { tools: [{ name: "f", input_schema: { type: "object" } }] }],
      ["stream", "MCP", { mcp_servers: [{ type: "url", name: "m", url: "https://mcp.example.com" }] }],
      ["stream", "a container", { container: "container_1" }]
    ]
    for (const [wire, when, request] of wires) {
      it.effect(`travels as ${wire} for ${when}`, () =>
        Effect.gen(function*() {
          const [message, meta] = yield* Messages.createWithMeta({ ...question, ...request })

          assert.strictEqual(meta.wire, wire)
          assert.strictEqual(Message.text(message), "Hi!")
          yield* settled
        }).pipe(Effect.provide(layerUnchecked(Script.reply("Hi!")))))
    }

    it.effect("fails with a typed error and its attempts once the retries are spent", () =>
      Effect.gen(function*() {
        const error = yield* patiently(Effect.flip(Messages.create(question)))

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual(error.attempts?.count, 6)
        assert.strictEqual(error.attempts?.gaveUp, "maxRetries")
        assert.match(error.message, /Gave up after 6 attempts in .*: the policy's retries are spent\.$/)
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 6)
        yield* settled
      }).pipe(Effect.provide(layer(Script.forever(Script.status(529))))))

    it.effect("does not retry what cannot succeed", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Messages.create(question))

        assert.strictEqual(error._tag, "AuthenticationError")
        assert.strictEqual(error.attempts?.count, 1)
        assert.strictEqual(error.attempts?.gaveUp, "notRetryable")
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)
      }).pipe(Effect.provide(layer(Script.status(401)))))

    it.effect("waits as long as the server asks, not a millisecond less", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        const fiber = yield* Effect.forkChild(
          Messages.create(question).pipe(
            Claude.withRetry(
              RetryPolicy.make({ hintSpread: 0, jitter: "none" }).pipe((result) =>
                result._tag === "Success" ? result.success : RetryPolicy.never
              )
            )
          )
        )
        yield* TestClock.adjust("19999 millis")
        assert.strictEqual((yield* requests).length, 1)
        yield* TestClock.adjust("1 millis")

        yield* Fiber.join(fiber)
        assert.strictEqual((yield* requests).length, 2)
      }).pipe(
        Effect.provide(layer(Script.sequence(Script.rateLimited({ retryAfter: "20 seconds" }), Script.reply("Hi!"))))
      ))

    it.effect("gives up at once on a hint longer than the policy obeys", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Messages.create(question))

        assert.strictEqual(error._tag, "RateLimitError")
        assert.strictEqual(error.attempts?.gaveUp, "hintTooLong")
        assert.deepStrictEqual(error.retryAfter, Duration.hours(1))
      }).pipe(Effect.provide(layer(Script.rateLimited({ retryAfter: "1 hour" })))))

    it.effect("refuses a request of the wrong shape before sending it, naming the place", () =>
      Effect.gen(function*() {
        const wrong: unknown = {
          ...question,
          max_tokens: "many",
          messages: [{ role: "user", content: [{ type: "text" }] }]
        }
        const error = yield* Effect.flip(Messages.create(wrong as MessageRequest))

        assert.strictEqual(error._tag, "RequestValidationError")
        if (error._tag !== "RequestValidationError") return
        assert.include(error.violations.map(({ path }) => path), "max_tokens")
        assert.include(error.message, "max_tokens")
        assert.strictEqual(error.outcome, "notSent")
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 0)
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("refuses a request that cannot be written as JSON", () =>
      Effect.gen(function*() {
        const loop: { self?: unknown } = {}
        loop.self = loop
        const error = yield* Effect.flip(Messages.create({
          ...question,
          tools: [{ name: "look", input_schema: { type: "object", properties: loop } }]
        }))

        assert.strictEqual(error._tag, "RequestValidationError")
        assert.include(error.message, "JSON")
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("obeys the rules, those of the program's own, and their levels", () =>
      Effect.gen(function*() {
        const blank = { ...question, messages: [{ role: "user", content: [{ type: "text", text: "" }] }] } as const
        const refused = yield* Effect.flip(Messages.create(blank))
        const own = yield* Effect.flip(Messages.create({ ...question, metadata: { user_id: "nobody" } }))
        yield* Messages.create(question)
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)

        assert.strictEqual(refused._tag === "RequestValidationError" && refused.violations[0]?.rule, "emptyText")
        assert.strictEqual(
          own.message,
          "The request was not sent: metadata.user_id: unknown in 2023-06-01. Name a user."
        )
        const sentAnyway = yield* Effect.flip(Messages.create(blank).pipe(Claude.withRules({ emptyText: "off" })))
        assert.strictEqual(sentAnyway._tag, "InvalidRequestError")
      }).pipe(Effect.provide(layer(Script.forever(Script.reply("Hi!")), {
        rules: Rules.make({
          custom: [{
            name: "user",
            level: "refuse",
            evidence: "this program's own",
            check: (request, { version }) =>
              request.metadata?.user_id === "nobody"
                ? [{ path: "metadata.user_id", problem: `unknown in ${version}`, fix: "Name a user." }]
                : []
          }]
        })
      }))))

    it.effect("warns once about a model that retires soon", () =>
      Effect.gen(function*() {
        const lines: Array<string> = []
        const logger = Logger.make(({ message }) => {
          lines.push(String(message))
        })
        const catalog = { asOf: "1970-01-01", models: [{ id: question.model, retiresOn: "1970-01-31" }] }
        yield* Effect.repeat(Messages.create(question), { times: 1 }).pipe(
          Effect.provide(layer(Script.forever(Script.reply("Hi!")), { rules: Rules.make({ catalog }) })),
          Effect.provide(Logger.layer([logger]))
        )

        assert.deepStrictEqual(lines, [`The model ${question.model} retires on 1970-01-31, in 30 days.`])
      }))

    it.effect("holds a request to its shape alone where the layer has no rules", () =>
      Effect.gen(function*() {
        const blank = { ...question, messages: [{ role: "user", content: [{ type: "text", text: "" }] }] } as const
        const sentAnyway = yield* Effect.flip(
          Messages.create(blank).pipe(Claude.withRules({ emptyText: "refuse" }))
        )
        assert.strictEqual(sentAnyway._tag, "InvalidRequestError")
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)
      }).pipe(Effect.provide(layer(Script.forever(Script.reply("Hi!"))))))

    it.effect("refuses what the version it is sent with refuses", () =>
      Effect.gen(function*() {
        const request = { ...question, temperature: 0.5 }
        yield* Messages.create(request)
        const error = yield* Messages.create(request).pipe(Claude.withVersion("2026-10-21"), Effect.flip)

        assert.strictEqual(error._tag, "RequestValidationError")
        assert.include(error.message, "2026-10-21")
      }).pipe(Effect.provide(layer(Script.forever(Script.reply("Hi!")), { rules: Rules.standard }))))

    it.effect("warns in the log of what the API may refuse, and sends it", () =>
      Effect.gen(function*() {
        const lines: Array<string> = []
        const logger = Logger.make(({ logLevel, message }) => {
          lines.push(`${logLevel} ${String(message)}`)
        })
        const request = { ...question, messages: [{ role: "user", content: " " }, ...question.messages] } as const
        yield* Messages.create(request).pipe(Effect.provide(Logger.layer([logger])))

        assert.strictEqual(lines.length, 1)
        assert.include(lines[0], "Warn The API may refuse this request: messages[0].content: ")
      }).pipe(Effect.provide(layer(Script.reply("Hi!"), { rules: Rules.standard }, { check: false }))))

    for (const wire of ["json", "stream"] as const) {
      it.effect(`retries a connection that is reset, over ${wire}`, () =>
        Effect.gen(function*() {
          const message = yield* patiently(Messages.create(question, { wire }))

          assert.strictEqual(Message.text(message), "Hi!")
          assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 2)
          yield* settled
        }).pipe(Effect.provide(layer(Script.sequence(Script.resetConnection(), Script.reply("Hi!"))))))

      it.effect(`retries an answer that is cut, over ${wire}`, () =>
        Effect.gen(function*() {
          const [message, meta] = yield* patiently(Messages.createWithMeta(question, { wire }))

          assert.strictEqual(Message.text(message), "Hi! How are you?")
          assert.strictEqual(meta.attempts, 2)
          yield* settled
        }).pipe(Effect.provide(layer(Script.sequence(
          Script.reply("Hi! How are you?").pipe(Script.cutAfter({ bytes: 300 }, { by: "reset" })),
          Script.reply("Hi! How are you?")
        )))))

      it.effect(`does not repeat what the server may have acted on, over ${wire}`, () =>
        Effect.gen(function*() {
          const request = { ...question, container: "container_1" }
          const error = yield* patiently(Effect.flip(Messages.create(request, { wire })))

          assert.strictEqual(error.attempts?.count, 1)
          assert.strictEqual(error.attempts?.gaveUp, "unknownOutcome")
          yield* settled
        }).pipe(Effect.provide(layerUnchecked(
          Script.sequence(Script.resetConnection(), Script.reply("Hi!"))
        ))))

      it.effect(`gives an answer that stops arriving up, over ${wire}`, () =>
        Effect.gen(function*() {
          const error = yield* patiently(
            Messages.create(question, { wire }).pipe(Claude.withRetry(RetryPolicy.never), Effect.flip)
          )

          assert.strictEqual(error._tag, wire === "json" ? "ClaudeTimeoutError" : "StreamIdleError")
          assert.strictEqual(error._tag === "ClaudeTimeoutError" ? error.phase : "body", "body")
          yield* settled
        }).pipe(Effect.provide(layer(Script.reply("Hi!").pipe(Script.stall({ after: { bytes: 300 } }))))))

      it.effect(`gives headers that do not come up, over ${wire}`, () =>
        Effect.gen(function*() {
          const fiber = yield* Messages.create(question, { wire }).pipe(
            Claude.withRetry(RetryPolicy.never),
            Effect.flip,
            Effect.forkChild
          )
          yield* TestClock.adjust(wire === "json" ? "239 seconds" : "299 seconds")
          assert.isUndefined(fiber.pollUnsafe())
          yield* TestClock.adjust("2 seconds")
          const error = yield* Fiber.join(fiber)

          assert.strictEqual(error._tag, "ClaudeTimeoutError")
          assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "headers")
          assert.strictEqual(error.outcome, "unknown")
          yield* settled
        }).pipe(Effect.provide(layer(Script.silence))))

      it.effect(`keeps the whole call to its total, retries included, over ${wire}`, () =>
        Effect.gen(function*() {
          const error = yield* patiently(
            Messages.create(question, { wire }).pipe(Claude.withTimeouts({ total: "3 seconds" }), Effect.flip)
          )

          assert.strictEqual(error._tag, "ClaudeTimeoutError")
          assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "total")
          yield* settled
        }).pipe(Effect.provide(layer(Script.forever(Script.status(529)), { retry: quick }))))

      it.effect(`says what is wrong with an answer that is none, over ${wire}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Messages.create(question, { wire }))

          assert.strictEqual(error._tag, wire === "json" ? "ResponseDecodeError" : "ResponseDecodeError")
          assert.include(error.message, "Check the base URL")
          assert.strictEqual(error.attempts?.count, 1)
          yield* settled
        }).pipe(Effect.provide(layer(Script.garbage()))))
    }

    it.effect("keeps the partial message of a folded answer that takes too long", () =>
      Effect.gen(function*() {
        const error = yield* patiently(
          Messages.create(question, { wire: "stream" }).pipe(
            Claude.withTimeouts({ foldedTotal: "20 seconds" }),
            Claude.withRetry(RetryPolicy.never),
            Effect.flip
          )
        )

        assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "total")
        assert.isDefined(error.partial)
        assert.strictEqual(error.outcome, "partial")
      }).pipe(Effect.provide(layer(
        Script.reply("one two three four").pipe(Script.chunked("perEvent"), Script.slow("8 seconds"))
      ))))

    it.effect("never shows the key", () =>
      Effect.gen(function*() {
        const errors = yield* Effect.forEach([1, 2, 3, 4, 5], () =>
          Messages.create(question).pipe(Claude.withRetry(RetryPolicy.never), Effect.flip))
        for (const error of errors) {
          for (
            const shown of [
              String(error),
              JSON.stringify(error),
              error.stack ?? "",
              String(Cause.pretty(Cause.fail(error)))
            ]
          ) {
            assert.notInclude(shown, key)
          }
        }
        assert.deepStrictEqual(
          errors.map(({ _tag }) =>
            _tag
          ),
          [
            "AuthenticationError",
            "OverloadedError",
            "ConnectionError",
            "ResponseDecodeError",
            "ConnectionError"
          ]
        )
      }).pipe(Effect.provide(layer(Script.sequence(
        Script.status(401),
        Script.status(529),
        Script.resetConnection(),
        Script.garbage(),
        Script.reply("Hi!").pipe(Script.cutAfter({ bytes: 50 }, { by: "reset" }))
      )))))
  })

  describe("stream", () => {
    it.effect("streams the events of the answer", () =>
      Effect.gen(function*() {
        const { exit, types } = yield* collect(Messages.stream(question))
        const [request] = yield* (yield* ClaudeTest.ClaudeTest).requests

        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(types[0], "message_start")
        assert.strictEqual(types.at(-1), "message_stop")
        assert.deepStrictEqual(request?.body, { ...question, stream: true })
        yield* settled
      }).pipe(Effect.provide(layer(Script.reply("Hello, how are you?")))))

    it.effect("sends nothing before it is run, and again for each run", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        const stream = Messages.stream(question)
        assert.strictEqual((yield* requests).length, 0)
        yield* Stream.runDrain(stream)
        yield* Stream.runDrain(stream)

        assert.strictEqual((yield* requests).length, 2)
      }).pipe(Effect.provide(layer(Script.forever(Script.reply("Hi!"))))))

    for (const by of ["end", "close", "reset"] as const) {
      it.effect(`fails with the partial message when it is cut by ${by} after content, and is not retried`, () =>
        Effect.gen(function*() {
          const { exit } = yield* patiently(collect(Messages.stream(question)))
          const error = failure(exit)

          assert.strictEqual(error._tag, "StreamTruncatedError")
          assert.strictEqual(error._tag === "StreamTruncatedError" && error.reason, by === "end" ? "eof" : "reset")
          assert.strictEqual(error.contentHandedOut, true)
          assert.strictEqual(error.attempts, undefined)
          assert.strictEqual(error.outcome, "partial")
          assert.strictEqual(error.partial && Message.text(error.partial).length > 0, true)
          assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)
          yield* settled
        }).pipe(Effect.provide(layer(
          Script.reply("One two three four five six seven").pipe(
            Script.chunked("perEvent"),
            Script.cutAfter({ events: 5 }, { by })
          )
        ))))

      it.effect(`is opened again when it is cut by ${by} before content`, () =>
        Effect.gen(function*() {
          const { exit, events } = yield* patiently(collect(Messages.stream(question)))

          assert.isTrue(Exit.isSuccess(exit))
          assert.strictEqual(events.filter(({ type }) => type === "message_start").length, 1)
          assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 2)
          yield* settled
        }).pipe(Effect.provide(layer(Script.sequence(
          Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 2 }, { by })),
          Script.reply("One two three")
        )))))
    }

    it.effect("is opened again on an overload reported as the first event", () =>
      Effect.gen(function*() {
        const message = yield* patiently(MessageStream.final(Messages.stream(question)))

        assert.strictEqual(Message.text(message), "Hi!")
      }).pipe(Effect.provide(layer(Script.sequence(Script.overloadedInStream(), Script.reply("Hi!"))))))

    it.effect("fails with the same error for an overload after content, with the partial message", () =>
      Effect.gen(function*() {
        const error = failure((yield* collect(Messages.stream(question))).exit)

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual(error.status, undefined)
        assert.strictEqual(error.contentHandedOut, true)
        assert.isDefined(error.partial)
        assert.match(error.requestId ?? "", /^req_/)
        assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)
        yield* settled
      }).pipe(Effect.provide(layer(
        Script.reply("One two three four five").pipe(Script.errorInStream({ after: 5 }))
      ))))

    it.effect("says that the outcome is unknown where nothing came", () =>
      Effect.gen(function*() {
        const error = failure(
          (yield* collect(Messages.stream(question).pipe(Claude.withRetry(RetryPolicy.never)))).exit
        )

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(error.outcome, "unknown")
        assert.isUndefined(error.partial)
        assert.isUndefined(error.contentHandedOut)
      }).pipe(Effect.provide(layer(Script.reply("One two three").pipe(Script.cutAfter({ bytes: 10 }))))))

    it.effect("counts pings as life, and not a slow consumer as idleness", () =>
      Effect.gen(function*() {
        const { exit } = yield* patiently(collect(
          Messages.stream(question).pipe(
            Stream.tap(() => Effect.sleep("200 seconds"))
          )
        ))

        assert.isTrue(Exit.isSuccess(exit))
      }).pipe(Effect.provide(layer(
        Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.slow("80 seconds"))
      ))))

    it.effect("fails when no byte comes for the idle time, to the millisecond", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(collect(Messages.stream(question)))
        const { aborted } = yield* ClaudeTest.ClaudeTest
        yield* TestClock.adjust("89999 millis")
        assert.strictEqual(yield* aborted, 0)
        yield* TestClock.adjust("1 millis")
        const error = failure((yield* Fiber.join(fiber)).exit)

        assert.strictEqual(error._tag, "StreamIdleError")
        assert.deepStrictEqual(error._tag === "StreamIdleError" && error.idle, Duration.seconds(90))
        assert.isDefined(error.partial)
        assert.strictEqual(yield* aborted, 1)
        yield* settled
      }).pipe(Effect.provide(layer(
        Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.stall({ after: { events: 5 } }))
      ))))

    it.effect("fails when pings alone come for the first content time", () =>
      Effect.gen(function*() {
        const error = failure(
          (yield* patiently(collect(Messages.stream(question).pipe(Claude.withRetry(RetryPolicy.never))))).exit
        )

        assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "firstContent")
        yield* settled
      }).pipe(Effect.provide(layer(
        Script.events(Array.from({ length: 100 }, () => ({ type: "ping" }))).pipe(
          Script.chunked("perEvent"),
          Script.slow("30 seconds")
        )
      ))))

    it.effect("keeps the whole call to its total, and carries the partial message", () =>
      Effect.gen(function*() {
        const error = failure(
          (yield* patiently(
            collect(Messages.stream(question).pipe(Claude.withTimeouts({ total: "100 seconds" })))
          )).exit
        )

        assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "total")
        assert.isDefined(error.partial)
        yield* settled
      }).pipe(Effect.provide(layer(
        Script.reply("One two three four five six").pipe(Script.chunked("perEvent"), Script.slow("20 seconds"))
      ))))

    it.effect("gives the response up at once when it is left, read or not", () =>
      Effect.gen(function*() {
        const { aborted, open } = yield* ClaudeTest.ClaudeTest
        yield* Messages.stream(question).pipe(Stream.take(1), Stream.runDrain)
        assert.strictEqual(yield* open, 0)

        const fiber = yield* Effect.forkChild(Stream.runDrain(Messages.stream(question)))
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* open, 1)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* open, 0)
        assert.strictEqual(yield* aborted, 2)
      }).pipe(Effect.provide(layer(Script.forever(
        Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.stall({ after: { events: 5 } }))
      )))))

    it.effect("reports signs of life before the first content, and none after", () =>
      Effect.gen(function*() {
        const progress = yield* Ref.make<ReadonlyArray<string>>([])
        const onProgress = (sign: Messages.Progress) => Ref.update(progress, (all) => [...all, sign._tag])
        yield* patiently(Stream.runDrain(Messages.stream(question, { onProgress })))

        assert.deepStrictEqual(yield* Ref.get(progress), ["Attempt", "Waiting", "Attempt", "Ping", "Ping"])
      }).pipe(Effect.provide(layer(Script.sequence(
        Script.status(529),
        Script.events([
          { type: "ping" },
          {
            type: "message_start",
            message: {
              id: "msg_1",
              type: "message",
              role: "assistant",
              model: "m",
              content: [],
              usage: { input_tokens: 1, output_tokens: 1 }
            }
          },
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
          { type: "ping" },
          { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
          { type: "ping" },
          { type: "message_stop" }
        ])
      )))))

    it.effect("holds back no more events than allowed, and then hands them out", () =>
      Effect.gen(function*() {
        const { exit, types } = yield* patiently(collect(Messages.stream(question)))

        assert.deepStrictEqual(types, Array.from({ length: 6 }, () => "ping"))
        assert.strictEqual(failure(exit).contentHandedOut, true)
      }).pipe(Effect.provide(layer(
        Script.events(Array.from({ length: 6 }, () => ({ type: "ping" }))).pipe(Script.chunked("perEvent")),
        { limits: { heldEvents: 3 } }
      ))))

    it.effect("says that an event cannot be read, and where", () =>
      Effect.gen(function*() {
        const error = failure(
          (yield* collect(Messages.stream(question).pipe(Claude.withRetry(RetryPolicy.never)))).exit
        )

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.include(error.message, "at delta.text")
        yield* settled
      }).pipe(Effect.provide(layer(Script.events([
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: 7 } }
      ])))))

    it.effect("does not open a stream again that may have acted, once it began", () =>
      Effect.gen(function*() {
        const request = { ...question, container: "container_1" }
        const error = failure((yield* patiently(collect(Messages.stream(request)))).exit)

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(error.attempts?.gaveUp, "unknownOutcome")
      }).pipe(Effect.provide(layerUnchecked(Script.sequence(
        Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 1 })),
        Script.reply("One two three")
      )))))
  })

  describe("create and stream", () => {
    const Block = Schema.Union([
      Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
      Schema.Struct({ type: Schema.Literal("thinking"), thinking: Schema.String, signature: Schema.String }),
      Schema.Struct({ type: Schema.Literal("redacted_thinking"), data: Schema.String }),
      Schema.Struct({
        type: Schema.Literal("tool_use"),
        id: Schema.String,
        name: Schema.String,
        input: Schema.Record(Schema.String, Schema.Json)
      }),
      Schema.Struct({ type: Schema.Literal("tomorrow"), field: Schema.Json })
    ])

    it.effect.prop(
      "give the same message, however it travels and is cut into pieces",
      {
        content: Schema.Array(Block),
        stop_reason: Schema.Literals(["end_turn", "max_tokens", "tool_use", "tomorrow"]),
        size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 500 }))
      },
      ({ content, size, stop_reason }) =>
        Effect.gen(function*() {
          const plain = yield* Messages.create(question, { wire: "json" })
          const folded = yield* Messages.create(question, { wire: "stream" })
          const streamed = yield* MessageStream.final(Messages.stream(question))

          assert.deepStrictEqual(folded, plain)
          assert.deepStrictEqual(streamed, plain)
        }).pipe(Effect.provide(layer(Script.forever(
          Script.message({ id: "msg_1", content, stop_reason, usage: { input_tokens: 7, output_tokens: 11 } }).pipe(
            Script.chunked(Array.from({ length: 40 }, (_, i) => (i + 1) * size))
          )
        )))),
      { arbitrary: { runs: 100 }, timeout: 60_000 }
    )
  })

  describe("the commit point", () => {
    const start = {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        usage: { input_tokens: 1, output_tokens: 1 }
      }
    }
    const block = (content_block: unknown) => ({ type: "content_block_start", index: 0, content_block })
    const empty = block({ type: "text", text: "" })
    const delta = (delta: unknown) => ({ type: "content_block_delta", index: 0, delta })
    const committing: ReadonlyArray<readonly [what: string, events: ReadonlyArray<Script.Tagged>]> = [
      ["a delta", [start, empty, delta({ type: "text_delta", text: "x" })]],
      ["an empty delta", [start, empty, delta({ type: "input_json_delta", partial_json: "" })]],
      ["an unknown delta", [start, empty, delta({ type: "tomorrow" })]],
      ["a block with content", [start, block({ type: "text", text: "x" })]],
      ["a finished block", [start, block({ type: "redacted_thinking", data: "x" })]],
      ["an unknown block", [start, block({ type: "tomorrow" })]],
      ["a thinking block with a signature", [start, block({ type: "thinking", thinking: "", signature: "x" })]],
      ["a tool call with input", [start, block({ type: "tool_use", id: "t", name: "n", input: { a: 1 } })]],
      ["a message that starts with content", [{
        ...start,
        message: { ...start.message, content: [{ type: "text", text: "x" }] }
      }]],
      ["message_delta", [start, { type: "message_delta", delta: { stop_reason: "end_turn" } }]],
      ["an unknown event", [start, { type: "tomorrow" }]]
    ]
    const pending: ReadonlyArray<readonly [what: string, events: ReadonlyArray<Script.Tagged>]> = [
      ["nothing", []],
      ["a ping", [{ type: "ping" }]],
      ["message_start", [start]],
      ["an empty text block", [start, empty]],
      ["an empty thinking block", [start, block({ type: "thinking", thinking: "", signature: "" })]],
      ["a tool call without input", [start, block({ type: "tool_use", id: "t", name: "n", input: {} })]],
      ["an empty block that is closed", [start, empty, { type: "content_block_stop", index: 0 }]]
    ]

    for (const [what, events] of committing) {
      it.effect(`is ${what}`, () =>
        Effect.gen(function*() {
          const { exit, types } = yield* patiently(collect(Messages.stream(question)))

          assert.strictEqual(failure(exit).contentHandedOut, true)
          assert.deepStrictEqual(types, events.map(({ type }) => type))
          assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 1)
        }).pipe(Effect.provide(layer(Script.sequence(Script.events(events), Script.reply("second"))))))
    }

    for (const [what, events] of pending) {
      it.effect(`is not ${what}`, () =>
        Effect.gen(function*() {
          const message = yield* patiently(MessageStream.final(Messages.stream(question)))

          assert.strictEqual(Message.text(message), "second")
          assert.strictEqual((yield* (yield* ClaudeTest.ClaudeTest).requests).length, 2)
        }).pipe(Effect.provide(layer(Script.sequence(Script.events(events), Script.reply("second"))))))
    }

    it.effect.prop(
      "P11 delivers the events of exactly one attempt, wherever the first is cut",
      [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 900 })), Schema.Literals(["end", "close", "reset"])],
      ([bytes, by]) =>
        Effect.gen(function*() {
          const { events, exit, types } = yield* patiently(collect(Messages.stream(question)))
          const text = events.map((event) =>
            event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : ""
          ).join("")

          assert.strictEqual(types.filter((type) => type === "message_start").length, types.length === 0 ? 0 : 1)
          if (Exit.isSuccess(exit)) {
            assert.include(["first answer of the two", "second answer"], text)
            assert.strictEqual(types.at(-1), "message_stop")
          } else {
            assert.isTrue("first answer of the two".startsWith(text))
            assert.strictEqual(failure(exit).contentHandedOut, true)
          }
          yield* settled
        }).pipe(Effect.provide(layer(Script.sequence(
          Script.reply("first answer of the two").pipe(Script.cutAfter({ bytes }, { by })),
          Script.reply("second answer")
        )))),
      { arbitrary: { runs: 200 }, timeout: 60_000 }
    )
  })
})

/** Like `layer`, for requests the scripted API would refuse. */
function layerUnchecked(script: Script.Script) {
  return layer(script, undefined, { check: false })
}
