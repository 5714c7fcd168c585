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

/** An object in a list, and where it is: the path is written when it is asked for, which only a violation does. */
class Item {
  readonly item: Json
  readonly #field: string
  readonly #index: number
  constructor(item: Json, field: string, index: number) {
    this.item = item
    this.#field = field
    this.#index = index
  }
  get path(): string {
    return `${this.#field}[${this.#index}]`
  }
}

/** A block of a turn. */
class BlockOfTurn implements Located {
  readonly role: string
  readonly block: Json
  readonly #turn: Item
  readonly #index: number
  constructor(turn: Item, role: string, block: Json, index: number) {
    this.role = role
    this.block = block
    this.#turn = turn
    this.#index = index
  }
  get path(): string {
    return `${this.#turn.path}.content[${this.#index}]`
  }
}

/** The items of a field that should be an array of objects, with the path to each. */
export const items = (owner: object, field: string): ReadonlyArray<Item> => {
  const list: unknown = Reflect.get(owner, field)
  const out: Array<Item> = []
  if (!Array.isArray(list)) return out
  for (let index = 0; index < list.length; index++) {
    const item: unknown = list[index]
    if (Guard.isRecord(item)) out.push(new Item(item, field, index))
  }
  return out
}

/** Every block of the conversation. A turn of text has none. */
export const blocks = (request: object): ReadonlyArray<Located> => {
  const out: Array<Located> = []
  for (const turn of items(request, "messages")) addBlocks(out, turn)
  return out
}

const addBlocks = (out: Array<Located>, turn: Item): void => {
  const content = turn.item["content"]
  if (!Array.isArray(content)) return
  const role = typeof turn.item["role"] === "string" ? turn.item["role"] : ""
  for (let index = 0; index < content.length; index++) {
    const block: unknown = content[index]
    if (Guard.isRecord(block)) out.push(new BlockOfTurn(turn, role, block, index))
  }
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
