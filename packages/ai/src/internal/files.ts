/**
 * From the files of a prompt to image and document blocks.
 *
 * @since 0.1.0
 */
import type * as Media from "@effect-claude/core/Media"
import type * as Prompt from "effect/ai/Prompt"
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import type { FileOptions } from "./promptOptions.ts"

/** Converts a file to the block that shows it to the model, or says why none does. */
export const toBlock = (part: Prompt.FilePart): Result.Result<Media.Image | Media.Document, string> => {
  const options = part.options.claude ?? {}
  const { mediaType, source } = read(part, options)
  const cache = options.cache_control === undefined || options.cache_control === null
    ? undefined
    : { cache_control: options.cache_control }
  if (mediaType.startsWith("image/")) {
    if (source.type === "base64" && !images.has(mediaType)) {
      return Result.fail(`images are JPEG, PNG, GIF or WebP, not ${mediaType}`)
    }
    return Result.succeed({
      type: "image",
      source: source.type === "base64" ? { ...source, media_type: mediaType } : source,
      ...(options.transformations === undefined ? undefined : { transformations: options.transformations }),
      ...cache
    })
  }
  const beside = {
    ...(title(part, options) === undefined ? undefined : { title: title(part, options) }),
    ...(options.context === undefined ? undefined : { context: options.context }),
    ...(options.citations === undefined ? undefined : { citations: options.citations }),
    ...cache
  }
  if (mediaType === "application/pdf" || source.type !== "base64") {
    return Result.succeed({
      type: "document",
      source: source.type === "base64" ? { ...source, media_type: mediaType } : source,
      ...beside
    })
  }
  if (!isText(mediaType)) {
    return Result.fail(
      `files are images, PDFs or text, not ${mediaType}. Upload it, and name it with \`options.claude.file_id\``
    )
  }
  // A string of text that is not Base64 is the text itself.
  const data = Result.getOrElse(Base64.decodeString(source.data), () => source.data)
  return Result.succeed({ type: "document", source: { type: "text", media_type: "text/plain", data }, ...beside })
}

const images: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"])

const isText = (mediaType: string): boolean =>
  mediaType.startsWith("text/") || /^application\/(?:[\w.+-]+\+)?(?:json|xml|yaml|x-yaml|javascript)$/.test(mediaType)

type Source =
  | { readonly type: "base64"; readonly data: string }
  | { readonly type: "url"; readonly url: string }
  | { readonly type: "file"; readonly file_id: string }

const read = (
  part: Prompt.FilePart,
  options: FileOptions
): { readonly mediaType: string; readonly source: Source } => {
  const { mediaType } = part
  if (options.file_id !== undefined) return { mediaType, source: { type: "file", file_id: options.file_id } }
  if (part.data instanceof Uint8Array) return known(mediaType, Base64.encode(part.data))
  const text = part.data instanceof URL ? part.data.href : part.data
  const inline = /^data:(?<type>[^;,]*)(?:;[^,]*)?;base64,(?<data>.*)$/s.exec(text)?.groups
  if (inline !== undefined) return known(inline["type"] || mediaType, inline["data"] ?? "")
  if (/^https?:\/\//i.test(text)) return { mediaType, source: { type: "url", url: text } }
  return known(mediaType, text)
}

const known = (mediaType: string, data: string) => ({
  mediaType: mediaType === "image/*" ? imageType(data) : mediaType,
  source: { type: "base64", data } as const
})

/** Tells the type of an image from how its Base64 begins. */
const imageType = (data: string): string =>
  data.startsWith("iVBOR")
    ? "image/png"
    : data.startsWith("R0lGOD")
    ? "image/gif"
    : data.startsWith("UklGR")
    ? "image/webp"
    : "image/jpeg"

const title = (part: Prompt.FilePart, options: FileOptions): string | undefined => options.title ?? part.fileName
