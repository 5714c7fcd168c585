import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Zlib from "node:zlib"
import * as Body from "../../../src/internal/transport/body.ts"
import * as ContentEncoding from "../../../src/node/internal/contentEncoding.ts"

/** A body that delivers these chunks, each in a later turn, and then its end. */
const bodyOf = (chunks: ReadonlyArray<Uint8Array>, end?: string): ContentEncoding.Body<string> => {
  let at = 0
  return {
    take: (resume) =>
      queueMicrotask(() => {
        const chunk = chunks[at++]
        resume(chunk !== undefined ? Exit.succeed([chunk]) : Exit.fail(end ?? Cause.Done()))
      }),
    leave: () => {}
  }
}

const slices = (bytes: Uint8Array, size: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

/** Reads a body: its bytes, or how it fails. */
const read = (header: string, chunks: ReadonlyArray<Uint8Array>, end?: string): Effect.Effect<Buffer, string> => {
  const decoder = ContentEncoding.decoder(header)
  if (Result.isFailure(decoder)) return Effect.fail(decoder.failure.message)
  const body = bodyOf(chunks, end)
  const decoded = decoder.success === undefined ? body : decoder.success(body, ({ code }) => code)
  return Stream.fromPull(Effect.succeed(Body.read(decoded))).pipe(
    Stream.runCollect,
    Effect.map((all) => Buffer.concat(all))
  )
}

const codings = {
  gzip: Zlib.gzipSync,
  "X-GZip": Zlib.gzipSync,
  deflate: Zlib.deflateSync,
  br: Zlib.brotliCompressSync,
  zstd: Zlib.zstdCompressSync
}

const Coding = Schema.Literals(["gzip", "X-GZip", "deflate", "br", "zstd"])

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Bytes = Schema.Uint8Array

describe("contentEncoding", () => {
  describe("decoder", () => {
    it.effect.prop(
      "reads what was compressed, in chunks of any size",
      { coding: Coding, content: Bytes, times: int(1, 200), size: int(1, 50) },
      ({ coding, content, size, times }) =>
        Effect.gen(function*() {
          const whole = Buffer.concat(Array.from({ length: times }, () => content))
          assert.deepStrictEqual(yield* read(coding, slices(codings[coding](whole), size)), whole)
        })
    )

    it.effect.prop(
      "fails for a stream that breaks off anywhere",
      { coding: Coding, content: Bytes, at: Schema.Int, size: int(1, 50) },
      ({ at, coding, content, size }) =>
        Effect.gen(function*() {
          const compressed = codings[coding](Buffer.concat([content, Buffer.from("more")]))
          const length = 1 + Math.abs(at) % (compressed.byteLength - 1)
          const failure = yield* Effect.flip(read(coding, slices(compressed.subarray(0, length), size)))

          assert.strictEqual(failure, "CONTENT_ENCODING_CUT")
        })
    )

    it.effect.prop(
      "reads several gzip members and zstd frames to the last",
      { coding: Schema.Literals(["gzip", "zstd"]), parts: Schema.Array(Bytes), size: int(1, 50) },
      ({ coding, parts, size }) =>
        Effect.gen(function*() {
          const compressed = Buffer.concat(parts.map((part) => codings[coding](part)))
          assert.deepStrictEqual(yield* read(coding, slices(compressed, size)), Buffer.concat(parts))
        })
    )

    it.effect.prop(
      "drops no bytes after the end of a stream",
      { coding: Schema.Literals(["deflate", "br", "zstd"]), content: Bytes, size: int(1, 50) },
      ({ coding, content, size }) =>
        Effect.gen(function*() {
          const compressed = Buffer.concat([codings[coding](content), Buffer.from("\nGARBAGE")])
          assert.strictEqual(yield* Effect.flip(read(coding, slices(compressed, size))), "CONTENT_ENCODING")
        })
    )

    it.effect("fails for what is not compressed that way", () =>
      Effect.gen(function*() {
        const broken = Zlib.gzipSync("hello")
        broken[broken.byteLength - 6]! ^= 1
        for (const [coding, bytes] of [["gzip", broken], ["br", Buffer.from("not brotli at all")]] as const) {
          assert.strictEqual(yield* Effect.flip(read(coding, [bytes])), "CONTENT_ENCODING")
        }
      }))

    it.effect("reads deflate without its zlib header", () =>
      Effect.gen(function*() {
        assert.strictEqual(String(yield* read("deflate", [Zlib.deflateRawSync("hello")])), "hello")
      }))

    it.effect("undoes several codings, the last one first", () =>
      Effect.gen(function*() {
        const bytes = Zlib.brotliCompressSync(Zlib.gzipSync("hello"))
        assert.strictEqual(String(yield* read("gzip, identity, br", slices(bytes, 3))), "hello")
      }))

    it.effect("reads a body as it is that only claims to be gzip or zstd", () =>
      Effect.gen(function*() {
        for (const coding of ["gzip", "zstd"]) {
          assert.strictEqual(String(yield* read(coding, slices(Buffer.from("{\"a\":1}"), 1))), "{\"a\":1}")
        }
      }))

    it.effect("reads an empty body in any coding", () =>
      Effect.gen(function*() {
        for (const coding of Object.keys(codings)) assert.strictEqual((yield* read(coding, [])).byteLength, 0)
      }))

    it.effect("fails where the body fails, after what was decoded", () =>
      Effect.gen(function*() {
        const decoder = Result.getOrThrow(ContentEncoding.decoder("gzip"))!
        const gzip = Zlib.createGzip()
        gzip.write("hello")
        yield* Effect.callback<void>((resume) => gzip.flush(() => resume(Effect.void)))
        const chunk: unknown = gzip.read()
        assert.instanceOf(chunk, Uint8Array)
        const decoded = decoder(bodyOf([chunk], "reset"), ({ code }) => code)

        assert.strictEqual(String(Buffer.concat(yield* Body.read(decoded))), "hello")
        assert.strictEqual(yield* Effect.flip(Body.read(decoded)), "reset")
        gzip.destroy()
      }))

    it("names an encoding that is not supported, and takes none for identity", () => {
      for (const header of ["compress", "gzip, dcb", "constructor", Array.from({ length: 5 }, () => "gzip").join()]) {
        const decoder = ContentEncoding.decoder(header)
        assert.isTrue(Result.isFailure(decoder))
        assert.include(Result.isFailure(decoder) ? decoder.failure.message : "", JSON.stringify(header))
      }
      for (const header of [undefined, "", "identity", " , Identity"]) {
        assert.deepStrictEqual(ContentEncoding.decoder(header), Result.succeed(undefined))
      }
    })

    it.effect("holds back what nobody reads yet", () =>
      Effect.gen(function*() {
        const bomb = Zlib.gzipSync(Buffer.alloc(50_000_000))
        let taken = 0
        const body = bodyOf(slices(bomb, 1000))
        const counted: ContentEncoding.Body<string> = { ...body, take: (resume) => (taken++, body.take(resume)) }
        const decoded = Result.getOrThrow(ContentEncoding.decoder("gzip"))!(counted, ({ code }) => code)
        const first = yield* Body.read(decoded)

        assert.isBelow(Buffer.concat(first).byteLength, 1_000_000)
        assert.isBelow(taken, 10)
      }))
  })
})
