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
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Zlib from "node:zlib"
import * as Bodies from "../../internal/transport/body.ts"

/** A body cannot be decoded. */
export class EncodingFailure extends Data.Error<{
  /** `CONTENT_ENCODING` for what a retry cannot change, `CONTENT_ENCODING_CUT` for a stream that broke off. */
  readonly code: "CONTENT_ENCODING" | "CONTENT_ENCODING_CUT"
  readonly message: string
}> {}

/** Decodes a body. `failed` makes the failure of the transport. */
export type Decode = <E>(body: Body<E>, failed: (failure: EncodingFailure) => E) => Body<E>

/** Delivers the chunks of a body. */
export type Body<E> = Bodies.Items<Uint8Array, E | Cause.Done>

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
      const message = `the content-encoding ${JSON.stringify(header)} is not supported, only gzip, deflate, br and zstd`
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

class Decoded<E> extends Bodies.Mailbox<Uint8Array, E | Cause.Done> {
  readonly #source: Body<E>
  readonly #coding: Coding
  readonly #failed: (failure: EncodingFailure) => E
  #decompressor: Decompressor | undefined
  /** The bytes given to the decompressor. */
  #given = 0
  #isFeeding = false
  #isPlain = false
  /** Whether the source has ended. */
  #isOver = false

  constructor(source: Body<E>, coding: Coding, failed: (failure: EncodingFailure) => E) {
    super()
    this.#source = source
    this.#coding = coding
    this.#failed = failed
  }

  /** Delivers what is decoded, or decodes more. */
  protected override readonly onWaiting = (): void => {
    if (!this.isWaiting) return
    this.#read()
    if (!this.deliver() && !this.#isFeeding) this.#feed()
  }

  #read(): void {
    for (
      let chunk: unknown = this.#decompressor?.read();
      chunk instanceof Uint8Array;
      chunk = this.#decompressor?.read()
    ) {
      this.push(chunk)
    }
  }

  #feed(): void {
    this.#isFeeding = true
    this.#source.take((piece) => {
      if (Exit.isSuccess(piece)) return this.#accept(piece.value)
      const decompressor = this.#decompressor
      if (decompressor === undefined || !isDone(piece.cause)) return this.#finish(piece.cause)
      // It is not fed again: the end of the decompressed bytes follows.
      this.#isOver = true
      decompressor.end()
    })
  }

  #accept(chunks: Chunks): void {
    if (this.#decompressor === undefined) {
      if (this.#isPlain || !begins(chunks, this.#coding.magic ?? [])) {
        this.#isPlain = true
        this.#isFeeding = false
        for (const chunk of chunks) this.push(chunk)
        this.deliver()
        return
      }
      this.#open(chunks[0]?.[0] ?? 0)
    }
    this.#write(chunks)
  }

  #open(first: number): void {
    const decompressor = this.#coding.open(first)
    decompressor.on("readable", this.onWaiting)
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
      return this.onWaiting()
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
      decompressor.off("readable", this.onWaiting).off("end", this.#onEnd).destroy()
      this.#open(0)
      this.#write([chunk.subarray(chunk.byteLength - left), ...more])
    })
  }

  readonly #onEnd = (): void => {
    // An end inside the body is handled where the chunk was written.
    if (this.#isOver) this.#finish(Cause.fail(Cause.Done()))
  }

  readonly #onError = (cause: Error): void =>
    this.#finish(
      "code" in cause && cause.code === "Z_BUF_ERROR"
        ? this.#failure("CONTENT_ENCODING_CUT", "breaks off inside its")
        : this.#failure("CONTENT_ENCODING", "does not hold a valid")
    )

  #failure(code: EncodingFailure["code"], what: string): Cause.Cause<E> {
    return Cause.fail(
      this.#failed(new EncodingFailure({ code, message: `the body ${what} ${this.#coding.name} stream` }))
    )
  }

  #finish(cause: Cause.Cause<E | Cause.Done>): void {
    if (!this.hasEnded) this.finish(cause)
    this.onWaiting()
  }
}

type Chunks = Arr.NonEmptyReadonlyArray<Uint8Array>

const begins = (chunks: Chunks, magic: ReadonlyArray<number>): boolean => {
  let at = 0
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.byteLength && at < magic.length; i++) if (chunk[i] !== magic[at++]) return false
    if (at === magic.length) return true
  }
  return true
}

const isDone = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => Cause.isFailReason(reason) && Cause.isDone(reason.error))
