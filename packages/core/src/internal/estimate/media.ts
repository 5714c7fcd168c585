/**
 * Reads the size of an image or a document from its first bytes.
 *
 * The size is undefined when it cannot be read. It never throws.
 *
 * @since 0.1.0
 */
import * as Base64 from "../base64.ts"

/** Width and height in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** The number of characters of an image that are read: a JPEG may contain a preview before its size. */
const headLength = 262_144

/** Returns the size of an image in base64, whatever its declared type. */
export const imageSize = (data: string): Size | undefined => {
  const bytes = Base64.decode(data.slice(0, headLength))
  if (bytes === undefined) return undefined
  return png(bytes) ?? gif(bytes) ?? webp(bytes) ?? jpeg(bytes)
}

/** Returns the number of pages of a PDF in base64, estimated when its page objects are compressed. */
export const pdfPages = (data: string): number | undefined => {
  const bytes = Base64.decode(data)
  if (bytes === undefined || ascii(bytes, 0, 4) !== "%PDF") return undefined
  let pages = 0
  for (let i = bytes.indexOf(slash); i >= 0; i = bytes.indexOf(slash, i + 1)) {
    if (ascii(bytes, i, 5) !== "/Type") continue
    const at = bytes[i + 5] === 0x20 ? i + 6 : i + 5
    if (ascii(bytes, at, 5) === "/Page" && bytes[at + 5] !== 0x73) pages++
  }
  // Newer files have compressed page objects. On average, a page takes 60 KB.
  return pages > 0 ? pages : Math.max(1, Math.round(bytes.length / 60_000))
}

const slash = 0x2f

const ascii = (bytes: Uint8Array, from: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(from, from + length))

const size = (width: number | undefined, height: number | undefined): Size | undefined =>
  width === undefined || height === undefined || !(width > 0 && height > 0) ? undefined : { width, height }

const big16 = (bytes: Uint8Array, at: number): number | undefined => {
  const high = bytes[at]
  const low = bytes[at + 1]
  return high === undefined || low === undefined ? undefined : high * 256 + low
}

const little16 = (bytes: Uint8Array, at: number): number | undefined => {
  const low = bytes[at]
  const high = bytes[at + 1]
  return high === undefined || low === undefined ? undefined : high * 256 + low
}

const big32 = (bytes: Uint8Array, at: number): number | undefined => {
  const high = big16(bytes, at)
  const low = big16(bytes, at + 2)
  return high === undefined || low === undefined ? undefined : high * 65_536 + low
}

const png = (bytes: Uint8Array): Size | undefined =>
  ascii(bytes, 1, 3) === "PNG" ? size(big32(bytes, 16), big32(bytes, 20)) : undefined

const gif = (bytes: Uint8Array): Size | undefined =>
  ascii(bytes, 0, 3) === "GIF" ? size(little16(bytes, 6), little16(bytes, 8)) : undefined

const webp = (bytes: Uint8Array): Size | undefined => {
  if (ascii(bytes, 0, 4) !== "RIFF" || ascii(bytes, 8, 4) !== "WEBP") return undefined
  switch (ascii(bytes, 12, 4)) {
    case "VP8 ":
      return size(mask14(little16(bytes, 26)), mask14(little16(bytes, 28)))
    case "VP8L": {
      const low = little16(bytes, 21)
      const high = little16(bytes, 23)
      return low === undefined || high === undefined
        ? undefined
        : size((low & 0x3fff) + 1, (((high & 0xfff) << 2) | (low >> 14)) + 1)
    }
    case "VP8X":
      return size(little24(bytes, 24), little24(bytes, 27))
    default:
      return undefined
  }
}

const mask14 = (n: number | undefined): number | undefined => n === undefined ? undefined : n & 0x3fff

/** The extended format stores sizes minus one, in three bytes. */
const little24 = (bytes: Uint8Array, at: number): number | undefined => {
  const low = little16(bytes, at)
  const high = bytes[at + 2]
  return low === undefined || high === undefined ? undefined : high * 65_536 + low + 1
}

/** Skips segments up to the frame header, which contains the size. */
const jpeg = (bytes: Uint8Array): Size | undefined => {
  if (big16(bytes, 0) !== 0xffd8) return undefined
  let at = 2
  while (bytes[at] === 0xff) {
    const marker = bytes[at + 1]
    if (marker === undefined) return undefined
    if (marker === 0xff) {
      at++
      continue
    }
    const length = big16(bytes, at + 2)
    if (length === undefined || length < 2) return undefined
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return size(big16(bytes, at + 7), big16(bytes, at + 5))
    }
    at += 2 + length
  }
  return undefined
}
