/**
 * Files: uploaded once, referred to by id from any number of requests.
 *
 * An upload takes bytes, a stream or a path, and reports its progress. Only files
 * that tools of the model wrote can be downloaded.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as File from "@effect-claude/core/File"
import * as Page from "@effect-claude/core/Page"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as PathModule from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as Stream from "effect/Stream"
import type { Claude } from "./Claude.ts"
import * as MediaType from "./internal/request/mediaType.ts"
import * as Multipart from "./internal/request/multipart.ts"
import * as Pagination from "./internal/request/pagination.ts"
import * as Path from "./internal/request/path.ts"
import * as Raw from "./Raw.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `upload` and `uploadPath`.
 *
 * @category options
 * @since 0.1.0
 */
export interface UploadOptions {
  /** The name of the file. */
  readonly filename: string
  /**
   * The media type of the file.
   *
   * @default the type of the extension of `filename`, "application/octet-stream" if that is not known
   */
  readonly mediaType?: string | undefined
  /** The length in bytes, if the content is a stream whose length is known. */
  readonly size?: number | undefined
  /** Seconds until the file is deleted, from 3,600 to 7,776,000. */
  readonly expiresInSeconds?: number | undefined
  /** Runs while the body is sent, with the bytes sent so far, including those around the content. */
  readonly onProgress?: ((bytesSent: number) => Effect.Effect<void>) | undefined
}

/**
 * Options of `list`.
 *
 * @category options
 * @since 0.1.0
 */
export interface ListOptions {
  /**
   * Files per page, from 1 to 1,000.
   *
   * @default the API's, 20
   */
  readonly limit?: number | undefined
  /** Only the files with these ids, at most 100. */
  readonly ids?: ReadonlyArray<string> | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Uploads bytes or a stream. A stream is run again for each attempt.
 *
 * **Example** (Uploading text)
 *
 * ```ts
 * import * as Files from "@effect-claude/http/Files"
 *
 * const file = Files.upload(new TextEncoder().encode("hello"), { filename: "hello.txt" })
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const upload = (
  content: Uint8Array | Stream.Stream<Uint8Array, unknown>,
  options: UploadOptions
): Effect.Effect<File.FileMetadata, ClaudeError.ClaudeError, Claude> => {
  const parts: ReadonlyArray<Multipart.Part> = [
    {
      name: "file",
      filename: options.filename,
      mediaType: options.mediaType ?? MediaType.ofName(options.filename),
      content,
      size: options.size
    },
    ...(options.expiresInSeconds === undefined
      ? []
      : [{ name: "expires_in_seconds", value: String(options.expiresInSeconds) }])
  ]
  return Effect.flatMap(
    Multipart.encode(parts, options.onProgress),
    (body) => Raw.json({ operation: "files.upload", method: "POST", path: "/v1/files", body }, File.FileMetadata)
  )
}

/**
 * Uploads a file from disk, without reading it into memory.
 *
 * @category calls
 * @since 0.1.0
 */
export const uploadPath = Effect.fnUntraced(function*(
  path: string,
  options?: Partial<Omit<UploadOptions, "size">>
): Effect.fn.Return<
  File.FileMetadata,
  ClaudeError.ClaudeError | PlatformError.PlatformError,
  Claude | FileSystem.FileSystem | PathModule.Path
> {
  const fs = yield* FileSystem.FileSystem
  const { basename } = yield* PathModule.Path
  const { size } = yield* fs.stat(path)
  return yield* upload(fs.stream(path), { filename: basename(path), ...options, size: Number(size) })
})

/**
 * Lists files, newest first.
 *
 * @category calls
 * @since 0.1.0
 */
export const list = (options?: ListOptions): Stream.Stream<File.FileMetadata, ClaudeError.ClaudeError, Claude> =>
  Pagination.byCursor(({ page }) =>
    Raw.json({
      operation: "files.list",
      method: "GET",
      path: "/v1/files",
      query: { limit: options?.limit, ids: options?.ids, page }
    }, pageOfFiles)
  )

/**
 * Returns the metadata of a file.
 *
 * @category calls
 * @since 0.1.0
 */
export const get = (id: string): Effect.Effect<File.FileMetadata, ClaudeError.ClaudeError, Claude> =>
  Effect.flatMap(pathOf(id), (path) => Raw.json({ operation: "files.get", method: "GET", path }, File.FileMetadata))

/**
 * Streams the content of a file that a tool of the model wrote.
 *
 * Takes the id of a file, or its metadata. With metadata, the stream ends normally
 * only after `size_bytes` bytes: it fails with `ConnectionError` of phase `body`
 * after fewer, and with `ResponseDecodeError` after more.
 *
 * @category calls
 * @since 0.1.0
 */
export const download = (
  file: string | File.FileMetadata
): Stream.Stream<Uint8Array, ClaudeError.ClaudeError, Claude> =>
  Stream.unwrap(Effect.map(pathOf(typeof file === "string" ? file : file.id), (path) => {
    const content = Raw.bytes({ operation: "files.download", method: "GET", path: `${path}/content` })
    return typeof file === "string" ? content : ofSize(content, file.size_bytes)
  }))

const delete_ = (id: string): Effect.Effect<File.DeletedFile, ClaudeError.ClaudeError, Claude> =>
  Effect.flatMap(
    pathOf(id),
    (path) => Raw.json({ operation: "files.delete", method: "DELETE", path }, File.DeletedFile)
  )

/**
 * Deletes a file. Requests that refer to it fail from then on.
 *
 * @category calls
 * @since 0.1.0
 */
export { delete_ as delete }

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const pageOfFiles = Page.pageCursor(File.FileMetadata)

/** Fails where a stream does not have `size` bytes. */
const ofSize = (
  content: Stream.Stream<Uint8Array, ClaudeError.ClaudeError, Claude>,
  size: number
): Stream.Stream<Uint8Array, ClaudeError.ClaudeError, Claude> =>
  Stream.suspend(() => {
    let received = 0
    return content.pipe(
      Stream.mapEffect((chunk) => {
        received += chunk.byteLength
        return received <= size ? Effect.succeed(chunk) : Effect.fail(
          new ClaudeError.ResponseDecodeError({
            outcome: "partial",
            message: `The file has ${size} bytes, and its content has more. The metadata is of another file, or old.`
          })
        )
      }),
      Stream.concat(Stream.suspend(() =>
        received === size ? Stream.empty : Stream.fail(
          new ClaudeError.ConnectionError({
            phase: "body",
            outcome: "partial",
            message: `The content ended after ${received} of ${size} bytes. Download the file again.`
          })
        )
      ))
    )
  })

const pathOf = (id: string) => Effect.map(Path.segment("id", id), (segment) => `/v1/files/${segment}`)
