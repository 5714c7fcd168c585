/**
 * What a client makes of raw bytes: just enough of HTTP/1.1 to read in process
 * what a script wrote for a socket.
 *
 * @since 0.1.0
 */
import * as Answer from "./answer.ts"

/** Reads raw bytes as an answer. What is no HTTP is the answer that has no head. */
export const read = (said: Answer.Answer): Answer.Answer => {
  const bytes = Answer.joined(said.frames)
  const text = latin1(bytes)
  if (text === "") return { ...said, frames: [], head: undefined, malformed: undefined }
  let at = 0
  for (;;) {
    const end = text.indexOf("\r\n\r\n", at)
    const [line = "", ...fields] = text.slice(at, end).split("\r\n")
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1])
    if (end === -1 || Number.isNaN(status)) return { ...said, frames: [], malformed: "head" }
    at = end + 4
    if (status < 200) continue
    const headers = Object.fromEntries(fields.map((field) => {
      const colon = field.indexOf(":")
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }))
    return { ...said, malformed: undefined, head: { status, headers }, ...body(bytes, text, at, headers) }
  }
}

const body = (bytes: Uint8Array, text: string, at: number, headers: { readonly [name: string]: string }) => {
  const frame = (from: number, to: number) => from >= to ? [] : [Answer.bytes(bytes.subarray(from, to))]
  const length = headers["content-length"]
  if (headers["transfer-encoding"] !== "chunked") {
    const to = length === undefined ? bytes.length : at + Number(length)
    return {
      frames: frame(at, Math.min(to, bytes.length)),
      length: undefined,
      end: to > bytes.length ? "close" as const : "complete" as const
    }
  }
  const frames: Array<Answer.Frame> = []
  for (;;) {
    const end = text.indexOf("\r\n", at)
    const size = /^[\da-f]+$/i.test(text.slice(at, end)) ? Number.parseInt(text.slice(at, end), 16) : undefined
    if (end === -1 || size === undefined) return { frames, length: undefined, end: "close" as const }
    if (size === 0) return { frames, length: undefined, end: "complete" as const }
    frames.push(...frame(end + 2, Math.min(end + 2 + size, bytes.length)))
    at = end + 2 + size + 2
  }
}

/** A character for each byte, so that offsets in the text are offsets in the bytes. */
const latin1 = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
