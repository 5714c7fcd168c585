/** Certificates made on the spot: an authority, and what it signs. */
import * as Crypto from "node:crypto"

export interface Signed {
  readonly der: Buffer
  readonly pem: string
  /** The key it is for, in PEM. */
  readonly key: string
}

export interface Options {
  readonly name: string
  /** Who signs it; itself unless said otherwise. */
  readonly by?: Authority | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  readonly isAuthority?: boolean | undefined
  /** The bits of `keyUsage`, the first leftmost; none leaves the extension out. */
  readonly keyUsage?: number | undefined
  /** The addresses it is for. */
  readonly addresses?: ReadonlyArray<readonly [number, number, number, number]> | undefined
}

export interface Authority extends Signed {
  readonly name: string
}

const day = 24 * 60 * 60 * 1000

/** Signs a certificate. */
export const sign = (options: Options): Authority => {
  const { privateKey, publicKey } = Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
  const key = String(privateKey.export({ type: "pkcs8", format: "pem" }))
  const now = Date.now()
  const tbs = der(
    0x30,
    der(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 2 ** 31)),
    ecdsaWithSha256,
    name(options.by?.name ?? options.name),
    der(0x30, time(options.from ?? new Date(now - day)), time(options.to ?? new Date(now + 30 * day))),
    name(options.name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, ...extensions(options)))
  )
  const signature = Crypto.sign("sha256", tbs, options.by?.key ?? key)
  const whole = der(0x30, tbs, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
  const base64 = whole.toString("base64").replace(/(.{64})(?=.)/g, "$1\n")
  return {
    name: options.name,
    der: whole,
    pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key
  }
}

/** An authority that may sign certificates. */
export const authority = (name: string, options?: Partial<Options>): Authority =>
  sign({ name, isAuthority: true, keyUsage: keyCertSign | cRLSign, ...options })

/** A server on loopback. */
export const server = (by: Authority, options?: Partial<Options>): Authority =>
  sign({ name: "127.0.0.1", by, keyUsage: digitalSignature, addresses: [[127, 0, 0, 1], [0, 0, 0, 0]], ...options })

export const digitalSignature = 0x80
export const keyCertSign = 0x04
export const cRLSign = 0x02

// --- DER ---------------------------------------------------------------------

const der = (tag: number, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const content = Buffer.concat(parts)
  const length = content.length < 0x80
    ? [content.length]
    : content.length < 0x100
    ? [0x81, content.length]
    : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const integer = (value: number): Buffer => {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex")
  return der(0x02, bytes[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

const oid = (bytes: string): Buffer => der(0x06, Buffer.from(bytes, "hex"))

const ecdsaWithSha256 = der(0x30, oid("2a8648ce3d040302"))

const name = (common: string): Buffer => der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from(common)))))

const time = (at: Date): Buffer => der(0x18, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, "")))

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  der(0x30, oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))

const extensions = ({ addresses, isAuthority, keyUsage }: Options): ReadonlyArray<Buffer> => [
  extension("551d13", true, der(0x30, ...(isAuthority === true ? [der(0x01, Buffer.from([0xff]))] : []))),
  ...(keyUsage === undefined ? [] : [extension("551d0f", true, der(0x03, Buffer.from([0, keyUsage])))]),
  ...(addresses === undefined
    ? []
    : [extension("551d11", false, der(0x30, ...addresses.map((address) => der(0x87, Buffer.from(address)))))])
]
