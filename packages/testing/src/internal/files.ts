/**
 * The files of the scripted API.
 *
 * @since 0.1.0
 */
import type * as Answer from "./answer.ts"
import * as Errors from "./errors.ts"
import * as Multipart from "./multipart.ts"
import * as Page from "./page.ts"
import * as Random from "./random.ts"
import * as Render from "./render.ts"
import * as Time from "./time.ts"

/** A file that is there from the start, as tools make them: downloadable. */
export interface Given {
  readonly id?: string | undefined
  readonly filename: string
  readonly mime_type?: string | undefined
  readonly content: string | Uint8Array
}

interface Stored {
  readonly metadata: {
    readonly type: "file"
    readonly id: string
    readonly size_bytes: number
    readonly created_at: string
    readonly filename: string
    readonly mime_type: string
    readonly downloadable: boolean
    readonly expires_at?: string
  }
  readonly bytes: Uint8Array
  /** When it is deleted by itself. */
  readonly until: number
}

interface Context extends Pick<Render.Context, "headers" | "requestId" | "draw"> {
  readonly now: number
}

export interface Files {
  readonly upload: (contentType: string | undefined, body: Uint8Array, context: Context) => Answer.Answer
  /** Lists files, or of them those of the ids that are given. */
  readonly list: (
    query: { readonly [name: string]: string },
    ids: ReadonlyArray<string>,
    firstShape: boolean,
    context: Context
  ) => Answer.Answer
  readonly get: (id: string, context: Context) => Answer.Answer
  readonly remove: (id: string, context: Context) => Answer.Answer
  readonly content: (id: string, context: Context) => Answer.Answer
}

export const make = (seed: number, given: ReadonlyArray<Given>): Files => {
  const files = new Map<string, Stored>()
  given.forEach(({ content, filename, id, mime_type }, i) => {
    const bytes = typeof content === "string" ? encoder.encode(content) : content
    const key = id ?? Random.id(Random.make(seed, `file/${i}`), "file")
    files.set(key, {
      bytes,
      metadata: metadata(key, bytes, filename, mime_type ?? mimeOf(filename), 0, true),
      until: Infinity
    })
  })
  const found = (id: string, context: Context, use: (file: Stored) => Answer.Answer): Answer.Answer => {
    const file = files.get(id)
    if (file === undefined) return Render.failure(Errors.failure(404, { message: `File not found: ${id}` }), context)
    if (file.until > context.now) return use(file)
    return Render.failure(Errors.failure(404, { message: `File has expired: ${id}`, code: "file_expired" }), context)
  }
  return {
    upload: (contentType, body, context) => {
      const boundary = Multipart.boundaryOf(contentType)
      const parts = boundary === undefined ? [] : Multipart.parts(body, boundary)
      const file = parts.find(({ name }) => name === "file")
      if (file === undefined) return Render.failure(Errors.failure(400, { message: "file: Field required" }), context)
      const seconds = parts.find(({ name }) => name === "expires_in_seconds")
      const life = seconds === undefined ? undefined : Number(decoder.decode(seconds.bytes))
      if (life !== undefined && !(life >= 3600 && life <= 7_776_000)) {
        return Render.failure(
          Errors.failure(400, { message: "expires_in_seconds: Input should be between 3600 and 7776000" }),
          context
        )
      }
      const filename = (file.filename ?? "").split(/[\\/]/).at(-1)! || "unnamed"
      const id = Random.id(context.draw, "file")
      const stored: Stored = {
        bytes: file.bytes,
        until: life === undefined ? Infinity : context.now + life * 1000,
        metadata: {
          ...metadata(id, file.bytes, filename, file.type ?? mimeOf(filename), context.now, false),
          ...(life === undefined ? undefined : { expires_at: Time.microsUtc(context.now + life * 1000) })
        }
      }
      files.set(id, stored)
      return Render.json(200, stored.metadata, context)
    },
    list: (query, ids, firstShape, context) => {
      const newest = [...files.values()]
        .filter(({ metadata, until }) => until > context.now && (ids.length === 0 || ids.includes(metadata.id)))
        .map(({ metadata }) => metadata)
        .toReversed()
      return Render.json(200, firstShape ? Page.byId(newest, query) : Page.byCursor(newest, query), context)
    },
    get: (id, context) => found(id, context, ({ metadata }) => Render.json(200, metadata, context)),
    remove: (id, context) =>
      found(id, context, () => {
        files.delete(id)
        return Render.json(200, { id, type: "file_deleted" }, context)
      }),
    content: (id, context) =>
      found(id, context, ({ bytes, metadata }) =>
        metadata.downloadable
          ? Render.raw(200, metadata.mime_type, bytes, {
            ...context.headers,
            "content-disposition": `attachment; filename*=utf-8''${encodeURIComponent(metadata.filename)}`
          })
          : Render.failure(
            Errors.failure(400, { message: `File '${id}' is not downloadable`, code: "file_not_downloadable" }),
            context
          ))
  }
}

const metadata = (
  id: string,
  bytes: Uint8Array,
  filename: string,
  mime_type: string,
  now: number,
  downloadable: boolean
): Stored["metadata"] => ({
  type: "file",
  id,
  size_bytes: bytes.length,
  created_at: Time.microsUtc(now),
  filename,
  mime_type,
  downloadable
})

const mimeOf = (filename: string): string =>
  types[filename.slice(filename.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream"

const types: { readonly [extension: string]: string } = {
  csv: "text/csv",
  gif: "image/gif",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  pdf: "application/pdf",
  png: "image/png",
  txt: "text/plain",
  webp: "image/webp"
}

const encoder = new TextEncoder()

const decoder = new TextDecoder()
