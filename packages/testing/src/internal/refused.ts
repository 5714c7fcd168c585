/**
 * Blocks that the scripted API refuses on demand, with the messages the API has
 * for blocks it cannot process.
 *
 * @since 0.1.0
 */
import { array, isRecord, type Json } from "./json.ts"

/** Returns the refusal of the first block of one of these types, in tool results too. */
export const check = (body: Json, types: ReadonlyArray<string>): string | undefined => {
  if (types.length === 0) return undefined
  for (const [i, turn] of array(body["messages"]).entries()) {
    const found = isRecord(turn) ? within(turn["content"], `messages.${i}.content`, types) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

const within = (content: unknown, path: string, types: ReadonlyArray<string>): string | undefined => {
  for (const [i, block] of array(content).entries()) {
    if (!isRecord(block) || typeof block["type"] !== "string") continue
    const { type } = block
    if (types.includes(type)) return messages[type] ?? `${path}.${i}: \`${type}\` blocks are not supported`
    const found = within(block["content"], `${path}.${i}.${type}.content`, types)
    if (found !== undefined) return found
  }
  return undefined
}

const messages: { readonly [type: string]: string | undefined } = {
  image: "Could not process image",
  document: "The PDF specified was not valid."
}
