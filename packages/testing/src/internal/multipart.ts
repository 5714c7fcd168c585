/**
 * Reading a multipart form, as files are uploaded.
 *
 * @since 0.1.0
 */

/** One field of a form. */
export interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly type: string | undefined
  readonly bytes: Uint8Array
}

/** The boundary a content type names, or undefined where it is no form. */
export const boundaryOf = (contentType: string | undefined): string | undefined => {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? "")
  return match?.[1] ?? match?.[2]
}

/** Splits a form into its fields. What is not well formed is left out. */
export const parts = (body: Uint8Array, boundary: string): ReadonlyArray<Part> => {
  const mark = encoder.encode(`--${boundary}`)
  const out: Array<Part> = []
  let at = indexOf(body, mark, 0)
  while (at !== -1) {
    const start = at + mark.length
    const next = indexOf(body, mark, start)
    if (next === -1) break
    // A line end follows the mark, and one precedes the next.
    const part = read(body.subarray(start + 2, next - 2))
    if (part !== undefined) out.push(part)
    at = next
  }
  return out
}

const read = (bytes: Uint8Array): Part | undefined => {
  const end = indexOf(bytes, blank, 0)
  if (end === -1) return undefined
  const head = decoder.decode(bytes.subarray(0, end))
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? ""
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1]
  if (name === undefined) return undefined
  return {
    name,
    filename: /[;\s]filename="([^"]*)"/i.exec(disposition)?.[1],
    type: /^content-type:\s*([^\s;]+)/im.exec(head)?.[1],
    bytes: bytes.subarray(end + blank.length)
  }
}

const indexOf = (bytes: Uint8Array, pattern: Uint8Array, from: number): number => {
  const first = pattern[0]!
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (pattern.every((byte, i) => bytes[at + i] === byte)) return at
  }
  return -1
}

const encoder = new TextEncoder()

const decoder = new TextDecoder()

const blank = encoder.encode("\r\n\r\n")
