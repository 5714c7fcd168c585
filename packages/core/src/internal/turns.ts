/**
 * The conversation of a request for rules: blocks with their paths, and turns
 * as the API merges them.
 *
 * Malformed parts are skipped, so that a rule about one part still applies when
 * another part is malformed.
 *
 * @since 0.1.0
 */
import { constTrue } from "effect/Function"
import * as Predicate from "effect/Predicate"

/** A JSON object. */
export interface Json {
  readonly [field: string]: unknown
}

/** An object in a request, and its path. The path is computed on demand. */
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

/** A block, its turn and its path. */
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

/** A turn after consecutive turns of one role were merged. */
export interface Turn {
  readonly role: string
  readonly blocks: ReadonlyArray<Located>
}

/** The empty result, which allocates nothing. */
export const none: ReadonlyArray<never> = []

/** Returns the objects in a field of a request. */
export const items = (request: object, field: string): ReadonlyArray<Item> => itemsThat(request, field, constTrue)

/** Returns the objects in a field of an item, such as the blocks of a turn. */
export const inside = (owner: Item, field: string): ReadonlyArray<Item> => collect(owner.item, field, owner, constTrue)

/** Returns the objects in a field that satisfy a predicate. Allocates nothing for the others. */
export const itemsThat = (request: object, field: string, is: (item: Json) => boolean): ReadonlyArray<Item> =>
  collect(request, field, undefined, is)

/** Returns the first object in a field that satisfies a predicate. */
export const firstThat = (request: object, field: string, is: (item: Json) => boolean): Item | undefined => {
  const list = listIn(request, field)
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    if (Predicate.isObject(item) && is(item)) return new Item(item, undefined, field, index)
  }
  return undefined
}

/** Returns the last object in a field that satisfies a predicate. */
export const lastThat = (request: object, field: string, is: (item: Json) => boolean): Item | undefined => {
  const list = listIn(request, field)
  for (let index = list.length - 1; index >= 0; index--) {
    const item = list[index]
    if (Predicate.isObject(item) && is(item)) return new Item(item, undefined, field, index)
  }
  return undefined
}

/** Returns every block of the conversation. A turn whose content is a string has none. */
export const blocks = (request: object): ReadonlyArray<Located> => blocksThat(request, constTrue)

/** Returns the blocks of the conversation that satisfy a predicate. Allocates nothing for the others. */
export const blocksThat = (request: object, is: (block: Json) => boolean): ReadonlyArray<Located> => {
  const turns = listIn(request, "messages")
  let found: Array<Located> | undefined
  for (let place = 0; place < turns.length; place++) {
    const turn = turns[place]
    if (!Predicate.isObject(turn) || !Array.isArray(turn["content"])) continue
    const content: ReadonlyArray<unknown> = turn["content"]
    let owner: Item | undefined
    for (let index = 0; index < content.length; index++) {
      const block = content[index]
      if (!Predicate.isObject(block) || !is(block)) continue
      owner ??= new Item(turn, undefined, "messages", place)
      const located = new Located(roleOf(turn), block, owner, index)
      if (found === undefined) found = [located]
      else found.push(located)
    }
  }
  return found ?? none
}

/** Returns whether a block of the conversation satisfies a predicate. */
export const someBlock = (request: object, is: (block: Json) => boolean): boolean => {
  for (const turn of listIn(request, "messages")) {
    if (!Predicate.isObject(turn) || !Array.isArray(turn["content"])) continue
    for (const block of turn["content"]) if (Predicate.isObject(block) && is(block)) return true
  }
  return false
}

/** Returns the turns without system turns, with consecutive turns of one role merged. */
export const merged = (request: object): ReadonlyArray<Turn> => {
  const out: Array<{ readonly role: string; readonly blocks: Array<Located> }> = []
  for (const turn of itemsThat(request, "messages", isSaid)) {
    const role = roleOf(turn.item)
    let last = out.at(-1)
    if (last?.role !== role) {
      last = { role, blocks: [] }
      out.push(last)
    }
    const content = listIn(turn.item, "content")
    for (let index = 0; index < content.length; index++) {
      const block = content[index]
      if (Predicate.isObject(block)) last.blocks.push(new Located(role, block, turn, index))
    }
  }
  return out
}

/** Returns whether a turn is the user's or the assistant's. */
export const isSaid = ({ role }: Json): boolean => role === "user" || role === "assistant"

// -----------------------------------------------------------------------------

const listIn = (owner: object, field: string): ReadonlyArray<unknown> => {
  const list: unknown = Reflect.get(owner, field)
  return Array.isArray(list) ? list : none
}

const collect = (
  object: object,
  field: string,
  owner: Item | undefined,
  is: (item: Json) => boolean
): ReadonlyArray<Item> => {
  const list = listIn(object, field)
  let found: Array<Item> | undefined
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    if (Predicate.isObject(item) && is(item)) (found ??= []).push(new Item(item, owner, field, index))
  }
  return found ?? none
}

const roleOf = ({ role }: Json): string => typeof role === "string" ? role : ""
