/**
 * Reads the `keyUsage` extension (RFC 5280, 4.2.1.3) from the DER of a certificate,
 * which Node does not expose.
 *
 * @since 0.1.0
 */

/** The names of the bits, in order. */
const names = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly"
]

/** Returns the usages, empty if the extension is missing or malformed. */
export const read = (certificate: Uint8Array): ReadonlyArray<string> => {
  const tbs = children(children(contentOf(certificate))[0])
  // The extensions have the tag [3].
  const extensions = children(children(tbs.find(({ tag }) => tag === 0xa3))[0])
  for (const extension of extensions) {
    const [id, ...rest] = children(extension)
    const value = rest.at(-1)
    // The object identifier 2.5.29.15.
    if (id === undefined || value === undefined || hex(id.content) !== "551d0f") continue
    const [bits] = elements(value.content)
    return bits === undefined || bits.tag !== 0x03 ? [] : usages(bits.content)
  }
  return []
}

interface Element {
  readonly tag: number
  readonly content: Uint8Array
}

const usages = (bits: Uint8Array): ReadonlyArray<string> =>
  // The first byte is the number of unused bits.
  names.filter((_, bit) => ((bits[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0)

const contentOf = (bytes: Uint8Array): Element | undefined => elements(bytes)[0]

const children = (element: Element | undefined): ReadonlyArray<Element> =>
  element === undefined ? [] : elements(element.content)

/** Parses consecutive elements, up to the first that is incomplete. */
const elements = (bytes: Uint8Array): ReadonlyArray<Element> => {
  const out: Array<Element> = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const tag = bytes[at] ?? 0
    let length = bytes[at + 1] ?? 0
    let start = at + 2
    if (length >= 0x80) {
      const size = length & 0x7f
      length = 0
      for (let i = 0; i < size; i++) length = length * 256 + (bytes[start + i] ?? 0)
      start += size
    }
    if (start + length > bytes.length) break
    out.push({ tag, content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return out
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
