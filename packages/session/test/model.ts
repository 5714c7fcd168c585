/**
 * Random programs over sessions, and the laws that hold after each of their
 * steps, whatever the transport, the store, the tools and interruption do.
 */
import * as Content from "@effect-claude/core/Content"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as Usage from "@effect-claude/core/Usage"
import * as Claude from "@effect-claude/http/Claude"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Agent from "@effect-claude/session/Agent"
import * as Budget from "@effect-claude/session/Budget"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as StructuredOutput from "@effect-claude/session/StructuredOutput"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import {
  Arbitrary,
  Cause,
  Data,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Random,
  Redacted,
  Ref,
  Result,
  Schema,
  Stream
} from "effect"
import { Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import * as Core from "../src/internal/core.ts"
import * as Internal from "../src/internal/history.ts"

// -----------------------------------------------------------------------------
// programs
// -----------------------------------------------------------------------------

const How = Schema.Literals([
  "ok",
  "ok",
  "fail",
  "die",
  "hang",
  "slow",
  "stop",
  "surrogate",
  "refused image",
  "not an image",
  "huge",
  "huge",
  "huge",
  "blank"
])

const Small = Schema.Literals([0, 1, 2, 3, 4, 5, 6, 7, 8])

const Answer = Schema.Struct({
  kind: Schema.Literals([
    "text",
    "text",
    "empty",
    "blank",
    "thinking",
    "refusal",
    "cut",
    "paused",
    "calls",
    "calls",
    "calls",
    "calls",
    "calls",
    "unknown",
    "one id",
    "foreign",
    "half an emoji",
    "deep",
    "unsigned",
    "cut call"
  ]),
  tools: Schema.Array(How).check(Schema.isMinLength(1), Schema.isMaxLength(3)),
  fault: Schema.Literals([
    "none",
    "none",
    "none",
    "status",
    "cut",
    "close",
    "reset",
    "error",
    "stall",
    "garbage",
    "silence",
    "delay",
    "too long"
  ]),
  at: Small,
  chunking: Schema.Literals(["perEvent", "whole"])
})

const Answers = Schema.Array(Answer).check(Schema.isMinLength(1), Schema.isMaxLength(4))

/** After how many steps of the scheduler a fiber is interrupted; never for null. */
const Interrupt = Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })))

const Store = Schema.Literals(["works", "works", "works", "fails", "fails after writing"])

const Say = Schema.Struct({
  _tag: Schema.Literal("Say"),
  how: Schema.Literals(["send", "stream", "leave", "agent", "agent", "agent", "agentStream", "resume", "structured"]),
  keep: Schema.Boolean,
  rewind: Schema.Literals([0, 0, 0, 1]),
  space: Schema.Literals(["none", "none", "clearToolResults", "dropRounds", "dropExchanges", "compact"]),
  rollback: Schema.Boolean,
  instructs: Schema.Boolean,
  retries: Schema.Literals([0, 0, 2]),
  answers: Answers,
  interrupt: Interrupt,
  store: Store
})

const Op = Schema.Union([
  // As many times as it is to be as likely as the others together.
  Say,
  Say,
  Say,
  Say,
  Say,
  Schema.Struct({ _tag: Schema.Literal("Both"), answers: Answers, interrupt: Interrupt }),
  Schema.Struct({ _tag: Schema.Literal("Rewind"), count: Schema.Literals([0, 1, 2]), store: Store }),
  Schema.Struct({ _tag: Schema.Literal("Undo"), store: Store }),
  Schema.Struct({ _tag: Schema.Literal("Fork") }),
  Schema.Struct({ _tag: Schema.Literal("Reopen") })
])

export type Op = typeof Op.Type

/** A program: steps one after the other. */
export const Program: Arbitrary.Arbitrary<ReadonlyArray<Op>> = Arbitrary.array(Arbitrary.schema(Op), {
  minLength: 1,
  maxLength: 6
})

// -----------------------------------------------------------------------------
// laws
// -----------------------------------------------------------------------------

/** A law that did not hold. */
export class Broken extends Data.TaggedError("Broken")<{ readonly law: string; readonly detail: string }> {
  override get message(): string {
    return `${this.law}: ${this.detail}`
  }
}

const insist = (holds: boolean, law: string, detail: () => string = () => ""): Effect.Effect<void, Broken> =>
  holds ? Effect.void : Effect.fail(new Broken({ law, detail: detail() }))

/** Changes a session behind its back after a step, to see whether the laws find out. */
export type Sabotage = (
  session: Session.Session,
  step: { readonly words: string; readonly before: History.History; readonly exit: Exit.Exit<unknown, unknown> }
) => void

/** Puts something else into a session, past all that guards it. */
export const tamper = (session: Session.Session, changes: Partial<Session.State>): void => {
  const core = Core.of(session)
  core.now = { ...core.now, ...changes }
  session.state.value = core.now
}

/** Takes the session and never gives it back. */
export const hold = (session: Session.Session): void => {
  const { lock } = Core.of(session)
  lock.holder = { lock, owner: -1, idleSince: undefined, revoke: Effect.void }
}

/** Draws on the budget and never settles it. */
export const draw = (session: Session.Session): void => {
  const { budget } = Core.of(session).settings
  if (budget !== undefined) Effect.runSync(budget.reserve({ ...Budget.nothing, tokens: 1 }))
}

/** Adds words past all checks. */
export const addUnchecked = (history: History.History, text: string): History.History =>
  Internal.addUser(Internal.nodeOf(history), [{ type: "text", text }])

/** Adds an answer past all checks. */
export const replyUnchecked = (history: History.History, message: Message.Message): History.History =>
  Internal.addReply(Internal.nodeOf(history), message, { setAside: false })

// -----------------------------------------------------------------------------
// the world
// -----------------------------------------------------------------------------

const toolkit = Toolkit.make(Tool.make("act", {
  parameters: Schema.Struct({ how: Schema.String }),
  success: Schema.Unknown,
  failure: Schema.String
}))

/** What the handler dies with when a call runs that its response cut. */
const cutCallRan = "a cut call ran"

/** An image that the server refuses, although it begins as one. */
const refusedImage = "iVBORw0KGgorefused"

const handlers = toolkit.toLayer({
  act: ({ how }) => {
    switch (how) {
      case "cut":
        return Effect.die(new Error(cutCallRan))
      case "surrogate":
        return Effect.succeed("\ud83d half")
      case "refused image":
        return Effect.succeed([Content.imageBase64(refusedImage, "image/png")])
      case "not an image":
        return Effect.succeed([Content.imageBase64("aGk=", "image/png"), Content.text(" ")])
      case "huge":
        return Effect.succeed("huge ".repeat(4000))
      case "blank":
        return Effect.succeed("  ")
      case "fail":
        return Effect.fail("no")
      case "die":
        return Effect.die("broken")
      case "hang":
        return Effect.never
      case "slow":
        return Effect.as(Effect.sleep("5 seconds"), "late")
      case "stop":
        return Effect.interrupt
      default:
        return Effect.succeed("ok")
    }
  }
})

const parameters = { model: "claude-sonnet-5-5", max_tokens: 100, abandonAfter: "20 seconds" } as const

interface World {
  readonly observations: ClaudeTest.Observations
  /** What all sessions of the program draw on. */
  readonly budget: Budget.Budget
  readonly faults: { append: "works" | "fails" | "fails after writing" }
  /** How often each outcome of each kind of step was seen. */
  readonly seen: Map<string, number>
  /** Numbers that make words and call ids unique. */
  count: number
}

/** Runs a program. It fails with the first law that does not hold. */
export const run = (
  program: ReadonlyArray<Op>,
  sabotage?: Sabotage,
  seen: Map<string, number> = new Map()
): Effect.Effect<boolean, Broken> => {
  const faults: World["faults"] = { append: "works" }
  return Effect.gen(function*() {
    const budget = yield* Effect.orDie(Budget.make({}))
    const world: World = { observations: yield* ClaudeTest.ClaudeTest, budget, faults, seen, count: 0 }
    let session = yield* Session.open({ ...parameters, budget, id: "0" })
    for (const op of program) {
      if (op._tag === "Fork") session = yield* session.fork({ id: `fork ${world.count++}` })
      else if (op._tag === "Reopen") session = yield* Session.open({ ...parameters, budget, id: session.id ?? "" })
      else yield* step(world, session, op, sabotage)
      yield* invariants(world, session)
    }
    return true
  }).pipe(
    Effect.catchTags({
      SessionStoreError: (error) => Effect.fail(new Broken({ law: "a journal opens", detail: error.message })),
      SessionConflictError: (error) => Effect.fail(new Broken({ law: "nobody else writes", detail: error.message })),
      SessionBusyError: () => Effect.fail(new Broken({ law: "the session is free", detail: "it is busy" }))
    }),
    // What is drawn between two attempts is the same each time, so that a program that fails can be made smaller.
    Random.withSeed("model"),
    Effect.provide(handlers),
    Effect.provide(Layer.orDie(Layer.mergeAll(
      storeWith(faults),
      Claude.layer({ apiKey: Redacted.make("sk-ant-test"), retry: RetryPolicy.never }).pipe(
        Layer.provideMerge(ClaudeTest.layer(Script.empty))
      )
    )))
  )
}

const storeWith = (faults: World["faults"]) =>
  Layer.effect(
    SessionStore.SessionStore,
    Effect.map(Effect.service(SessionStore.SessionStore), (store) => ({
      ...store,
      append: (id: string, position: number, entry: SessionStore.Entry) => {
        const failure = Effect.fail(new SessionStore.SessionStoreError({ operation: "append", id, problem: "told to" }))
        if (faults.append === "fails") return failure
        const done = store.append(id, position, entry)
        return faults.append === "works" ? done : Effect.andThen(done, failure)
      }
    }))
  ).pipe(Layer.provide(SessionStore.layerMemory))

// -----------------------------------------------------------------------------
// steps
// -----------------------------------------------------------------------------

/** Tries again whatever went wrong before an answer had content. */
const retrying = Result.getOrThrow(RetryPolicy.make({ maxRetries: 2, unknownOutcome: "always" }))

type Step = Exclude<Op, { readonly _tag: "Fork" | "Reopen" }>

const step = Effect.fnUntraced(function*(
  world: World,
  session: Session.Session,
  op: Step,
  sabotage: Sabotage | undefined
) {
  const before = yield* session.history
  const sentBefore = (yield* world.observations.requests).length
  const words = `words ${world.count++};`
  world.faults.append = "store" in op ? op.store : "works"
  if ("answers" in op) {
    yield* Ref.set(world.observations.script, strict(op.answers.map((answer) => scriptOf(world, answer)), "Enough."))
  }
  const effect = effectOf(session, op, words, `also ${words}`)
  const exit = yield* drive(
    op._tag === "Say" && op.retries > 0 ? Claude.withRetry(effect, retrying) : effect,
    "interrupt" in op ? op.interrupt : null
  )
  world.faults.append = "works"
  note(world, `${op._tag === "Say" ? op.how : op._tag} ${outcomeOf(exit)}`)
  note(world, `then ${(yield* session.history).status}`)
  sabotage?.(session, { words, before, exit })
  const after = yield* session.history
  yield* transaction(op, before, after, exit, words)
  yield* insist(
    Exit.isSuccess(exit) || !isUnexpected(exit.cause),
    "a step fails in a typed way",
    () => Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
  )
  const bodies = (yield* world.observations.requests).slice(sentBefore)
  yield* requests(bodies)
  const fits = op._tag === "Say" && op.space !== "none" && op.answers.every(({ fault }) => fault !== "too long")
  yield* insist(!fits || outcomeOf(exit) !== "ContextWindowExceededError", "space is made until the prompt fits")
  yield* insist(
    !JSON.stringify(History.entries(after)).includes("failed unexpectedly") || !ranCutCall(History.entries(after)),
    "a call that was cut is not run"
  )
})

/** Whether the call of a cut response has the result of a handler. */
const ranCutCall = (entries: ReturnType<typeof History.entries>): boolean =>
  entries.some((entry, index) => {
    if (entry._tag !== "Reply" || !JSON.stringify(entry.message.content).includes(`"how":"cut"`)) return false
    const next = entries[index + 1]
    return next?._tag === "User" && JSON.stringify(next.content.at(-1)).includes("failed unexpectedly")
  })

const effectOf = (
  session: Session.Session,
  op: Step,
  words: string,
  others: string
): Effect.Effect<unknown, unknown, Tool.HandlersFor<(typeof toolkit)["tools"]>> => {
  switch (op._tag) {
    case "Rewind":
      return session.rewind(op.count)
    case "Undo":
      return session.undo
    case "Both":
      return Effect.all([session.send(words), Stream.runDrain(session.stream(others))], {
        concurrency: "unbounded",
        mode: "result"
      })
    case "Say": {
      const turn = {
        onInterrupt: op.keep ? "keep" : "rollback",
        rewind: op.rewind,
        contextWindow: { strategies: strategiesOf(op.space) },
        instructions: op.instructs ? "Be brief." : undefined
      } as const
      const whenInterrupted = op.rollback ? "rollback" : "close"
      const run = { toolkit, maxTurns: 3, turn, timeout: "30 seconds", whenInterrupted } as const
      switch (op.how) {
        case "send":
          return session.send(words, turn)
        case "stream":
          return Stream.runDrain(session.stream(words, turn))
        case "leave":
          return session.stream(words, turn).pipe(Stream.take(3), Stream.runDrain)
        case "agent":
          return Agent.run(session, words, run)
        case "agentStream":
          return Stream.runDrain(Agent.stream(session, words, run))
        case "resume":
          return session.resume(turn)
        case "structured":
          return StructuredOutput.send(session, words, Schema.Struct({ a: Schema.Finite }), turn)
      }
    }
  }
}

/** Every way to make space that needs no model. */
const all: ReadonlyArray<ContextWindow.Strategy> = [
  ContextWindow.clearToolResults({ keep: 0 }),
  ContextWindow.dropRounds({ keep: 0 }),
  ContextWindow.dropExchanges()
]

const strategiesOf = (space: Extract<Op, { readonly _tag: "Say" }>["space"]): ReadonlyArray<ContextWindow.Strategy> =>
  space === "none" ? [] : [ContextWindow[space]({ keep: 0 }), ContextWindow.dropExchanges()]

/** Runs an effect while time passes, and interrupts it after so many steps of the scheduler. */
const drive = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  interrupt: number | null
): Effect.Effect<Exit.Exit<A, E>, never, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let n = 0; fiber.pollUnsafe() === undefined && n < 1000; n++) {
      if (n === interrupt) fiber.interruptUnsafe()
      yield* n < 40 && n % 8 !== 7 ? Effect.yieldNow : TestClock.adjust(n < 40 ? "2 seconds" : "20 seconds")
    }
    return fiber.pollUnsafe() === undefined
      ? Exit.die("it never ends")
      : yield* Fiber.await(fiber)
  })

const note = ({ seen }: World, what: string): void => {
  seen.set(what, (seen.get(what) ?? 0) + 1)
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "succeeded"
  if (Cause.hasInterrupts(exit.cause)) return "interrupted"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "died"
}

const isUnexpected = (cause: Cause.Cause<unknown>): boolean => {
  if (Cause.hasDies(cause)) return true
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  // The scripted API checks requests as the real one does: it must never find anything.
  return typeof error === "object" && error !== null && "_tag" in error && error._tag === "InvalidRequestError"
}

// -----------------------------------------------------------------------------
// the laws of a step
// -----------------------------------------------------------------------------

/** What a step may do to the history. */
const transaction = Effect.fnUntraced(function*(
  op: Step,
  before: History.History,
  after: History.History,
  exit: Exit.Exit<unknown, unknown>,
  words: string
): Effect.fn.Return<void, Broken> {
  if (op._tag === "Undo") return
  const base = op._tag === "Rewind"
    ? History.rewind(before, op.count)
    : op._tag === "Say" && after !== before
    ? History.rewind(before, op.rewind)
    : before
  const continues = after === before || Internal.at(Internal.nodeOf(after), base.size) === base
  yield* insist(
    continues,
    "a history is the last committed prefix or a longer valid one",
    () => `${before} became ${after}`
  )
  if (op._tag !== "Say") return
  const isAgent = op.how === "agent" || op.how === "agentStream"
  // A response that is no value is committed all the same.
  const failed = Exit.isFailure(exit) && !Cause.hasInterrupts(exit.cause) &&
    outcomeOf(exit) !== "StructuredOutputError"
  yield* insist(
    after.exchanges <= base.exchanges + 1,
    "a turn is one exchange",
    () => `${base.exchanges} became ${after.exchanges}`
  )
  const changed = Internal.since(Internal.nodeOf(base), Internal.nodeOf(after)).some(({ _tag }) => _tag !== "Edit")
  if (failed && !op.keep && !isAgent) yield* insist(!changed, "a failed turn changes nothing but the space it made")
  if (op.how === "leave" && !op.keep && changed) {
    yield* insist(isWhole(after), "a stream that was left changes nothing, or is committed whole")
  }
  if (failed && isAgent && op.rollback && op.store === "works") {
    yield* insist(after === before, "a run that is rolled back changes nothing")
  }
  if (Exit.isSuccess(exit) && op.how !== "leave") {
    yield* insist(after !== before, "a turn that succeeded is committed")
    if (op.how !== "resume") {
      const said = History.entries(after).filter((entry) =>
        entry._tag === "User" && JSON.stringify(entry).includes(words)
      )
      yield* insist(said.length === 1, "a turn that succeeded is said once", () => String(said.length))
    }
  }
  if (!op.keep) {
    const added = Internal.since(Internal.nodeOf(base), Internal.nodeOf(after))
    yield* insist(
      added.every((entry) => entry._tag !== "Reply" || entry.message.stop_reason !== null),
      "nothing is kept of an answer that is not whole"
    )
  }
})

const isWhole = (history: History.History): boolean =>
  Option.exists(History.lastReply(history), (reply: Message.Message) => typeof reply.stop_reason === "string")

/** What is sent. */
const requests = (
  sent: ReadonlyArray<{ readonly body: unknown }>
): Effect.Effect<void, Broken> =>
  Effect.forEach(sent, ({ body }) => {
    const { messages } = body as { readonly messages: ReadonlyArray<MessageRequest.MessageParam> }
    const violations = History.check(messages)
    const said = JSON.stringify(messages).match(/(?<!also )words \d+;/g) ?? []
    const also = JSON.stringify(messages).match(/also words \d+;/g) ?? []
    const roles = messages.map(({ role }) => role)
    return Effect.all([
      insist(violations.length === 0, "every request that is sent keeps the rules", () => JSON.stringify(violations)),
      insist(
        roles.every((role, index) => role !== "system" || ["user", "system"].includes(roles[index - 1] ?? "")),
        "instructions follow the words they came with",
        () => roles.join()
      ),
      insist(
        new Set(said).size === said.length && new Set(also).size === also.length,
        "no request says the same words twice",
        () => said.join()
      )
    ])
  }, { discard: true })

// -----------------------------------------------------------------------------
// the laws of a state
// -----------------------------------------------------------------------------

/** What holds of a session at rest. */
const invariants = Effect.fnUntraced(function*(world: World, session: Session.Session) {
  const state = session.state.value
  const history = yield* session.history
  const violations = History.check(history)
  yield* insist(violations.length === 0, "the history keeps the rules", () => JSON.stringify(violations))
  yield* insist(state.phase === "idle", "the session is at rest", () => state.phase)
  yield* insist(state.history === history, "the state shows the history")
  yield* insist(covers(yield* session.spent, yield* session.usage), "what was spent covers what was committed")
  yield* insist((yield* world.observations.open) === 0, "no response is left open")
  const { reserved, spent } = yield* world.budget.state
  yield* insist(
    Object.values(reserved).every((sum) => sum === 0),
    "nothing stays set aside in a budget",
    () => JSON.stringify(reserved)
  )
  const own = yield* session.spent
  yield* insist(spent.tokens >= own.input + own.output + own.cacheRead, "the budget counts what was spent")
  // The lock is free, and the journal tells the same story.
  yield* Effect.timeoutOrElse(session.rewind(0), {
    duration: 0,
    orElse: () => Effect.fail(new Broken({ law: "the session is free", detail: "it is held by nobody" }))
  }).pipe(
    Effect.raceFirst(Effect.andThen(ticks, Effect.fail(new Broken({ law: "the session is free", detail: "it waits" }))))
  )
  const again = yield* Session.open({ ...parameters, id: session.id ?? "" })
  yield* insist(
    JSON.stringify(History.entries(yield* again.history)) === JSON.stringify(History.entries(history)),
    "the journal tells the same story",
    () => `${yieldless(again)} instead of ${history}`
  )
  yield* insist(
    JSON.stringify(yield* again.lastResponse) === JSON.stringify(yield* session.lastResponse),
    "the journal knows the last answer"
  )
  yield* insist(
    JSON.stringify(yield* again.usage) === JSON.stringify(yield* session.usage),
    "the journal knows what was used"
  )
  // Whatever the state, the next words are accepted.
  yield* Ref.set(world.observations.script, strict([], "Here."))
  const probe = yield* session.fork()
  const exit = yield* drive(probe.send(`words ${world.count++};`, { contextWindow: { strategies: all } }), null)
  yield* insist(
    Exit.isSuccess(exit),
    "the next words are accepted",
    () => Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
  )
  yield* requests((yield* world.observations.requests).slice(-1))
})

const ticks = Effect.repeat(Effect.yieldNow, { times: 50 })

const yieldless = (session: Session.Session): string => String(session.state.value.history)

const covers = (all: Usage.Totals, some: Usage.Totals): boolean =>
  all.input >= some.input && all.output >= some.output && all.cacheRead >= some.cacheRead

// -----------------------------------------------------------------------------
// scripts
// -----------------------------------------------------------------------------

/** The window of the model, in characters. Two huge results do not fit. */
const window = 30_000

/** Answers in order, but refuses what the API would refuse: media that it cannot read, and what does not fit. */
const strict = (scripts: ReadonlyArray<Script.Script>, last: string): Script.Script => {
  let next = 0
  return Script.respondWith(({ body }) => {
    const { messages } = body as { readonly messages: ReadonlyArray<MessageRequest.MessageParam> }
    const text = JSON.stringify(messages)
    if (/\\ud[89a-f]/.test(text)) return Script.status(400, { message: "The request body is not valid JSON" })
    if (nesting(text) > 128) return Script.status(400, { message: "The request body is nested too deep" })
    if (text.includes(refusedImage)) return Script.status(400, { message: "Could not process image" })
    if (text.length > window) {
      return Script.status(400, { message: `prompt is too long: ${text.length} tokens > ${window} maximum` })
    }
    return scripts[next++] ?? Script.reply(last)
  })
}

const scriptOf = (world: World, answer: typeof Answer.Type): Script.Script => {
  const message = Script.chunked(messageOf(world, answer), answer.chunking)
  switch (answer.fault) {
    case "none":
      return message
    case "status":
      return Script.status([429, 500, 503, 529][answer.at % 4] ?? 500)
    case "cut":
      return Script.cutAfter(message, { events: answer.at })
    case "close":
      return Script.cutAfter(message, { bytes: answer.at * 40 }, { by: "close" })
    case "reset":
      return Script.resetConnection({ when: answer.at % 2 === 0 ? "beforeHeaders" : answer.at * 40 })
    case "error":
      return Script.errorInStream(message, { after: answer.at })
    case "stall":
      return Script.stall(message, { after: { events: answer.at } })
    case "garbage":
      return Script.garbage()
    case "silence":
      return Script.silence
    case "delay":
      return Script.delay(message, "3 seconds")
    case "too long":
      return Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" })
  }
}

/** How deep a JSON text nests arrays and objects. */
const nesting = (json: string): number => {
  let depth = 0
  let deepest = 0
  for (const letter of json.replaceAll(/"(?:[^"\\]|\\.)*"/g, "")) {
    if (letter === "[" || letter === "{") deepest = Math.max(deepest, ++depth)
    if (letter === "]" || letter === "}") depth--
  }
  return deepest
}

const deep = (levels: number): unknown => {
  let value: unknown = 0
  for (let n = 0; n < levels; n++) value = [value]
  return value
}

const messageOf = (world: World, answer: typeof Answer.Type): Script.Script => {
  const id = world.count++
  const text = { type: "text", text: `answer ${id}.` } as const
  switch (answer.kind) {
    case "text":
      return Script.message({ content: [text] })
    case "empty":
      return Script.message({ content: [] })
    case "blank":
      return Script.message({ content: [{ type: "text", text: "\n" }] })
    case "thinking":
      return Script.message({
        content: [{ type: "thinking", thinking: "Hm", signature: "sig" }],
        stop_reason: "max_tokens"
      })
    case "refusal":
      return Script.message({ content: [text], stop_reason: "refusal" })
    case "cut":
      return Script.message({ content: [text], stop_reason: "max_tokens" })
    case "paused":
      return Script.message({
        content: [text, { type: "server_tool_use", id: `srvtoolu_${id}`, name: "web_search", input: {} }],
        stop_reason: "pause_turn"
      })
    case "calls":
      return Script.message({
        content: [
          { type: "thinking", thinking: "Hm", signature: "sig" },
          ...answer.tools.map((how, n) => ({
            type: "tool_use",
            id: `toolu_${id}_${n}`,
            name: "act",
            input: { how }
          }))
        ],
        stop_reason: "tool_use"
      })
    case "one id":
      return Script.message({
        content: answer.tools.map((how) => ({ type: "tool_use", id: "call_0", name: "act", input: { how } })),
        stop_reason: "tool_use"
      })
    case "foreign":
      return Script.message({
        content: answer.tools.map((how, n) => ({
          type: "tool_use",
          id: n === 0 ? "call:0" : "",
          name: n === 0 ? "act" : "functions.act",
          input: { how }
        })),
        stop_reason: "tool_use"
      })
    case "half an emoji":
      return Script.message({ content: [{ type: "text", text: "half \ud83d" }] })
    case "deep":
      return Script.message({
        content: [{ type: "tool_use", id: `toolu_${id}`, name: "act", input: { how: "ok", deep: deep(300) } }],
        stop_reason: "tool_use"
      })
    case "unsigned":
      return Script.message({ content: [{ type: "thinking", thinking: "Hm", signature: "" }, text] })
    case "cut call":
      return Script.message({
        content: [text, { type: "tool_use", id: `toolu_${id}`, name: "act", input: { how: "cut" } }],
        stop_reason: "max_tokens"
      })
    case "unknown":
      return Script.message({
        content: [
          { type: "tool_use", id: `toolu_${id}_0`, name: "nothing", input: {} },
          { type: "tool_use", id: `toolu_${id}_1`, name: "act", input: { how: 7 } }
        ],
        stop_reason: "tool_use"
      })
  }
}
