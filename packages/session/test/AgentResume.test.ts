import type * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as Agent from "@effect-claude/session/Agent"
import type { Outcome } from "@effect-claude/session/AgentEvent"
import * as Budget from "@effect-claude/session/Budget"
import * as History from "@effect-claude/session/History"
import * as HistoryJson from "@effect-claude/session/HistoryJson"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as StopWhen from "@effect-claude/session/StopWhen"
import * as ToolDecision from "@effect-claude/session/ToolDecision"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Deferred, Effect, Exit, Fiber, Option, Result, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { options, provide, sent } from "./scripted.ts"

const opened = { ...options, id: "ada" }

const toolkit = Toolkit.make(
  Tool.make("pay", { parameters: Schema.Struct({ to: Schema.String }), success: Schema.String, needsApproval: true }),
  Tool.make("look", { parameters: Schema.Struct({ at: Schema.String }), success: Schema.String })
)

/** Handlers that note what they ran. */
const handlers = (ran: Array<string>) =>
  toolkit.toLayer({
    pay: ({ to }) => Effect.sync(() => (ran.push(`pay ${to}`), `paid ${to}`)),
    look: ({ at }) => Effect.sync(() => (ran.push(`look ${at}`), `seen ${at}`))
  })

const client = { ...options, tools: [{ name: "ask_user", input_schema: { type: "object" } }] } as const

const asking = { ...client, id: "ada" } as const

const pay = (to: string, id: string) => ({ name: "pay", input: { to }, id })
const look = (at: string, id: string) => ({ name: "look", input: { at }, id })
const ask = (id: string) => ({ name: "ask_user", input: {}, id })
const calls = (
  ...all: ReadonlyArray<
    { readonly name: string; readonly input: { readonly [field: string]: unknown }; readonly id: string }
  >
) => Script.toolCalls(all)

const done = Script.reply("Done.")

/** The results in the last request: ids, and content. */
const lastResults = Effect.map(sent, (bodies) => {
  const content = bodies.at(-1)?.messages.at(-1)?.content
  const blocks = Array.isArray(content) ? content as ReadonlyArray<Content.Content> : []
  return blocks.flatMap((block) =>
    block.type === "tool_result" ? [[block.tool_use_id, block.content, block.is_error === true]] : []
  )
})

const waiting = ({ end, pending }: Outcome) => [end, ...pending.map(({ call, needs }) => `${call.id} ${needs}`)]

describe("Agent.resume", () => {
  describe("after awaitingApproval", () => {
    it.effect("runs what was approved, in another process", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        const first = yield* Agent.run(yield* Session.open(opened), "Go", { toolkit })
        const before = [...ran]
        const second = yield* Agent.resume(yield* Session.open(opened), {
          toolkit,
          decisions: { toolu_1: ToolDecision.approve }
        })

        assert.deepStrictEqual(waiting(first), ["awaitingApproval", "toolu_1 approval"])
        assert.deepStrictEqual([before, ran], [["look b"], ["look b", "pay a"]])
        assert.deepStrictEqual([second.end, second.turns, second.calls], ["finished", 1, 1])
        assert.deepStrictEqual(yield* lastResults, [["toolu_1", "paid a", false], ["toolu_2", "seen b", false]])
      }).pipe(
        Effect.provide([handlers(ran), SessionStore.layerMemory]),
        provide(calls(pay("a", "toolu_1"), look("b", "toolu_2")), done)
      )
    })

    it.effect("denies, edits and gives results by call id", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        yield* Agent.run(yield* Session.open(opened), "Go", { toolkit })
        const { end } = yield* Agent.resume(yield* Session.open(opened), {
          toolkit,
          decisions: {
            toolu_1: ToolDecision.deny("too much"),
            toolu_2: ToolDecision.edit({ to: "c" }),
            toolu_3: ToolDecision.result("paid by hand"),
            toolu_4: ToolDecision.result("failed", { isError: true })
          }
        })

        assert.deepStrictEqual([end, ran], ["finished", ["pay c"]])
        assert.deepStrictEqual(yield* lastResults, [
          ["toolu_1", "The call was denied: too much", true],
          ["toolu_2", `The call was run with another input: {"to":"c"}\n\npaid c`, false],
          ["toolu_3", "paid by hand", false],
          ["toolu_4", "failed", true]
        ])
      }).pipe(
        Effect.provide([handlers(ran), SessionStore.layerMemory]),
        provide(calls(pay("a", "toolu_1"), pay("b", "toolu_2"), pay("c", "toolu_3"), pay("d", "toolu_4")), done)
      )
    })

    it.effect("checks an edited input against the tool's schema", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", { toolkit })
        yield* Agent.resume(session, { toolkit, decisions: { toolu_1: ToolDecision.edit({ to: 1 }) } })

        assert.deepStrictEqual(ran, [])
        assert.isTrue((yield* lastResults)[0]?.[2])
      }).pipe(Effect.provide(handlers(ran)), provide(calls(pay("a", "toolu_1")), done))
    })

    it.effect("ends again while a decision is missing, and keeps those that were made", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        yield* Agent.run(yield* Session.open(opened), "Go", { toolkit })
        const decide = (id: string, decision: ToolDecision.ToolDecision) =>
          Effect.flatMap(
            Session.open(opened),
            (session) => Agent.resume(session, { toolkit, decisions: { [id]: decision } })
          )
        const second = yield* decide("toolu_2", ToolDecision.approve)
        const again = yield* decide("toolu_2", ToolDecision.approve)
        const third = yield* decide("toolu_1", ToolDecision.deny())

        assert.deepStrictEqual(waiting(second), ["awaitingApproval", "toolu_1 approval"])
        assert.deepStrictEqual([second.calls, again.calls], [1, 0])
        assert.deepStrictEqual([third.end, ran], ["finished", ["pay b"]])
        assert.deepStrictEqual(yield* lastResults, [
          ["toolu_1", "The call was denied.", true],
          ["toolu_2", "paid b", false]
        ])
      }).pipe(
        Effect.provide([handlers(ran), SessionStore.layerMemory]),
        provide(calls(pay("a", "toolu_1"), pay("b", "toolu_2")), done)
      )
    })

    it.effect("asks approve, which may leave a call open", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* Session.make(options)
        const asked: Array<string> = []
        const approve = ({ call }: Agent.ApprovalRequest) =>
          Effect.sync(() => {
            asked.push(call.id)
            return call.id === "toolu_1" ? undefined : ToolDecision.edit({ to: "z" })
          })
        const first = yield* Agent.run(session, "Go", { toolkit, approve })
        const second = yield* Agent.resume(session, { toolkit, approve: () => Effect.succeed(true) })

        assert.deepStrictEqual(waiting(first), ["awaitingApproval", "toolu_1 approval"])
        assert.deepStrictEqual([second.end, asked, ran], ["finished", ["toolu_1", "toolu_2"], ["pay z", "pay a"]])
      }).pipe(Effect.provide(handlers(ran)), provide(calls(pay("a", "toolu_1"), pay("b", "toolu_2")), done))
    })

    it.effect("continues a named run, which returns its outcome until then", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        const turn = { id: "job" }
        const first = yield* Agent.run(yield* Session.open(opened), "Go", { toolkit, turn })
        const again = yield* Agent.run(yield* Session.open(opened), "Go", { toolkit, turn })
        const resumed = yield* Agent.resume(yield* Session.open(opened), {
          toolkit,
          turn,
          decisions: { toolu_1: ToolDecision.approve }
        })
        const over = yield* Agent.resume(yield* Session.open(opened), { toolkit, turn })

        assert.deepStrictEqual(waiting(again), waiting(first))
        assert.deepStrictEqual([again.turns, resumed.end, over.end, over.turns], [0, "finished", "finished", 0])
        assert.deepStrictEqual(ran, ["pay a"])
        assert.lengthOf(yield* sent, 2)
      }).pipe(
        Effect.provide([handlers(ran), SessionStore.layerMemory]),
        provide(calls(pay("a", "toolu_1")), done)
      )
    })

    it.effect("is not needed: a message closes the calls that wait, and keeps the results", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* Agent.run(session, "Go", { toolkit })
        yield* (yield* Session.open(opened)).send("Never mind")

        assert.deepStrictEqual((yield* lastResults).map(([id, , isError]) => [id, isError]), [
          ["toolu_1", true],
          ["toolu_2", false]
        ])
      }).pipe(
        Effect.provide([handlers(ran), SessionStore.layerMemory]),
        provide(calls(pay("a", "toolu_1"), look("b", "toolu_2")), done)
      )
    })

    it.effect("keeps results of calls that came with the same id apart", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        const { pending } = yield* Agent.run(yield* Session.open(opened), "Go", { toolkit })
        const id = pending[0]?.call.id ?? ""
        yield* Agent.resume(yield* Session.open(opened), { toolkit, decisions: { [id]: ToolDecision.approve } })

        assert.deepStrictEqual((yield* lastResults).map(([, content]) => content), ["paid a", "seen b"])
      }).pipe(
        Effect.provide([handlers(ran), SessionStore.layerMemory]),
        provide(calls(pay("a", "same"), look("b", "same")), done)
      )
    })

    it.effect("continues from an exported session", () => {
      const ran: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", { toolkit })
        const restored = yield* Session.restore(JSON.parse(JSON.stringify(yield* session.export)), options)
        const { end } = yield* Agent.resume(restored, { toolkit, decisions: { toolu_1: ToolDecision.approve } })

        assert.deepStrictEqual([end, ran], ["finished", ["look b", "pay a"]])
      }).pipe(
        Effect.provide(handlers(ran)),
        provide(calls(pay("a", "toolu_1"), look("b", "toolu_2")), done)
      )
    })
  })

  it.effect("after awaitingClient takes the result of a tool without a handler", () => {
    const ran: Array<string> = []
    return Effect.gen(function*() {
      const first = yield* Agent.run(yield* Session.open(asking), "Go", { toolkit })
      const again = yield* Agent.resume(yield* Session.open(asking), {
        toolkit,
        decisions: { toolu_1: ToolDecision.approve }
      })
      const last = yield* Agent.resume(yield* Session.open(asking), {
        toolkit,
        decisions: { toolu_1: ToolDecision.result("blue") }
      })

      assert.deepStrictEqual(waiting(first), ["awaitingClient", "toolu_1 result"])
      assert.deepStrictEqual(waiting(again), waiting(first))
      assert.deepStrictEqual([last.end, ran], ["finished", ["look b"]])
      assert.deepStrictEqual(yield* lastResults, [["toolu_1", "blue", false], ["toolu_2", "seen b", false]])
    }).pipe(
      Effect.provide([handlers(ran), SessionStore.layerMemory]),
      provide(calls(ask("toolu_1"), look("b", "toolu_2")), done)
    )
  })

  it.effect("after turnLimit and stopped runs the open calls", () => {
    const ran: Array<string> = []
    return Effect.gen(function*() {
      const limited = yield* Agent.run(yield* Session.open(opened), "Go", { toolkit, maxTurns: 1 })
      const stopped = yield* Agent.resume(yield* Session.open(opened), {
        toolkit,
        stopWhen: StopWhen.toolCalled("look")
      })
      const last = yield* Agent.resume(yield* Session.open(opened), { toolkit })

      assert.deepStrictEqual(waiting(limited), ["turnLimit", "toolu_1 run"])
      assert.deepStrictEqual(waiting(stopped), ["stopped", "toolu_2 run"])
      assert.deepStrictEqual([last.end, ran], ["finished", ["look a", "look b"]])
    }).pipe(
      Effect.provide([handlers(ran), SessionStore.layerMemory]),
      provide(calls(look("a", "toolu_1")), calls(look("b", "toolu_2")), done)
    )
  })

  it.effect("after budget requests what was not requested", () => {
    const ran: Array<string> = []
    return Effect.gen(function*() {
      const budget = yield* Budget.make({ requests: 1 })
      const first = yield* Agent.run(yield* Session.open({ ...opened, budget }), "Go", { toolkit })
      const last = yield* Agent.resume(yield* Session.open(opened), { toolkit })

      assert.deepStrictEqual([first.end, first.turns, last.end, ran], ["budget", 1, "finished", ["look a"]])
    }).pipe(
      Effect.provide([handlers(ran), SessionStore.layerMemory]),
      provide(calls(look("a", "toolu_1")), done)
    )
  })

  it.effect("is not possible after refused: the exchange is set aside", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const { end, pending } = yield* Agent.run(session, "Go", { toolkit })
      const error = yield* Effect.flip(Agent.resume(session, { toolkit }))

      assert.deepStrictEqual([end, pending, error._tag], ["refused", [], "RequestValidationError"])
    }).pipe(Effect.provide(handlers([])), provide(Script.message({ content: [], stop_reason: "refusal" }))))

  it.effect("does not run a call again whose process was killed meanwhile", () => {
    const ran: Array<string> = []
    return Effect.gen(function*() {
      const session = yield* Session.open(opened)
      const began = yield* Deferred.make<void>()
      const hangs = toolkit.toLayer({
        pay: () => Effect.succeed("paid"),
        look: () => Effect.andThen(Deferred.succeed(began, undefined), Effect.never)
      })
      const fiber = yield* Effect.forkChild(Effect.provide(Agent.run(session, "Go", { toolkit }), hangs))
      yield* Deferred.await(began)
      // Another process finds the journal as it is while the tool runs.
      const { end } = yield* Agent.resume(yield* Session.open(opened), { toolkit })
      yield* Fiber.interrupt(fiber)

      assert.deepStrictEqual([end, ran], ["finished", []])
      assert.deepStrictEqual(yield* lastResults, [
        ["toolu_1", "The call was interrupted before it had a result.", true]
      ])
    }).pipe(
      Effect.provide([handlers(ran), SessionStore.layerMemory]),
      provide(calls(look("a", "toolu_1")), done)
    )
  })

  it.effect("does not run an approved call again whose process was killed meanwhile", () => {
    const ran: Array<string> = []
    return Effect.gen(function*() {
      yield* Agent.run(yield* Session.open(opened), "Go", { toolkit })
      const began = yield* Deferred.make<void>()
      const hangs = toolkit.toLayer({
        pay: () => Effect.andThen(Deferred.succeed(began, undefined), Effect.never),
        look: () => Effect.succeed("seen")
      })
      const decisions = { toolu_1: ToolDecision.approve }
      const fiber = yield* Effect.forkChild(Effect.provide(
        Agent.resume(yield* Session.open(opened), { toolkit, decisions }),
        hangs
      ))
      yield* Deferred.await(began)
      const second = yield* Agent.resume(yield* Session.open(opened), { toolkit, decisions })
      const third = yield* Agent.resume(yield* Session.open(opened), {
        toolkit,
        decisions: { toolu_2: ToolDecision.approve }
      })
      yield* Fiber.interrupt(fiber)

      assert.deepStrictEqual(waiting(second), ["awaitingApproval", "toolu_2 approval"])
      assert.deepStrictEqual([third.end, ran], ["finished", ["pay b"]])
      assert.deepStrictEqual((yield* lastResults).map(([, , isError]) => isError), [true, false])
    }).pipe(
      Effect.provide([handlers(ran), SessionStore.layerMemory]),
      provide(calls(pay("a", "toolu_1"), pay("b", "toolu_2")), done)
    )
  })

  it.effect("does not run the last call of a response that was cut", () => {
    const ran: Array<string> = []
    return Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", { toolkit })
      yield* Agent.resume(session, { toolkit, decisions: { toolu_1: ToolDecision.approve } })

      assert.deepStrictEqual(ran, ["pay a"])
      assert.deepStrictEqual((yield* lastResults).map(([, , isError]) => isError), [false, true])
    }).pipe(
      Effect.provide(handlers(ran)),
      provide(
        Script.message({
          content: [
            { type: "tool_use", id: "toolu_1", name: "pay", input: { to: "a" } },
            { type: "tool_use", id: "toolu_2", name: "pay", input: { to: "b" } }
          ],
          stop_reason: "max_tokens"
        }),
        done
      )
    )
  })

  it.effect("streams what it does", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const first = yield* Stream.runCollect(Agent.stream(session, "Go", { toolkit }))
      const second = yield* Stream.runCollect(
        Agent.resumeStream(session, { toolkit, decisions: { toolu_1: ToolDecision.approve } })
      )

      assert.deepStrictEqual(first.slice(-2).map(({ _tag }) => _tag), ["ToolWaiting", "Finished"])
      assert.deepStrictEqual(second.slice(0, 3).map(({ _tag }) => _tag), ["ToolStarted", "ToolFinished", "TurnStarted"])
    }).pipe(Effect.provide(handlers([])), provide(calls(pay("a", "toolu_1")), done)))

  describe("with suspensions, kills and decisions in every order", () => {
    const Step = Schema.Union([
      Schema.Struct({
        _tag: Schema.Literal("Decide"),
        calls: Schema.Array(Schema.Literals([1, 2, 3, 4])),
        kind: Schema.Literals(["approve", "deny", "edit", "result"]),
        kill: Schema.Boolean
      }),
      Schema.Struct({ _tag: Schema.Literal("Limit") }),
      Schema.Struct({ _tag: Schema.Literal("Stop") }),
      Schema.Struct({ _tag: Schema.Literal("Export") })
    ])
    const Program = Arbitrary.array(Arbitrary.schema(Step), { maxLength: 8 })
    const of = (kind: "approve" | "deny" | "edit" | "result"): ToolDecision.ToolDecision =>
      kind === "approve"
        ? ToolDecision.approve
        : kind === "deny"
        ? ToolDecision.deny()
        : kind === "edit"
        ? ToolDecision.edit({ to: "x" })
        : ToolDecision.result("by hand")

    it.effect("runs no tool twice, loses no decision, and ends", () =>
      Effect.gen(function*() {
        let programs = 0
        const check = (program: ReadonlyArray<typeof Step.Type>) =>
          Effect.gen(function*() {
            const ran = new Map<string, number>()
            const decided = new Map<string, string>()
            // A call that was about to run when its process was killed is not run by the next one.
            const killed = new Set<string>()
            let kill: Deferred.Deferred<void> | undefined
            const act = Effect.fnUntraced(function*(id: string) {
              ran.set(id, (ran.get(id) ?? 0) + 1)
              if (kill === undefined) return "acted"
              yield* Deferred.succeed(kill, undefined)
              return yield* Effect.never
            })
            const live = toolkit.toLayer({
              pay: (_, { toolCallId }) => act(toolCallId ?? ""),
              look: (_, { toolCallId }) => act(toolCallId ?? "")
            })
            const id = `session ${programs++}`
            let restored: Session.Session | undefined
            const session = Effect.suspend(() =>
              restored === undefined ? Session.open({ ...asking, id }) : Effect.succeed(restored)
            )
            yield* Effect.provide(Agent.run(yield* session, "Go", { toolkit }), live)
            for (const step of program) {
              const now = yield* session
              if (step._tag === "Export") {
                restored = yield* Session.restore(JSON.parse(JSON.stringify(yield* now.export)), client)
                continue
              }
              const open = new Set(History.pendingTools(yield* now.history).map((call) => call.id))
              if (open.size === 0) break
              const decisions: Record<string, ToolDecision.ToolDecision> = {}
              if (step._tag === "Decide") {
                for (const call of step.calls) {
                  const name = `toolu_${call}`
                  decisions[name] = of(step.kind)
                  // A tool without a handler takes a result or a denial.
                  const counts = call !== 4 || step.kind === "deny" || step.kind === "result"
                  if (open.has(name) && counts && !decided.has(name)) decided.set(name, step.kind)
                }
              }
              const resumed = Effect.provide(
                Agent.resume(now, {
                  toolkit,
                  decisions,
                  ...(step._tag === "Limit" ? { maxTurns: 1 } : undefined),
                  ...(step._tag === "Stop" ? { stopWhen: StopWhen.turns(1) } : undefined)
                }),
                live
              )
              if (step._tag === "Decide" && step.kill && restored === undefined) {
                kill = yield* Deferred.make<void>()
                for (const name of Object.keys(decisions)) killed.add(name)
                const fiber = yield* Effect.forkChild(resumed)
                yield* Effect.raceFirst(Deferred.await(kill), Effect.exit(Fiber.join(fiber)))
                kill = undefined
                // The killed process writes nothing more: the next one has the journal first.
                const next = yield* Effect.exit(Effect.provide(Agent.resume(yield* session, { toolkit }), live))
                yield* Fiber.interrupt(fiber)
                if (Exit.isFailure(next) && History.pendingTools(yield* (yield* session).history).length > 0) {
                  return false
                }
              } else yield* resumed
            }
            const last = yield* session
            const pending = History.pendingTools(yield* last.history).map((call) => call.id)
            // A call is open if and only if nothing was decided on it.
            for (const call of ["toolu_1", "toolu_2", "toolu_3", "toolu_4"]) {
              const waits = call !== "toolu_3" && !decided.has(call)
              if (pending.length > 0 && pending.includes(call) !== waits) return false
              if ((ran.get(call) ?? 0) > 1) return false
            }
            if (ran.get("toolu_3") !== 1) return false
            for (const [call, kind] of decided) {
              const runs = kind === "approve" || kind === "edit"
              if (runs !== (ran.get(call) === 1) && !(runs && killed.has(call))) return false
            }
            return Result.isSuccess(HistoryJson.decode(HistoryJson.encode(yield* last.history))) &&
              History.check(yield* last.history).every(({ rule }) => rule === "tool-result-missing")
          })
        const result = yield* Arbitrary.checkEffect(Program, check, { runs: 150, size: 8 })

        assert.isUndefined(Arbitrary.formatCheckFailure(result))
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(Script.forever(Script.respondWith(({ body }) =>
          JSON.stringify(body).includes("tool_result")
            ? done
            : calls(pay("a", "toolu_1"), pay("b", "toolu_2"), look("c", "toolu_3"), ask("toolu_4"))
        )))
      ), 120_000)
  })
})

describe("an outcome", () => {
  it.effect("has the usage and cost of its run alone", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const first = yield* Agent.run(session, "Go", { toolkit })
      const second = yield* Agent.run(session, "Go", { toolkit })
      const spent = yield* session.spent

      assert.isAbove(first.usage.input, 0)
      assert.strictEqual(first.usage.input + second.usage.input, spent.input)
      assert.strictEqual(first.usage.output + second.usage.output, spent.output)
      assert.isTrue(Option.isSome(second.cost))
      assert.strictEqual(Message.text(second.message), "Done.")
    }).pipe(Effect.provide(handlers([])), provide(calls(look("a", "toolu_1")), done, done)))
})
