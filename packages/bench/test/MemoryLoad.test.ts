import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import * as V8 from "node:v8"
import * as Vm from "node:vm"
import { fetchOf, request } from "../src/Client.ts"
import { streams } from "../src/Traffic.ts"

V8.setFlagsFromString("--expose-gc")
const gc: unknown = Vm.runInNewContext("gc")

/** Megabytes of the heap in use once garbage was collected. */
const used = (): number => {
  if (typeof gc === "function") gc()
  return process.memoryUsage().heapUsed / 2 ** 20
}

describe("a million events in one stream", () => {
  const { characters, events, writes } = streams["million"]!()
  const size = characters / 2 ** 20

  for (const consumer of ["events", "text", "final"] as const) {
    it.live(`hold the memory of one message, read as ${consumer}`, () =>
      Effect.gen(function*() {
        let seen = 0
        let before = 0
        let last = 0
        const stream = Messages.stream(request).pipe(
          Stream.mapArray((some) => {
            if (seen === 0) before = used()
            seen += some.length
            if (seen === events) last = used()
            return some
          })
        )
        yield* (consumer === "events"
          ? Stream.runDrain(stream)
          : consumer === "text"
          ? Stream.runDrain(MessageStream.text(stream))
          : Effect.asVoid(MessageStream.final(stream)))

        assert.strictEqual(seen, events)
        // The text so far is kept for errors, and by `final` for itself.
        assert.isBelow(last - before, size * (consumer === "final" ? 2.5 : 1.5))
      }).pipe(
        Effect.provide(Claude.layerFetch({ apiKey: Redacted.make("sk-ant-test") })),
        Effect.provideService(FetchHttpClient.Fetch, fetchOf(writes))
      ), 60_000)
  }
})
