/**
 * Names of files for ids of sessions: whatever the id, one that every file
 * system takes, and no other id has.
 *
 * Capitals are spelt out, since some file systems do not tell them from small
 * letters.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/** The longest name that file systems take, less room for what is put after it. */
const longest = 200

/** The name for an id, or why there is none. */
export const encode = (id: string): Effect.Effect<string, string> => {
  let name = ""
  for (const byte of new TextEncoder().encode(id)) {
    const char = String.fromCharCode(byte)
    name += plain.test(char) ? char : `~${byte.toString(16).padStart(2, "0")}`
  }
  if (name === "") return Effect.fail("the id is empty")
  return name.length > longest ? Effect.fail("the id is too long for a file name") : Effect.succeed(name)
}

const plain = /[a-z0-9_-]/

/** The id of a name, or nothing where the name is not one of ours. */
export const decode = (name: string): ReadonlyArray<string> => {
  if (!/^(?:[a-z0-9_-]|~[0-9a-f]{2})+$/.test(name)) return []
  const bytes: Array<number> = []
  for (let at = 0; at < name.length; at++) {
    if (name[at] === "~") {
      bytes.push(Number.parseInt(name.slice(at + 1, at + 3), 16))
      at += 2
    } else bytes.push(name.charCodeAt(at))
  }
  return [new TextDecoder().decode(new Uint8Array(bytes))]
}
