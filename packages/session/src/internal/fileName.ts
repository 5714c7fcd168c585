/**
 * Paths of directories for ids of sessions: valid on every file system, and
 * different for different ids.
 *
 * Capitals are escaped, since some file systems do not distinguish them from small
 * letters. A long name is cut into directories inside each other; all but the last
 * end in a plus sign, which no other name has.
 *
 * @since 0.1.0
 */

/** The longest name of a directory. File systems take 255 bytes. */
const longest = 200

const parts = new RegExp(`.{1,${longest}}`, "g")

/** Returns the names of the directories for an id, outermost first. */
export const encode = (id: string): ReadonlyArray<string> => {
  let name = ""
  for (const byte of new TextEncoder().encode(id)) {
    const char = String.fromCharCode(byte)
    name += plain.test(char) ? char : `~${byte.toString(16).padStart(2, "0")}`
  }
  const names = name.match(parts) ?? []
  return names.map((part, index) => index === names.length - 1 ? part : `${part}+`)
}

const plain = /[a-z0-9_-]/

/** Whether a name is of a directory that holds the rest of longer names. */
export const isOuter = (name: string): boolean => /^[a-z0-9_~-]+\+$/.test(name)

/** Returns the id of some names of directories, outermost first. None when they are not of an id. */
export const decode = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const name = names.map((part, index) => index === names.length - 1 ? part : part.slice(0, -1)).join("")
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
