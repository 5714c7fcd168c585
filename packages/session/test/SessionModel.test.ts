import * as Usage from "@effect-claude/core/Usage"
import * as History from "@effect-claude/session/History"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Option } from "effect"
import * as Model from "./model.ts"

/** How many programs are run. `PROGRAMS=20000` takes some minutes. */
const runs = Number(process.env["PROGRAMS"] ?? 2000)

describe("a session", () => {
  it.effect(
    `keeps its laws in ${runs} random programs of turns, tools, faults and interrupts`,
    () =>
      Effect.gen(function*() {
        const seen = new Map<string, number>()
        const check = (program: ReadonlyArray<Model.Op>) => Model.run(program, undefined, seen)
        const result = yield* Arbitrary.checkEffect(Model.Program, check, { runs, size: 12 })

        assert.isUndefined(Arbitrary.formatCheckFailure(result))
        if (runs < 1000) return
        // The programs did meet what they are about.
        for (const how of ["send", "stream", "leave", "agent", "agentStream"]) {
          for (
            const outcome of ["succeeded", "interrupted", "OverloadedError", "SessionStoreError", "ConnectionError"]
          ) {
            assert.isAbove(seen.get(`${how} ${outcome}`) ?? 0, 0, `${how} ${outcome}`)
          }
        }
        for (const status of ["ready", "awaitingReply", "awaitingToolResults"]) {
          assert.isAbove(seen.get(`then ${status}`) ?? 0, 0, status)
        }
      }),
    120_000 + runs * 100
  )

  const bugs: ReadonlyArray<readonly [string, Model.Sabotage]> = [
    [
      "commits the user's words before the turn succeeds",
      (session, { before, exit, words }) => {
        if (Exit.isFailure(exit)) Model.tamper(session, { history: Model.addUnchecked(before, words) })
      }
    ],
    [
      "leaves a call without its result",
      (session, { words }) => {
        const { history } = session.state.value
        if (history.status === "awaitingToolResults") {
          Model.tamper(session, { history: Model.addUnchecked(history, words) })
        }
      }
    ],
    [
      "says the user's words twice",
      (session, { before, exit, words }) => {
        const reply = Option.getOrUndefined(session.state.value.lastResponse)
        if (!Exit.isSuccess(exit) || reply === undefined || session.state.value.history === before) return
        const twice = Model.addUnchecked(Model.addUnchecked(before, words), words)
        Model.tamper(session, { history: Model.replyUnchecked(twice, reply) })
      }
    ],
    [
      "forgets a turn that succeeded",
      (session, { before, exit }) => {
        if (Exit.isSuccess(exit)) Model.tamper(session, { history: before })
      }
    ],
    [
      "rewrites what was said before",
      (session, { exit }) => {
        if (!Exit.isSuccess(exit)) return
        Model.tamper(session, { history: History.repair(History.toMessages(session.state.value.history)).history })
      }
    ],
    [
      "holds the session after an interrupted turn",
      (session, { exit }) => {
        if (Exit.hasInterrupts(exit)) Model.hold(session)
      }
    ],
    [
      "never gives back what it set aside",
      (session) => Model.draw(session)
    ],
    [
      "loses count of what was spent",
      (session) => Model.tamper(session, { spent: Usage.empty })
    ],
    [
      "says what it does not write down",
      (session, { before }) => {
        const { history, lastResponse } = session.state.value
        if (history === before || Option.isNone(lastResponse) || history.status !== "ready") return
        const more = Model.replyUnchecked(Model.addUnchecked(history, "unwritten"), lastResponse.value)
        if (more.status === "ready") Model.tamper(session, { history: more })
      }
    ]
  ]

  describe("that is broken", () => {
    it.effect.each(bugs)(
      "is found out, by a program of at most two steps: one that %s",
      ([, sabotage]) =>
        Effect.gen(function*() {
          const check = (program: ReadonlyArray<Model.Op>) => Model.run(program, sabotage)
          const result = yield* Arbitrary.checkEffect(Model.Program, check, { runs: 500, size: 12 })

          if (result._tag !== "Falsified") return assert.fail(`It was not found out: ${result._tag}`)
          assert.isAtMost(result.shrunkInput.length, 2)
        }),
      120_000
    )
  })
})
