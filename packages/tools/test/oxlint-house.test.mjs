import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { root } from "../workspace.mjs"

/** The rule that refuses each, and the file. */
const refused = {
  "core/src/Barrel.ts": ["house(imports)", "import { Effect } from \"effect\"", "export const a = Effect.void"],
  "core/src/Domain.ts": ["house(imports)", "import * as Http from \"effect/http\"", "export const a = Http.HttpClient"],
  "core/src/Layer.ts": [
    "house(imports)",
    "import * as Client from \"effect/http/HttpClient\"",
    "export const a = Client.get"
  ],
  "core/src/Index.ts": ["house(imports)", "import * as Index from \"./index.ts\"", "export const a = Index"],
  "core/src/Extension.ts": ["house(imports)", "import * as Usage from \"./Usage\"", "export const a = Usage"],
  "core/src/Thrown.ts": ["house(no-throw)", "export const a = () => { throw new Error(\"a\") }"],
  "core/src/Blind.ts": ["house(no-blind-cast)", "export const a = (b: string) => b as unknown as number"],
  "core/src/Never.ts": ["house(no-blind-cast)", "export const a = (b: string) => b as never"],
  "core/src/Any.ts": ["house(no-blind-cast)", "export const a = (b: string) => b as any"],
  "core/src/Run.ts": [
    "house(no-run)",
    "import * as Effect from \"effect/Effect\"",
    "export const a = Effect.runPromise(Effect.void)"
  ],
  "core/src/Dual.ts": ["house(dual)", "export const a = (self: string, b: string) => self + b"],
  "core/src/Clock.ts": ["eslint(no-restricted-globals)", "export const a = () => Date.now()"],
  "core/src/Chance.ts": ["eslint(no-restricted-properties)", "export const a = () => Math.random()"],
  "core/src/Network.ts": ["eslint(no-restricted-globals)", "export const a = () => fetch(\"a\")"],
  "core/src/Timer.ts": ["eslint(no-restricted-globals)", "export const a = (b: () => void) => setTimeout(b)"],
  "core/src/Environment.ts": ["eslint(no-restricted-globals)", "export const a = () => process.env"],
  "core/src/Loud.ts": ["eslint(no-console)", "export const a = () => console.log(1)"],
  "core/src/CycleOne.ts": [
    "import(no-cycle)",
    "import * as Two from \"./CycleTwo.ts\"",
    "export const a = () => Two.b"
  ],
  "core/src/CycleTwo.ts": [
    "import(no-cycle)",
    "import * as One from \"./CycleOne.ts\"",
    "export const b = () => One.a"
  ],
  "core/src/TypeCycleOne.ts": [
    "import(no-cycle)",
    "import type { B } from \"./TypeCycleTwo.ts\"",
    "export interface A { readonly b: B }"
  ],
  "core/src/TypeCycleTwo.ts": [
    "import(no-cycle)",
    "import type { A } from \"./TypeCycleOne.ts\"",
    "export interface B { readonly a: A }"
  ],
  "core/src/Parsed.ts": ["house(no-hidden-cast)", "export const a = (b: string): string => JSON.parse(b)"],
  "core/src/ParsedConst.ts": [
    "house(no-hidden-cast)",
    "export const a = (b: string) => {",
    "  const c: string = JSON.parse(b)",
    "  return c",
    "}"
  ],
  "core/src/ParsedInside.ts": ["house(no-hidden-cast)", "export const a = (b: string) => [JSON.parse(b)]"],
  "core/src/Invented.ts": [
    "house(no-hidden-cast)",
    "export function a<B>(b: unknown): B",
    "export function a(b: unknown): unknown {",
    "  return b",
    "}"
  ],
  "core/src/InventedArrow.ts": [
    "house(no-hidden-cast)",
    "export const a = <B, C>(b: B, make: (b: unknown) => unknown): C => make(b)"
  ],
  "http/src/Up.ts": [
    "house(imports)",
    "import * as Session from \"@effect-claude/session/Session\"",
    "export const a = Session.make"
  ],
  "http/src/Node.ts": ["house(imports)", "import * as Fs from \"node:fs\"", "export const a = Fs.statSync"],
  "http/src/Ai.ts": [
    "house(imports)",
    "import * as Tool from \"effect/ai/Tool\"",
    "export const a = Tool.make"
  ],
  "session/src/Sqlite.ts": [
    "house(imports)",
    "import * as Sqlite from \"node:sqlite\"",
    "export const a = Sqlite.DatabaseSync"
  ],
  "session/src/Ai.ts": [
    "house(imports)",
    "import * as LanguageModel from \"effect/ai/LanguageModel\"",
    "export const a = LanguageModel.make"
  ],
  "session/src/Cluster.ts": [
    "house(imports)",
    "import * as Entity from \"effect/cluster/Entity\"",
    "export const a = Entity.make"
  ],
  "ai/src/Up.ts": [
    "house(imports)",
    "import * as Session from \"@effect-claude/session/Session\"",
    "export const a = Session.make"
  ],
  "testing/src/Up.ts": [
    "house(imports)",
    "import * as Claude from \"@effect-claude/http/Claude\"",
    "export const a = Claude.layer"
  ]
}

const accepted = {
  "core/src/Deep.ts": ["import * as Effect from \"effect/Effect\"", "export const a = Effect.void"],
  "core/src/Unknown.ts": [
    "export const a = (b: string): unknown => JSON.parse(b)",
    "export const c = (b: string): unknown => {",
    "  const d: unknown = b === \"\" ? undefined : JSON.parse(b)",
    "  return d ?? JSON.parse(b)",
    "}"
  ],
  "core/src/Given.ts": [
    "export const a = <B>(b: B, make: (b: B) => B): B => make(b)",
    "export const c = <D>(): Array<D> => []"
  ],
  "core/src/Const.ts": ["export const a = [1] as const"],
  "core/src/internal/step.ts": ["export const step = (self: string, b: string) => self + b"],
  "http/src/node/Files.ts": ["import * as Fs from \"node:fs\"", "export const a = Fs.statSync"],
  "session/src/node/Sqlite.ts": [
    "import * as Sqlite from \"node:sqlite\"",
    "export const a = Sqlite.DatabaseSync"
  ],
  "ai/src/Model.ts": ["import * as Model from \"effect/ai/Model\"", "export const a = Model.make"],
  "session/src/Tools.ts": ["import * as Toolkit from \"effect/ai/Toolkit\"", "export const a = Toolkit.make"],
  "session/src/SessionEntity.ts": ["import * as Rpc from \"effect/rpc/Rpc\"", "export const a = Rpc.make"],
  "cli/src/bin.ts": ["console.log(1)"],
  "core/test/Any.test.ts": ["export const a = () => Date.now()"]
}

/** Lints all of them at once, as one small workspace with this one's configuration. */
const lint = (files) => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-claude-lint-"))
  try {
    for (const [path, lines] of Object.entries(files)) {
      const file = Path.join(folder, "packages", path)
      Fs.mkdirSync(Path.dirname(file), { recursive: true })
      Fs.writeFileSync(file, `${lines.join("\n")}\n`)
    }
    Fs.cpSync(Path.join(root, ".oxlintrc.json"), Path.join(folder, ".oxlintrc.json"))
    Fs.mkdirSync(Path.join(folder, "scripts"))
    Fs.cpSync(Path.join(root, "packages/tools/oxlint-house.mjs"), Path.join(folder, "packages/tools/oxlint-house.mjs"))
    const output = run(folder)
    return output.diagnostics.map(({ code, filename }) => ({
      code,
      file: filename.replaceAll("\\", "/").replace(/^.*packages\//, "")
    }))
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}

const run = (cwd) => {
  try {
    return JSON.parse(
      execFileSync(Path.join(root, "node_modules/.bin/oxlint"), ["-f", "json"], { cwd, encoding: "utf8" })
    )
  } catch (error) {
    return JSON.parse(error.stdout)
  }
}

describe("oxlint-house", () => {
  const sources = Object.entries(refused).map(([file, [, ...lines]]) => [file, lines])
  const found = lint({ ...Object.fromEntries(sources), ...accepted })

  it.each(Object.entries(refused))("refuses %s by %s", (file, [rule]) => {
    assert.include(found.filter((diagnostic) => diagnostic.file === file).map(({ code }) => code), rule)
  })

  it.each(Object.keys(accepted))("accepts %s", (file) => {
    assert.deepStrictEqual(found.filter((diagnostic) => diagnostic.file === file), [])
  })
})
