/**
 * The laws of drivers, as trials against a scripted API.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as ClaudeTest from "../ClaudeTest.ts"
import * as Script from "../Script.ts"

interface Driver {
  readonly call: Effect.Effect<unknown, ClaudeError>
  readonly stream: Stream.Stream<StreamEvent, ClaudeError>
  readonly available: Effect.Effect<number>
  readonly budget: {
    readonly capacity: number
    readonly cost: number
    readonly hintedCost: number
    readonly perSuccess: number
    readonly perSecond: number
  }
}

/** A trial finds what is wrong, or nothing. */
interface Trial {
  readonly law: "P7" | "P8" | "P9" | "P11"
  readonly run: <E>(
    make: Effect.Effect<Driver, E, HttpClient.HttpClient | Scope.Scope>
  ) => Effect.Effect<string | undefined, E>
}

/** Runs a trial over a scripted API and a clock of its own. */
const trial = (
  law: Trial["law"],
  script: Script.Script,
  body: (driver: Driver) => Effect.Effect<string | undefined, never, ClaudeTest.ClaudeTest>
): Trial => ({
  law,
  run: (make) =>
    Effect.flatMap(make, body).pipe(
      Effect.scoped,
      Effect.provide(Layer.provideMerge(ClaudeTest.layer(script, { check: false }), TestClock.layer()))
    )
})

const overloaded = Script.forever(Script.status(529))

const hinted = Script.forever(Script.rateLimited({ retryAfter: "1 second" }))

/** Lets a fiber go on for a virtual day. */
const adjusted = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<void> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(effect))
    yield* TestClock.adjust("1 day")
    yield* Fiber.join(fiber)
  })

/** Sends many calls into an outage, and counts what their retries cost. */
const outage = (script: Script.Script, costOf: (budget: Driver["budget"]) => number): Trial =>
  trial("P7", script, (driver) =>
    Effect.gen(function*() {
      const { awaitRequests: _, requests } = yield* ClaudeTest.ClaudeTest
      const { budget } = driver
      const cost = costOf(budget)
      if (cost <= 0) return undefined
      const callers = Math.min(400, Math.ceil(budget.capacity / cost) + 20)
      const start = yield* Clock.currentTimeMillis
      yield* adjusted(Effect.forEach(Array.from({ length: callers }), () => Effect.exit(driver.call), {
        concurrency: "unbounded"
      }))
      const sent = yield* requests
      const retries = sent.length - callers
      const seconds = Math.max(0, ...sent.map(({ at }) => at - start)) / 1000
      const allowed = budget.capacity + seconds * budget.perSecond
      return retries * cost > allowed + cost * 1e-6
        ? `${callers} calls into an outage made ${retries} retries in ${seconds} s, which cost ${retries * cost}; ` +
          `the budget allows ${allowed}.`
        : undefined
    }))

/** Sends calls one after the other, some of which fail at first, and balances the account. */
const weather: Trial = trial("P7", Script.empty, (driver) =>
  Effect.gen(function*() {
    const { requests, script } = yield* ClaudeTest.ClaudeTest
    const { budget } = driver
    const start = yield* Clock.currentTimeMillis
    let withdrawn = 0
    let returned = 0
    for (let i = 0; i < 24; i++) {
      const failures = (i * 7) % 9
      const failure = i % 3 === 0 ? Script.rateLimited({ retryAfter: "1 second" }) : Script.status(529)
      yield* Ref.set(script, Script.sequence(Script.times(failure, failures), Script.forever(Script.reply("Hi"))))
      const before = (yield* requests).length
      yield* adjustedShortly(Effect.exit(driver.call))
      const sent = yield* requests
      const spent = (sent.length - before - 1) * (i % 3 === 0 ? budget.hintedCost : budget.cost)
      withdrawn += spent
      if (sent.length - before > failures) returned += budget.perSuccess + spent
      const seconds = ((sent[sent.length - 1]?.at ?? start) - start) / 1000
      const allowed = budget.capacity + returned + seconds * budget.perSecond
      if (withdrawn > allowed + 1e-6) {
        return `After ${i + 1} calls retries cost ${withdrawn}; the budget allows ${allowed}.`
      }
    }
    const left = yield* driver.available
    return left > budget.capacity ? `The budget holds ${left}, more than its capacity ${budget.capacity}.` : undefined
  }))

const adjustedShortly = <A>(effect: Effect.Effect<A>): Effect.Effect<void> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust("10 minutes")
    yield* Fiber.join(fiber)
  })

const atOnce: Trial = trial("P8", Script.reply("Hi"), (driver) =>
  Effect.gen(function*() {
    const { requests } = yield* ClaudeTest.ClaudeTest
    const before = yield* driver.available
    const fiber = yield* Effect.forkChild(Effect.exit(driver.call))
    // Not a millisecond passes: a call that is not done by now waits for something.
    yield* TestClock.adjust(0)
    const waits = fiber.pollUnsafe() === undefined
    const left = yield* driver.available
    yield* TestClock.adjust("1 day")
    yield* Fiber.interrupt(fiber)
    const sent = (yield* requests).length
    if (waits) return "A call that succeeds at once waited."
    if (sent !== 1) return `A call that succeeds at once made ${sent} attempts.`
    return left < before ? `A call that succeeds at once took ${before - left} from the budget.` : undefined
  }))

const interrupted: Trial = trial("P9", overloaded, (driver) =>
  Effect.gen(function*() {
    const { awaitRequests, open, requests } = yield* ClaudeTest.ClaudeTest
    const before = yield* driver.available
    const fiber = yield* Effect.forkChild(driver.call)
    yield* awaitRequests(1)
    // Not a millisecond passes: the call has failed once, and waits.
    yield* TestClock.adjust(0)
    yield* Fiber.interrupt(fiber)
    const left = yield* driver.available
    yield* TestClock.adjust("1 day")
    const sent = (yield* requests).length
    if (sent !== 1) return `A call interrupted during its first wait made ${sent} attempts.`
    if ((yield* open) !== 0) return "A call interrupted during its first wait left a response open."
    return left < before || left > driver.budget.capacity
      ? `A call interrupted during its first wait left the budget at ${left}, from ${before}.`
      : undefined
  }))

const text = "One attempt's words, and those of no other."

/** A stream whose first attempt breaks after some of its events. */
const purity = (after: number): Trial =>
  trial(
    "P11",
    Script.sequence(
      Script.reply({ text, id: "msg_first" }).pipe(Script.errorInStream({ after })),
      Script.forever(Script.reply({ text, id: "msg_second" }))
    ),
    (driver) =>
      Effect.gen(function*() {
        const events: Array<StreamEvent> = []
        yield* adjusted(Stream.runForEach(driver.stream, (event) =>
          Effect.sync(() => {
            events.push(event)
          })))
        const started = events.filter((event) => event.type === "message_start").length
        const said = events.map((event) =>
          event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : ""
        ).join("")
        if (started > 1) return `A stream that broke after ${after} events was delivered from ${started} attempts.`
        return text.startsWith(said) ? undefined : `A stream that broke after ${after} events said: ${said}`
      })
  )

/** All trials of a driver. */
export const trials: ReadonlyArray<Trial> = [
  atOnce,
  interrupted,
  outage(overloaded, ({ cost }) => cost),
  outage(hinted, ({ hintedCost }) => hintedCost),
  weather,
  ...[0, 1, 2, 3, 4, 5, 8].map(purity)
]
