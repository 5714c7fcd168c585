/**
 * What the options of sessions and agents accept, as callers without types give them.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as ContextWindow from "../ContextWindow.ts"

const object = (expected: string): OptionCheck.Check => OptionCheck.that(expected, Predicate.isObject)

const tokens = OptionCheck.number("a number of tokens above 0", { min: 1 })

const share = OptionCheck.number("a number from 0 to 1", { min: 0, max: 1 })

const contextWindow: OptionCheck.TableOf<ContextWindow.Policy> = {
  strategies: OptionCheck.list(object("a strategy of `ContextWindow`")),
  tokens,
  makeSpaceAt: share,
  fillTo: share,
  warnAt: share,
  onWarning: OptionCheck.callable
}

const count = OptionCheck.number("a whole number from 0 up, or Infinity", { min: 0, integer: true, infinite: true })

/** The settings of a session. Its other options are parameters of its requests. */
export const session = {
  onInterrupt: OptionCheck.choice("rollback", "keep"),
  whenToolsPending: OptionCheck.choice("close", "fail"),
  maxContinuations: count,
  onMaxTokens: OptionCheck.choice("return", "continue"),
  keepRefusals: OptionCheck.flag,
  cache: OptionCheck.that(
    "\"auto\", \"manual\", \"off\" or { ttl: \"5m\" or \"1h\" }",
    (value) =>
      value === "auto" || value === "manual" || value === "off" ||
      (Predicate.hasProperty(value, "ttl") && (value.ttl === "5m" || value.ttl === "1h"))
  ),
  contextWindow: OptionCheck.options(contextWindow),
  onEdit: OptionCheck.callable,
  onProgress: OptionCheck.callable,
  history: object("a `History`"),
  whenBusy: OptionCheck.choice("queue", "fail"),
  abandonAfter: OptionCheck.duration,
  budget: object("a `Budget`"),
  storeTimeout: OptionCheck.duration
}

/** The settings of a session in a store. */
export const open = {
  id: OptionCheck.required(OptionCheck.text("the id of a session")),
  recover: OptionCheck.flag
}

/** The options of an agent. */
export const agent = {
  toolkit: OptionCheck.required(
    OptionCheck.that(
      "a toolkit with its handlers, or an effect of one",
      (value) =>
        Effect.isEffect(value) || (Predicate.hasProperty(value, "tools") && Predicate.hasProperty(value, "handle"))
    )
  ),
  sources: OptionCheck.list(object("a source of `Agent.source`")),
  maxTurns: OptionCheck.number("a whole number from 1 up, or Infinity", { min: 1, integer: true, infinite: true }),
  concurrency: (value: unknown): OptionCheck.Problem | undefined =>
    value === "unbounded"
      ? undefined
      : OptionCheck.number("a whole number from 1 up, or \"unbounded\"", { min: 1, integer: true })(value),
  timeout: (value: unknown): OptionCheck.Problem | undefined =>
    typeof value === "function" ? undefined : OptionCheck.duration(value),
  maxResultLength: OptionCheck.number("a number of characters above 0, or Infinity", { min: 1, infinite: true }),
  approve: OptionCheck.callable,
  beforeTool: OptionCheck.callable,
  afterTool: OptionCheck.callable,
  stopWhen: OptionCheck.callable,
  prepareTurn: OptionCheck.callable,
  whenInterrupted: OptionCheck.choice("close", "rollback"),
  turn: object("the options of a turn"),
  decisions: object("decisions by the ids of calls")
}

const name = OptionCheck.text("a text that is not empty", /[^]/)

/** The options of a store in files. */
export const file = { directory: OptionCheck.required(name) }

/** The options of a store of keys. */
export const prefix = { prefix: OptionCheck.text("a text") }

/** The options of a store in a database. */
export const sql = { table: name, createTable: OptionCheck.flag }

/** The options of a map of sessions. */
export const map = { session: OptionCheck.required(OptionCheck.callable), idleTimeToLive: OptionCheck.duration }
