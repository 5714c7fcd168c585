/**
 * Images and documents, from a file or an address to what a request holds.
 *
 * What a file is, its content says, not its name.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import { type Failure, usage } from "./Failure.ts"
import * as Files from "./Files.ts"

/**
 * Makes a content block of an image or a PDF.
 *
 * @category constructors
 * @since 0.1.0
 */
export const attachment = Effect.fnUntraced(function*(
  kind: "image" | "pdf",
  source: string
): Effect.fn.Return<Content.Content, Failure, FileSystem.FileSystem> {
  if (/^https?:\/\//i.test(source)) return kind === "image" ? Content.imageUrl(source) : Content.pdfUrl(source)
  if (source.startsWith("file_")) return kind === "image" ? Content.imageFile(source) : Content.documentFile(source)
  const bytes = yield* Files.bytes(source)
  const type = typeOf(bytes)
  if (kind === "pdf") {
    if (type !== "application/pdf") return yield* usage(`${source} is not a PDF.`, "Use --image for images.")
    return Content.pdf(bytes)
  }
  if (type === undefined || type === "application/pdf") {
    return yield* usage(
      `${source} is not an image the API reads.`,
      type === undefined ? "It reads PNG, JPEG, GIF and WebP: convert it first." : "It is a PDF: use --pdf."
    )
  }
  return Content.image(bytes, type)
})

/**
 * Returns what a file is, by how it begins.
 *
 * @category conversions
 * @since 0.1.0
 */
export const typeOf = (
  bytes: Uint8Array
): "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "application/pdf" | undefined => {
  const starts = (text: string, at = 0) => Array.from(text).every((char, i) => bytes[at + i] === char.charCodeAt(0))
  if (starts("PNG\r\n", 1)) return "image/png"
  if (starts("\u00ff\u00d8\u00ff")) return "image/jpeg"
  if (starts("GIF8")) return "image/gif"
  if (starts("RIFF") && starts("WEBP", 8)) return "image/webp"
  if (starts("%PDF-")) return "application/pdf"
  return undefined
}
