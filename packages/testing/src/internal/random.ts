/**
 * A seeded source of numbers that needs no service and disturbs nobody's
 * `Random`: the same seed gives the same numbers, on every machine.
 *
 * @since 0.1.0
 */

/** Draws the next number in [0, 1). */
export type Draw = () => number

/** Creates a generator from a seed and what it is for, so that two purposes never share a sequence. */
export const make = (seed: number | string, purpose = ""): Draw => {
  let state = hash(`${seed}/${purpose}`)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Draws an integer between `from` and `to`, both included. */
export const between = (draw: Draw, from: number, to: number): number => from + Math.floor(draw() * (to - from + 1))

/** Draws an id the way the API spells them: `msg_01` and twenty-two letters and digits. */
export const id = (draw: Draw, prefix: string): string => {
  let out = `${prefix}_01`
  for (let i = 0; i < 22; i++) out += alphabet[Math.floor(draw() * alphabet.length)]
  return out
}

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

const hash = (text: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h | 0
}
