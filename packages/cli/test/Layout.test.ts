import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Sink, Stdio, Terminal } from "effect"
import * as Layout from "effect-claude/Layout"
import * as Progress from "effect-claude/Progress"
import { Screen } from "effect-claude/Screen"
import * as Style from "effect-claude/Style"

const same = (text: string) => text

/** What a program writes on standard error, on a screen of so many columns or in a pipe. */
const written = <A, E>(program: Effect.Effect<A, E, Screen>, columns: number, isTerminal = true) =>
  Effect.gen(function*() {
    let err = ""
    const StdioTest = Stdio.layerTest({
      stderrIsTerminal: Effect.succeed(isTerminal),
      stderr: () => Sink.forEach((chunk: string | Uint8Array) => Effect.sync(() => err += String(chunk)))
    })
    const TerminalTest = Layer.succeed(
      Terminal.Terminal,
      Terminal.make({
        columns: Effect.succeed(columns),
        rows: Effect.succeed(24),
        size: Effect.die("unused"),
        readInput: Effect.die("unused"),
        readLine: Effect.die("unused"),
        display: () => Effect.void
      })
    )
    // Nothing of the environment of whoever runs the tests, such as `NO_COLOR`.
    const EnvironmentTest = ConfigProvider.layer(ConfigProvider.fromUnknown({}))
    yield* Effect.provide(
      program,
      Layer.provide(Screen.layer, Layer.mergeAll(StdioTest, TerminalTest, EnvironmentTest))
    )
    return err
  })

describe("Layout", () => {
  describe("pairs", () => {
    const rows = [["name", "one two three four five six"], ["b", "seven"]] as const

    it("puts values into a column of their own", () => {
      assert.strictEqual(
        Layout.pairs(rows, 30, same),
        "name  one two three four five\n      six\nb     seven"
      )
    })

    it("puts them below where the column would be narrow", () => {
      assert.strictEqual(Layout.pairs(rows, 29, same), "name\n  one two three four five six\nb\n  seven")
    })
  })

  describe("table", () => {
    const columns = [{ title: "model" }, { title: "in", align: "right" }, { title: "note" }] as const
    const rows = [["one", "1", "a note of some words and more"], ["two", "20", ""]]

    it("aligns what fits", () => {
      assert.strictEqual(
        Layout.table(columns, rows, 80, Style.plain),
        "model  in  note\none     1  a note of some words and more\ntwo    20"
      )
    })

    it("breaks the last column that is aligned to the left", () => {
      assert.strictEqual(
        Layout.table(columns, rows, 27, Style.plain),
        "model  in  note\none     1  a note of some\n           words and more\ntwo    20"
      )
    })

    it("gives each row lines of its own where nothing else fits", () => {
      assert.strictEqual(
        Layout.table(columns, rows, 26, Style.plain),
        "one\n  in 1 · note a note of\n  some words and more\ntwo\n  in 20"
      )
    })
  })
})

describe("Screen", () => {
  describe("note", () => {
    const note = Effect.flatMap(Screen, ({ err }) => err.note("one two three four five six seven"))

    it.effect("wraps on a terminal, and not in a pipe", () =>
      Effect.gen(function*() {
        assert.strictEqual(
          yield* written(note, 24),
          `${Style.colored.dim("one two three four five\nsix seven")}\n`
        )
        assert.strictEqual(yield* written(note, 24, false), "one two three four five six seven\n")
      }))
  })

  describe("warn", () => {
    it.effect("puts a mark before its words, and hangs them under each other", () =>
      Effect.gen(function*() {
        const warn = Effect.flatMap(Screen, ({ err }) => err.warn("one two three \u0007four five"))

        assert.strictEqual(
          yield* written(warn, 22),
          `${Style.colored.yellow("! ")}one two three four\n  five\n`
        )
      }))
  })
})

describe("Progress", () => {
  describe("bar", () => {
    it.effect("leaves a cell of the line free at any width, and says nothing in a pipe", () =>
      Effect.gen(function*() {
        const bar = Progress.bar(1, 3, "1 of 3 · in_progress · 12 s, and on, and on, and on, and on, and on, and on")
        for (const columns of [30, 40, 80, 100]) {
          // oxlint-disable-next-line no-control-regex -- the styles are taken off
          const line = (yield* written(bar, columns)).replace(/\r|\u001b\[\d*[mK]/g, "")

          assert.include(line, " 33%  1 of")
          assert.isBelow(Layout.width(line), columns)
        }
        assert.strictEqual(yield* written(bar, 80, false), "")
      }))
  })
})
