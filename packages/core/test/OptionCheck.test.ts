import * as OptionCheck from "@effect-claude/core/OptionCheck"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"

const table = {
  name: OptionCheck.text("a name", /^[a-z]+$/),
  on: OptionCheck.flag,
  count: OptionCheck.number("a whole number from 1 to 9", { min: 1, max: 9, integer: true }),
  size: OptionCheck.number("a number above 0", { min: 0.1, infinite: true }),
  wait: OptionCheck.duration,
  tags: OptionCheck.list(OptionCheck.text("a tag")),
  fields: OptionCheck.record(OptionCheck.flag),
  inner: OptionCheck.options({ wait: OptionCheck.duration })
}

const find = (options: unknown) => OptionCheck.find(options, table, { label: "`name`" })

describe("OptionCheck", () => {
  it.each([
    [undefined],
    [{}],
    [{ name: "a", on: false, count: 9, size: Infinity, wait: "5 seconds", tags: ["a"], fields: { a: true } }],
    [{ name: undefined, wait: Duration.infinity, inner: { wait: 0 }, fields: { a: undefined } }],
    [{ wait: { seconds: 5 } }]
  ])("accepts %j", (options) => {
    assert.isUndefined(find(options))
  })

  it.each([
    ["", null],
    ["", []],
    ["name", { name: "A" }],
    ["name", { name: null }],
    ["name", { name: "sk-ant-a" }],
    ["on", { on: "yes" }],
    ["count", { count: "3" }],
    ["count", { count: 0 }],
    ["count", { count: 10 }],
    ["count", { count: 1.5 }],
    ["count", { count: Infinity }],
    ["size", { size: Number.NaN }],
    ["size", { size: 0 }],
    ["wait", { wait: Number.NaN }],
    ["wait", { wait: -1 }],
    ["wait", { wait: "soon" }],
    ["wait", { wait: {} }],
    ["wait", { wait: { secs: 5 } }],
    ["tags", { tags: "a" }],
    ["tags[1]", { tags: ["a", 5] }],
    ["fields.a", { fields: { a: 1 } }],
    ["inner.wait", { inner: { wait: -1 } }],
    ["label", { label: "a" }],
    ["Name", { Name: "a" }],
    ["[a name]", { "not a name": 1 }]
  ])("names %s", (option, options) => {
    assert.strictEqual(find(options)?.option, option)
  })

  it("names what to use in place of another name", () => {
    assert.strictEqual(find({ label: "a" })?.instead, "`name`")
    assert.strictEqual(find({ Name: "a" })?.instead, "`name`")
    assert.isUndefined(find({ other: "a" })?.instead)
  })
})
