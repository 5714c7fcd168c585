/**
 * A request's conversation as it is looked at when it is checked: every block
 * with the path to it, and the turns as the API merges them.
 *
 * Total: what has not the shape of a conversation is passed over, so that a
 * rule about one part still holds where another is malformed.
 *
 * @since 0.1.0
 */
import * as Guard from "./guard.ts"

/** A JSON object. */
export interface Json {
  readonly [field: string]: unknown
}

/** A block and where it is. */
export interface Located {
  readonly path: string
  readonly role: string
  readonly block: Json
}

/** A turn as the API sees it, once consecutive turns of one role are merged. */
export interface Turn {
  readonly role: string
  readonly blocks: ReadonlyArray<Located>
}

/** The items of a field that should be an array of objects, with the path to each. */
export const items = (owner: object, field: string): ReadonlyArray<{ readonly path: string; readonly item: Json }> => {
  const list: unknown = Reflect.get(owner, field)
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown, index) => Guard.isRecord(item) ? [{ path: `${field}[${index}]`, item }] : [])
}

/** Every block of the conversation. A turn of text has none. */
export const blocks = (request: object): ReadonlyArray<Located> =>
  items(request, "messages").flatMap(({ item, path }) => blocksOf(item, path))

const blocksOf = (turn: Json, path: string): ReadonlyArray<Located> => {
  const role = typeof turn["role"] === "string" ? turn["role"] : ""
  return items(turn, "content").map((at) => ({ path: `${path}.${at.path}`, role, block: at.item }))
}

/** The turns with system turns set aside and consecutive ones of the same role merged. */
export const merged = (request: object): ReadonlyArray<Turn> => {
  const out: Array<{ readonly role: string; readonly blocks: Array<Located> }> = []
  for (const { item, path } of items(request, "messages")) {
    const role = item["role"]
    if (role !== "user" && role !== "assistant") continue
    const last = out.at(-1)
    const found = blocksOf(item, path)
    if (last?.role === role) last.blocks.push(...found)
    else out.push({ role, blocks: [...found] })
  }
  return out
}
