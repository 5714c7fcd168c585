/**
 * A scene for every error there is: each is made to happen, and shown as a
 * program catches it.
 *
 * @since 0.1.0
 */
import type { ClaudeError, Tag } from "@effect-claude/core/ClaudeError"
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Pacing from "@effect-claude/http/Pacing"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Budget from "@effect-claude/session/Budget"
import * as Script from "@effect-claude/testing/Script"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Report from "../Report.ts"
import { Screen } from "../Screen.ts"
import { fact, question, type Scene } from "./Scene.ts"

// -----------------------------------------------------------------------------
// how each comes about
// -----------------------------------------------------------------------------

interface Cause {
  /** What happens, in words. */
  readonly by: string
  readonly script: Script.Script
  /** What fails; by default a plain request. */
  readonly call?: Effect.Effect<unknown, ClaudeError, Claude.Claude> | undefined
}

const plain = Messages.create(question("Hello"))

const streamed = MessageStream.final(Messages.stream(question("Hello")))

const answers = (status: number, options?: Script.StatusOptions): Cause => ({
  by: `The server answers ${status}${options?.code === undefined ? "" : ` with the code ${options.code}`}.`,
  script: Script.status(status, options)
})

const causes: { readonly [T in Tag]: Cause } = {
  InvalidRequestError: answers(400),
  ContextWindowExceededError: answers(400, { message: "prompt is too long: 205123 tokens > 200000 maximum" }),
  AuthenticationError: answers(401, { message: "invalid x-api-key" }),
  BillingError: answers(402),
  PermissionError: answers(403),
  NotFoundError: answers(404, { message: "model: claude-nope" }),
  MethodNotAllowedError: answers(405),
  RequestTimeoutError: answers(408),
  ConflictError: answers(409),
  RequestTooLargeError: answers(413),
  UnprocessableEntityError: answers(422),
  RateLimitError: {
    by: "The server answers 429 and asks to wait for 30 seconds.",
    script: Script.rateLimited({ retryAfter: "30 seconds" })
  },
  SpendLimitError: answers(429, {
    code: "enforced_spend_limit_reached",
    message: "Your organization has reached its limit on spending."
  }),
  ApiError: answers(500),
  GatewayTimeoutError: answers(504),
  OverloadedError: {
    by: "A stream begins, and its next event says that the API is overloaded: there is no status at all.",
    script: Script.overloadedInStream({ after: 3 }),
    call: streamed
  },
  UnexpectedStatusError: {
    by: "The server redirects, which is never followed: a key and a prompt would go with it.",
    script: Script.status(307, { headers: { location: "https://elsewhere.example.com" } })
  },
  ConnectionError: {
    by: "The connection is reset before the server says anything.",
    script: Script.resetConnection()
  },
  ClaudeTimeoutError: {
    by: "The server takes the request and says nothing, and the limit is a tenth of a second.",
    script: Script.silence,
    call: Claude.withTimeouts(plain, { jsonHeaders: "100 millis" })
  },
  ResponseDecodeError: {
    by: "The server answers 200 with what is no JSON.",
    script: Script.garbage()
  },
  RequestValidationError: {
    by: "The request has an empty text block, which the API refuses: it is not sent.",
    script: Script.empty,
    call: Messages.create(question("", { messages: [{ role: "user", content: [{ type: "text", text: "" }] }] }))
  },
  StreamTruncatedError: {
    by: "A stream ends in the middle of its answer.",
    script: Script.reply("Half of what").pipe(Script.cutAfter({ events: 4 })),
    call: streamed
  },
  StreamIdleError: {
    by: "A stream falls silent in the middle, and the limit is a fifth of a second.",
    script: Script.reply("Half of what").pipe(Script.stall({ after: { events: 4 } })),
    call: Claude.withTimeouts(streamed, { idle: "200 millis" })
  },
  CircuitOpenError: {
    by: "One attempt fails, the breaker opens, and the next call is not sent.",
    script: Script.forever(Script.status(529)),
    call: Effect.andThen(Effect.ignore(plain), plain).pipe(
      Effect.provide(Layer.orDie(CircuitBreaker.layer({ trip: { consecutive: 1 }, openFor: "15 seconds" })))
    )
  },
  BudgetExceededError: {
    by: "The program has 500 tokens to spend, and the request could take more.",
    script: Script.model(),
    call: Effect.flatMap(
      Effect.orDie(Budget.make({ tokens: 500, name: "the demonstration" })),
      (budget) => Effect.provide(plain, Budget.layer(budget))
    )
  },
  PacingError: {
    by: "One request a minute is allowed, and the second does not want to wait.",
    script: Script.model(),
    call: Effect.andThen(plain, plain).pipe(
      Effect.provide(Layer.orDie(Pacing.layer({ limits: { requests: 1 }, maxWait: "10 millis" })))
    )
  }
}

// -----------------------------------------------------------------------------
// scenes
// -----------------------------------------------------------------------------

const isTag = (name: string): name is Tag => Object.hasOwn(causes, name)

const scene = (tag: Tag): Scene => {
  const { by, call, script } = causes[tag]
  return {
    name: tag,
    kind: "error",
    title: tag,
    about: `${ErrorGuide.byTag[tag].description} ${by}`,
    code: `Effect.catchTag("${tag}", (error) => …)`,
    script,
    options: { retry: RetryPolicy.never },
    run: Effect.gen(function*() {
      const { out, width } = yield* Screen
      const error = yield* Effect.flip(call ?? plain)
      yield* out.line(Report.show(Report.ofClaudeError(error), yield* width, out.style))
      yield* fact("caught as", error._tag)
      yield* fact("outcome", error.outcome)
      if (error._tag !== tag) return yield* Effect.die(`${tag} was to be shown, and ${error._tag} came`)
    })
  }
}

/**
 * The scenes.
 *
 * @category scenes
 * @since 0.1.0
 */
export const errors: ReadonlyArray<Scene> = Object.keys(causes).filter(isTag).map(scene)
