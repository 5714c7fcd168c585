/**
 * Images and PDFs in base64: what the bytes are, whatever the block says.
 *
 * The API refuses a media type that does not match the first bytes, a `data:`
 * prefix, data that is empty or not base64, and images above 5 MB.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/** The largest image that the API accepts, in characters of base64: 5 MB. */
export const maxImage = 5_242_880

/** The largest request that the API accepts, in bytes: 32 MB. A PDF cannot be larger. */
export const maxRequest = 33_554_432

/** What the API would refuse of a block, and the block without it. */
export interface Verdict<Block> {
  /** The rule that the block breaks. Undefined when it breaks none. */
  readonly rule: "media-type" | "media-data" | "media-size" | undefined
  readonly problem: string
  /** The block with its media type and prefix corrected. Undefined when that does not help. */
  readonly block: Block | undefined
}

const signatures: ReadonlyArray<readonly [type: string, base64: RegExp]> = [
  ["image/png", /^iVBORw0KGg/],
  ["image/jpeg", /^\/9j\//],
  ["image/gif", /^R0lGOD[dl]/],
  ["image/webp", /^UklGR.{6}XRUJQ/],
  ["application/pdf", /^JVBERi0/]
]

/** Returns the media type that the first bytes of base64 data show. */
export const typeOf = (data: string): string | undefined => signatures.find(([, start]) => start.test(data))?.[0]

/** Checks a block. Blocks without base64 data pass. */
export const check = <Block extends { readonly type?: unknown }>(block: Block): Verdict<Block> => {
  const source = sourceOf(block)
  if (source === undefined) return { rule: undefined, problem: "", block }
  const isImage = block.type === "image"
  const data = source.data.replace(/^data:[^,]*;base64,/, "")
  const type = typeOf(data)
  if (type === undefined || isImage === (type === "application/pdf")) {
    const expected = isImage ? "a JPEG, PNG, GIF or WebP image" : "a PDF"
    return { rule: "media-data", problem: `The data is not ${expected} in base64.`, block: undefined }
  }
  if (/[^A-Za-z0-9+/=]/.test(data)) {
    return { rule: "media-data", problem: "The data is not base64.", block: undefined }
  }
  const limit = isImage ? maxImage : maxRequest
  if (data.length > limit) {
    const problem = `The data has ${data.length} characters of base64; the API accepts ${limit}.`
    return { rule: "media-size", problem, block: undefined }
  }
  if (type === source.media_type && data === source.data) return { rule: undefined, problem: "", block }
  return {
    rule: "media-type",
    problem: `The data is ${type}, not ${source.media_type} without a prefix.`,
    block: { ...block, source: { ...source, media_type: type, data } }
  }
}

interface Base64 {
  readonly data: string
  readonly media_type: unknown
}

const sourceOf = (block: { readonly type?: unknown }): Base64 | undefined => {
  if (block.type !== "image" && block.type !== "document") return undefined
  if (!Predicate.hasProperty(block, "source")) return undefined
  const { source } = block
  return Predicate.hasProperty(source, "type") && source.type === "base64" &&
      Predicate.hasProperty(source, "data") && typeof source.data === "string"
    ? { ...source, data: source.data, media_type: Predicate.hasProperty(source, "media_type") ? source.media_type : "" }
    : undefined
}
