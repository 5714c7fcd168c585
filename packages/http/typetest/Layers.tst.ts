import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import type * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Hedging from "@effect-claude/http/Hedging"
import * as Identity from "@effect-claude/http/Identity"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Messages from "@effect-claude/http/Messages"
import * as ModelFallback from "@effect-claude/http/ModelFallback"
import * as Pacing from "@effect-claude/http/Pacing"
import * as RateLimitState from "@effect-claude/http/RateLimitState"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { describe, expect, it } from "tstyche"

class Clockwork extends Context.Service<Clockwork, { readonly tick: Effect.Effect<void> }>()("Clockwork") {}

const request = { model: "claude-sonnet-5-5", max_tokens: 1, messages: [{ role: "user", content: "Hi" }] } as const

describe("layers", () => {
  it("take a Claude and provide a Claude", () => {
    expect(Hedging.layer({ after: "1 second" })).type.toBe<
      Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError, Claude.Claude>
    >()
    expect(Pacing.layer()).type.toBe<Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError, Claude.Claude>>()
  })

  it("provide what can be looked at beside it", () => {
    expect(CircuitBreaker.layer()).type.toBe<
      Layer.Layer<Claude.Claude | CircuitBreaker.CircuitBreaker, ClaudeConfig.ClaudeConfigError, Claude.Claude>
    >()
    expect(RateLimitState.layer).type.toBe<
      Layer.Layer<Claude.Claude | RateLimitState.RateLimitState, never, Claude.Claude>
    >()
  })

  it("need a time after which to hedge", () => {
    expect(Hedging.layer).type.not.toBeCallableWith({})
  })
})

describe("Interceptor.layer", () => {
  it("keeps the errors and requirements of the interceptor, and closes its scope itself", () => {
    const make: Effect.Effect<Interceptor.Interceptor, "no", Clockwork | Scope.Scope> = Effect.fail("no")

    expect(Interceptor.layer(make)).type.toBe<Layer.Layer<Claude.Claude, "no", Claude.Claude | Clockwork>>()
  })
})

describe("combinators on calls", () => {
  it("keep the type of an effect, data first and data last", () => {
    type Call = Effect.Effect<Message, ClaudeError, Claude.Claude>

    expect(Pacing.withPriority(Messages.create(request), 1)).type.toBe<Call>()
    expect(Messages.create(request).pipe(Identity.withTenant("acme"))).type.toBe<Call>()
    expect(Messages.create(request).pipe(ResponseCache.withMode("bypass"))).type.toBe<Call>()
    expect(Messages.create(request).pipe(ModelFallback.withFallback(["claude-haiku-4-5"]))).type.toBe<Call>()
    expect(ModelFallback.withFallback(Messages.create(request), ["claude-haiku-4-5"], {})).type.toBe<Call>()
  })

  it("keep the type of a stream", () => {
    type Events = Stream.Stream<StreamEvent, ClaudeError, Claude.Claude>

    expect(Messages.stream(request).pipe(Pacing.withPriority(1))).type.toBe<Events>()
    expect(Messages.stream(request).pipe(ModelFallback.withFallback(["claude-haiku-4-5"]))).type.toBe<Events>()
  })

  it("refuse modes that do not exist", () => {
    expect(ResponseCache.withMode).type.not.toBeCallableWith("sometimes")
  })
})
