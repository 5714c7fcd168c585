import * as Bundle from "@effect-claude/bench/bundle"
import * as EventStream from "@effect-claude/http/EventStream"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Limits from "../../tools/limits.mjs"
import { streams } from "../src/Traffic.ts"

const root = Path.resolve(import.meta.dirname, "../../..")

/** How much the compiler works on a program that streams one answer, as `tsc --extendedDiagnostics` counts it. */
const instantiations = (): number => {
  const folder = Fs.mkdtempSync(Path.join(root, "examples/node_modules/.cache-hello-"))
  try {
    const file = Path.join(folder, "hello.ts")
    Fs.writeFileSync(
      file,
      `import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Stream from "effect/Stream"

export const hello = Messages.stream({
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [MessageRequest.user("Hello")]
}).pipe(MessageStream.text, Stream.runCollect)
`
    )
    const out = execFileSync(Path.join(root, "node_modules/.bin/tsc"), [
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--skipLibCheck",
      "--allowImportingTsExtensions",
      "--target",
      "es2022",
      "--lib",
      "es2023,dom,dom.iterable",
      "--module",
      "nodenext",
      "--types",
      "",
      "--extendedDiagnostics",
      file
    ], { encoding: "utf8", cwd: folder })
    return Number(/Instantiations:\s+(\d+)/.exec(out)?.[1])
  } finally {
    Fs.rmSync(folder, { recursive: true })
  }
}

describe("what must not grow unnoticed", () => {
  it("the compiler's work on a program that streams one answer", () => {
    const count = instantiations()

    assert.isAbove(count, 1000)
    assert.isBelow(count, Limits.instantiations, `${count} instantiations`)
  }, 60_000)

  it("the bundle of a program that streams one answer", async () => {
    const { gzip } = await Bundle.bundle("ours", "browser")

    assert.isAbove(gzip, 20_000)
    // A kilobyte more is most often a schema, a rule or the catalogue that came along.
    assert.isBelow(gzip, Limits.bundle, `${gzip} bytes, gzipped`)
  }, 60_000)

  it.effect("the number of pulls it takes to read a stream: one for each chunk of bytes, however many events it holds", () =>
    Effect.gen(function*() {
      const { events, writes } = streams["text-16k"]!()
      let pulls = 0
      let seen = 0
      yield* Stream.fromIterable(writes).pipe(
        Stream.rechunk(1),
        EventStream.decode(),
        Stream.runForEachArray((some) =>
          Effect.sync(() => {
            pulls++
            seen += some.length
          })
        )
      )

      assert.strictEqual(seen, events)
      assert.isAtMost(pulls, writes.length)
    }))
})
