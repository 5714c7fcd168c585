/**
 * Ids of calls and names of tools as the API accepts them.
 *
 * A model behind a gateway, an import or a hallucination can bring others. They
 * are renamed in what is sent; what is stored keeps its own.
 *
 * @since 0.1.0
 */

const pattern = /^[a-zA-Z0-9_-]{1,128}$/

const serverPattern = /^srvtoolu_[a-zA-Z0-9_]+$/

/** Whether the API accepts a text as the id of a call, or as the name of a tool. */
export const isName = (text: string): boolean => pattern.test(text)

/** Whether the API accepts a text as the id of a server tool's call. */
export const isServerId = (text: string): boolean => serverPattern.test(text)

/** Returns the nearest name that the API accepts. */
export const nameOf = (text: string): string => {
  if (isName(text)) return text
  const name = text.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 128)
  return name === "" ? "unknown" : name
}

/** Returns the nearest id that the API accepts for a server tool's call. The same text gives the same id. */
export const serverIdOf = (text: string): string =>
  isServerId(text) ? text : `srvtoolu_${nameOf(text).replaceAll("-", "_")}`

/** Returns the nearest id that the API accepts and that is not taken. */
export const idOf = (text: string, isTaken: (id: string) => boolean): string => {
  const base = nameOf(text)
  if (!isTaken(base)) return base
  let count = 2
  while (isTaken(`${base.slice(0, 118)}_${count}`)) count++
  return `${base.slice(0, 118)}_${count}`
}
