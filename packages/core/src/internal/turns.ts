/**
 * A request's conversation as it is looked at when it is checked: every block
 * with the path to it, and the turns as the API merges them.
 *
 * Total: what has not the shape of a conversation is passed over, so that a
 * rule about one part still holds where another is malformed.
 *
 * @since 0.1.0
 */
import { isRecord } from "./record.ts"

/** A JSON object. */
export interface Json {
  readonly [field: string]: unknown
}

/** An object in a request, and where it is. The path is written only when it is asked for. */
export class Item {
  readonly item: Json
  readonly #owner: Item | undefined
  readonly #field: string
  readonly #index: number | undefined
  constructor(item: Json, owner: Item | undefined, field: string, index?: number) {
    this.item = item
    this.#owner = owner
    this.#field = field
    this.#index = index
  }
  get path(): string {
    const owner = this.#owner
    const place = this.#index === undefined ? this.#field : `${this.#field}[${this.#index}]`
    return owner === undefined ? place : `${owner.path}.${place}`
  }
}

/** A block, the turn it is in, and where it is. */
export class Located extends Item {
  readonly role: string
  constructor(role: string, item: Json, owner: Item, index: number) {
    super(item, owner, "content", index)
    this.role = role
  }
  get block(): Json {
    return this.item
  }
}

/** A turn as the API sees it, once consecutive turns of one role are merged. */
export interface Turn {
  readonly role: string
  readonly blocks: ReadonlyArray<Located>
}

/** The items of a request's field that should be an array of objects. */
export const items = (request: object, field: string): ReadonlyArray<Item> => read(request, field, undefined)

/** The items of a field of an item, such as the blocks of a turn. */
export const inside = (owner: Item, field: string): ReadonlyArray<Item> => read(owner.item, field, owner)

const read = (object: object, field: string, owner: Item | undefined): ReadonlyArray<Item> => {
  const list: unknown = Reflect.get(object, field)
  if (!Array.isArray(list)) return []
  const out: Array<Item> = []
  list.forEach((item: unknown, index) => {
    if (isRecord(item)) out.push(new Item(item, owner, field, index))
  })
  return out
}

/** Every block of the conversation. A turn of text has none. */
export const blocks = (request: object): ReadonlyArray<Located> => {
  const out: Array<Located> = []
  for (const turn of items(request, "messages")) addBlocks(out, turn)
  return out
}

const addBlocks = (out: Array<Located>, turn: Item): void => {
  const { content, role } = turn.item
  if (!Array.isArray(content)) return
  content.forEach((block: unknown, index) => {
    if (isRecord(block)) out.push(new Located(typeof role === "string" ? role : "", block, turn, index))
  })
}

/** The turns with system turns set aside and consecutive ones of the same role merged. */
export const merged = (request: object): ReadonlyArray<Turn> => {
  const out: Array<{ readonly role: string; readonly blocks: Array<Located> }> = []
  for (const turn of items(request, "messages")) {
    const role = turn.item["role"]
    if (role !== "user" && role !== "assistant") continue
    let last = out.at(-1)
    if (last?.role !== role) {
      last = { role, blocks: [] }
      out.push(last)
    }
    addBlocks(last.blocks, turn)
  }
  return out
}
