/**
 * Checks of images and documents whose bytes are in the request, those in the
 * results of tools included.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { MessageRequest } from "../../MessageRequest.ts"
import * as ModelCatalog from "../../ModelCatalog.ts"
import * as Base64 from "../base64.ts"
import * as Turns from "../turns.ts"
import type { Context, Finding } from "./model.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

interface Media {
  readonly type: unknown
  readonly mediaType: unknown
  readonly data: string
  readonly path: string
}

/** The data of an image or a document is base64, and there is some. */
export const mediaData = (request: Request): Found => mediaOf(request).flatMap(({ data, path }) => badData(data, path))

const badData = (data: string, path: string): Found => {
  if (data === "") return [{ path: `${path}.data`, problem: "there is no data", fix: "Leave the block out." }]
  if (data.startsWith("data:")) {
    return [{
      path: `${path}.data`,
      problem: "the data is a data URL",
      fix: "Give what comes after `;base64,`, and the type as `media_type`."
    }]
  }
  return isBase64(data) ? Turns.none : [{
    path: `${path}.data`,
    problem: "the data is not base64",
    fix: "Encode the bytes, for example with `Buffer.from(bytes).toString(\"base64\")`."
  }]
}

const isBase64 = (data: string): boolean => !/[^A-Za-z0-9+/=\s_-]/.test(data)

const imageTypes: ReadonlySet<unknown> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"])

/** The type of media is one the API takes, and that of its bytes. */
export const mediaType = (request: Request, context: Context): Found => {
  // Models of 2024, which the catalogue leaves out, were seen to accept bytes of another type.
  const isStrict = typeof request.model === "string" &&
    Option.isSome(ModelCatalog.find(context.catalog, request.model))
  return mediaOf(request).flatMap(({ data, mediaType, path, type }): Found => {
    const isKnown = type === "image" ? imageTypes.has(mediaType) : mediaType === "application/pdf"
    if (!isKnown) {
      return [{
        path: `${path}.media_type`,
        problem: `the API takes no ${type === "image" ? "image" : "document"} of this type`,
        fix: type === "image"
          ? "Convert it to JPEG, PNG, GIF or WebP."
          : "Give a PDF, or text as a source of type text."
      }]
    }
    const actual = typeOf(data)
    return !isStrict || actual === undefined || actual === mediaType ? Turns.none : [{
      path: `${path}.media_type`,
      problem: `the data is ${actual}, and ${String(mediaType)} is declared`,
      fix: `Declare \`${actual}\`.`
    }]
  })
}

/** The largest image, in characters of base64. */
const maxImage = 5 * 1024 * 1024

/** An image larger than the API is documented to take. */
export const mediaSize = (request: Request): Found =>
  mediaOf(request).flatMap(({ data, path, type }): Found =>
    type !== "image" || data.length <= maxImage ? Turns.none : [{
      path: `${path}.data`,
      problem: `the image has ${data.length} bytes in base64, and ${maxImage} are allowed`,
      fix: "Make it smaller: the model sees at most about 1,600 pixels a side."
    }]
  )

// -----------------------------------------------------------------------------

/** The type that the first bytes of data show, or undefined where they show none. */
const typeOf = (data: string): string | undefined => {
  const bytes = Base64.decode(data.slice(0, 24))
  if (bytes === undefined) return undefined
  const head = String.fromCharCode(...bytes)
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png"
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg"
  if (/^GIF8[79]a/.test(head)) return "image/gif"
  if (/^RIFF[^]{4}WEBP/.test(head)) return "image/webp"
  return head.startsWith("%PDF-") ? "application/pdf" : undefined
}

const mediaOf = (request: Request): ReadonlyArray<Media> => {
  const blocks = Turns.blocksThat(request, mayHoldMedia)
  return blocks.length === 0 ? Turns.none : blocks.flatMap(mediaIn)
}

const mayHoldMedia = ({ type }: Turns.Json): boolean =>
  type === "image" || type === "document" || type === "tool_result"

const mediaIn = (block: Turns.Item): ReadonlyArray<Media> => {
  const { source, type } = block.item
  if (type === "tool_result") return Turns.inside(block, "content").flatMap(mediaIn)
  if ((type !== "image" && type !== "document") || !Predicate.isObject(source) || source["type"] !== "base64") {
    return Turns.none
  }
  const data = source["data"]
  if (typeof data !== "string") return Turns.none
  return [{ type, mediaType: source["media_type"], data, path: `${block.path}.source` }]
}
