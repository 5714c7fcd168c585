/**
 * Headers that carry credentials: kept so that nobody can print them, and taken
 * out of what servers answer.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import type * as Exchange from "../Exchange.ts"

/** Headers as they are given. */
export interface Given {
  readonly [name: string]: string | Redacted.Redacted
}

/** Headers as they are sent. */
export interface Sent {
  readonly [name: string]: string
}

/** Whether a header, its name in lower case, carries a credential. */
const isSecret = (name: string): boolean =>
  /authorization|cookie|credential|password|secret|token|api-?key|subscription-key/.test(name)

/** Returns headers with their names in lower case, and those that carry credentials redacted. */
export const keep = (headers: Given): Given =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const lower = name.toLowerCase()
      return [lower, typeof value === "string" && isSecret(lower) ? Redacted.make(value, { label: lower }) : value]
    })
  )

/** Returns what is sent for a header. */
const valueOf = (value: string | Redacted.Redacted): string => typeof value === "string" ? value : Redacted.value(value)

/** Returns headers as they are sent. */
export const reveal = (headers: Given): Sent =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, valueOf(value)]))

/** What is sent of which nothing may be read back. */
export type Secrets = ReadonlyArray<string>

/** Returns the secrets of headers. */
export const of = (headers: Given): Secrets =>
  Object.entries(headers).flatMap(([name, value]) => {
    if (typeof value === "string" && !isSecret(name.toLowerCase())) return []
    const secret = valueOf(value).replace(/^(?:Bearer|Basic) /i, "")
    // What is shorter is no credential, and would be found in any text.
    return secret.length < 8 ? [] : [secret]
  })

/** Takes the secrets of a request out of what was answered: some servers repeat what they were given. */
export const clean = (text: string, secrets: Secrets): string =>
  secrets.reduce((text, secret) => text.replaceAll(secret, "[credential]"), text)

/** What brought an answer, by what is known of the answer. */
const asked = new WeakMap<Exchange.Meta, Secrets>()

/** Remembers what brought an answer. */
export const remember = (meta: Exchange.Meta, secrets: Secrets): void => {
  asked.set(meta, secrets)
}

/** Takes secrets out of what was answered, by what is known of the answer. */
export const cleanAnswer = (text: string, meta: Exchange.Meta): string => clean(text, asked.get(meta) ?? [])

/** Takes secrets out of JSON that was answered. */
export const cleanJson = <A>(value: A, meta: Exchange.Meta): A => {
  const text = JSON.stringify(value)
  const cleaned = cleanAnswer(text, meta)
  return cleaned === text ? value : JSON.parse(cleaned)
}
