/**
 * Where a body ends, as far as its bytes prove it: at its announced length, or
 * after the last event of a stream. Clients stop reading there, and never see the
 * end of the connection.
 *
 * @since 0.1.0
 */

/** Takes the pieces of a body, and returns whether it ended with the last of them. */
export type Ending = (piece: Uint8Array) => boolean

/** Creates what watches a body with these response headers. */
export const make = (headers: { readonly [name: string]: string | undefined }): Ending => {
  if (headers["content-type"]?.startsWith("text/event-stream") === true) return afterLastEvent()
  const length = headers["content-length"]
  // The length of a compressed body is not that of what is read.
  return length === undefined || headers["content-encoding"] !== undefined ? () => false : atLength(Number(length))
}

const atLength = (length: number): Ending => {
  let size = 0
  return (piece) => (size += piece.length) >= length
}

const afterLastEvent = (): Ending => {
  const decoder = new TextDecoder()
  let open = ""
  let ended = false
  return (piece) => {
    const blocks = (open + decoder.decode(piece, { stream: true })).split(/\r\n\r\n|\n\n|\r\r/)
    open = blocks.pop() ?? ""
    ended ||= blocks.some(isLast)
    return ended
  }
}

const isLast = (block: string): boolean =>
  /^event: ?(?:message_stop|error)\s*$/m.test(block) || /^data: ?\{\s*"type":\s*"(?:message_stop|error)"/m.test(block)
