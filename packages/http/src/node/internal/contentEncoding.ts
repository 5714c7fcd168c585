/**
 * Bodies in a `content-encoding` that Node can decode: gzip, deflate, br and zstd,
 * also several in a row.
 *
 * A compressed stream that breaks off is a failure, and so are bytes after its end.
 * Streams of several gzip members or zstd frames are read to the last one. A body that
 * only claims to be gzip or zstd is read as it is.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Zlib from "node:zlib"
import type * as Source from "../../internal/transport/body.ts"

/** A body cannot be decoded. */
export class EncodingFailure extends Data.Error<{
  /** `CONTENT_ENCODING` for what a retry cannot change, `CONTENT_ENCODING_CUT` for a stream that broke off. */
  readonly code: "CONTENT_ENCODING" | "CONTENT_ENCODING_CUT"
  readonly message: string
}> {}

/** Decodes a body. `failed` makes the failure of the transport. */
export type Decode = <E>(body: Source.Body<E>, failed: (failure: EncodingFailure) => E) => Source.Body<E>

/** Returns what decodes a `content-encoding`, undefined if nothing does it. Fails with an encoding that is not known. */
export const decoder = (header: string | undefined): Result.Result<Decode | undefined, EncodingFailure> => {
  const names = (header ?? "").toLowerCase().split(",").map((name) => name.trim()).filter((name) =>
    name !== "" && name !== "identity"
  )
  if (names.length === 0) return Result.succeed(undefined)
  const codings: Array<Coding> = []
  for (const name of names) {
    const coding = known.get(name)
    if (coding === undefined || codings.length === mostCodings) {
      const message = `the content-encoding ${JSON.stringify(header)} is not supported`
      return Result.fail(new EncodingFailure({ code: "CONTENT_ENCODING", message }))
    }
    codings.push(coding)
  }
  return Result.succeed((body, failed) =>
    codings.reduceRight((inner, coding) => new Decoded(inner, coding, failed), body)
  )
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const mostCodings = 4

interface Coding {
  readonly name: string
  /** Creates the decoder of a body with this first byte. */
  readonly open: (first: number) => Decompressor
  /** The bytes that every such stream begins with. */
  readonly magic?: ReadonlyArray<number>
  /** Whether another stream may follow the first one. Node reads on by itself in gzip. */
  readonly repeats?: boolean
}

type Decompressor = Zlib.Gunzip | Zlib.Inflate | Zlib.InflateRaw | Zlib.BrotliDecompress | Zlib.ZstdDecompress

const gzip: Coding = { name: "gzip", open: () => Zlib.createGunzip(), magic: [0x1f, 0x8b] }

const known: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ["gzip", gzip],
  ["x-gzip", gzip],
  // Some servers leave out the zlib header, whose first byte ends in 8.
  ["deflate", {
    name: "deflate",
    open: (first) => (first & 0x0f) === 8 ? Zlib.createInflate() : Zlib.createInflateRaw()
  }],
  ["br", { name: "br", open: () => Zlib.createBrotliDecompress() }],
  ["zstd", {
    name: "zstd",
    open: () => Zlib.createZstdDecompress(),
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    repeats: true
  }]
])

class Decoded<E> implements Source.Body<E> {
  readonly #source: Source.Body<E>
  readonly #coding: Coding
  readonly #failed: (failure: EncodingFailure) => E
  #taker: Parameters<Source.Body<E>["take"]>[0] | undefined
  #decompressor: Decompressor | undefined
  /** The bytes given to the decompressor. */
  #given = 0
  /** Decoded bytes of the streams before. */
  #ready: Array<Uint8Array> = []
  #isFeeding = false
  #isPlain = false
  /** Whether the source has ended. */
  #isOver = false
  #end: Exit.Exit<never, E | Cause.Done> | undefined

  constructor(source: Source.Body<E>, coding: Coding, failed: (failure: EncodingFailure) => E) {
    this.#source = source
    this.#coding = coding
    this.#failed = failed
  }

  take(resume: Parameters<Source.Body<E>["take"]>[0]): void {
    if (this.#isPlain) return this.#source.take(resume)
    this.#taker = resume
    this.#deliver()
  }

  leave(): void {
    if (this.#isPlain) this.#source.leave()
    this.#taker = undefined
  }

  /** Delivers what is decoded, or decodes more. */
  readonly #deliver = (): void => {
    if (this.#taker === undefined) return
    this.#read()
    const chunks = this.#ready
    if (Arr.isArrayNonEmpty(chunks)) {
      this.#ready = []
      return this.#settle(Exit.succeed(chunks))
    }
    if (this.#end !== undefined) return this.#settle(this.#end)
    if (!this.#isFeeding) this.#feed()
  }

  #read(): void {
    for (
      let chunk: unknown = this.#decompressor?.read();
      chunk instanceof Uint8Array;
      chunk = this.#decompressor?.read()
    ) {
      this.#ready.push(chunk)
    }
  }

  #settle(piece: Exit.Exit<Source.Chunks, E | Cause.Done>): void {
    const taker = this.#taker
    this.#taker = undefined
    taker?.(piece)
  }

  #feed(): void {
    this.#isFeeding = true
    this.#source.take((piece) => {
      if (Exit.isSuccess(piece)) return this.#accept(piece.value)
      const decompressor = this.#decompressor
      if (decompressor === undefined || !isDone(piece.cause)) return this.#finish(Exit.failCause(piece.cause))
      // It is not fed again: the end of the decompressed bytes follows.
      this.#isOver = true
      decompressor.end()
    })
  }

  #accept(chunks: Source.Chunks): void {
    if (this.#decompressor === undefined) {
      if (!begins(chunks, this.#coding.magic ?? [])) {
        this.#isPlain = true
        return this.#settle(Exit.succeed(chunks))
      }
      this.#open(chunks[0]?.[0] ?? 0)
    }
    this.#write(chunks)
  }

  #open(first: number): void {
    const decompressor = this.#coding.open(first)
    decompressor.on("readable", this.#deliver)
    decompressor.on("end", this.#onEnd)
    decompressor.on("error", this.#onError)
    this.#decompressor = decompressor
    this.#given = 0
  }

  #write(chunks: ReadonlyArray<Uint8Array>): void {
    const [chunk, ...more] = chunks
    const decompressor = this.#decompressor
    if (chunk === undefined || decompressor === undefined) {
      this.#isFeeding = false
      return this.#deliver()
    }
    this.#given += chunk.byteLength
    decompressor.write(chunk, (error) => {
      if (error !== undefined && error !== null) return
      const left = this.#given - decompressor.bytesWritten
      if (left === 0) return this.#write(more)
      // The compressed stream ended inside the chunk.
      if (this.#coding.repeats !== true) {
        return this.#finish(this.#failure("CONTENT_ENCODING", "has bytes after the end of its"))
      }
      this.#read()
      decompressor.off("readable", this.#deliver).off("end", this.#onEnd).destroy()
      this.#open(0)
      this.#write([chunk.subarray(chunk.byteLength - left), ...more])
    })
  }

  readonly #onEnd = (): void => {
    // An end inside the body is handled where the chunk was written.
    if (this.#isOver) this.#finish(ended)
  }

  readonly #onError = (cause: Error): void =>
    this.#finish(
      "code" in cause && cause.code === "Z_BUF_ERROR"
        ? this.#failure("CONTENT_ENCODING_CUT", "breaks off inside its")
        : this.#failure("CONTENT_ENCODING", "does not hold a valid")
    )

  #failure(code: EncodingFailure["code"], what: string): Exit.Exit<never, E> {
    return Exit.fail(
      this.#failed(new EncodingFailure({ code, message: `the body ${what} ${this.#coding.name} stream` }))
    )
  }

  #finish(end: Exit.Exit<never, E | Cause.Done>): void {
    this.#end ??= end
    this.#deliver()
  }
}

const begins = (chunks: Source.Chunks, magic: ReadonlyArray<number>): boolean => {
  let at = 0
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.byteLength && at < magic.length; i++) if (chunk[i] !== magic[at++]) return false
    if (at === magic.length) return true
  }
  return true
}

const isDone = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => Cause.isFailReason(reason) && Cause.isDone(reason.error))

const ended = Exit.fail(Cause.Done())
