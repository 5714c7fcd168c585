/**
 * A persistent map from indexes to values, in the order of the indexes.
 *
 * A binary trie over the bits of the index (Okasaki and Gill, "Fast Mergeable
 * Integer Maps"). Reading and writing take at most 31 steps, whatever the order
 * and the gaps of the indexes, and a written map shares all but one path with
 * the map before.
 *
 * @since 0.1.0
 */

/** A map from integers between 0 and 2^31 - 1. The empty map is undefined. */
export type Indexed<A> = Leaf<A> | Branch<A> | undefined

interface Leaf<A> {
  readonly leaf: true
  readonly index: number
  readonly value: A
}

interface Branch<A> {
  readonly leaf: false
  /** The highest bit in which the indexes below differ. */
  readonly bit: number
  /** Any index below: all agree above `bit`. */
  readonly index: number
  readonly zero: Leaf<A> | Branch<A>
  readonly one: Leaf<A> | Branch<A>
}

/** Whether a number can be an index. */
export const isIndex = (index: number): boolean => Number.isInteger(index) && index >= 0 && index < 2 ** 31

/** Returns the value at an index. */
export const get = <A>(self: Indexed<A>, index: number): A | undefined => {
  let at = self
  while (at !== undefined && !at.leaf) at = (index & at.bit) === 0 ? at.zero : at.one
  return at?.index === index ? at.value : undefined
}

/** Writes the value at an index. */
export const set = <A>(self: Indexed<A>, index: number, value: A): Leaf<A> | Branch<A> => {
  if (self === undefined) return { leaf: true, index, value }
  const differs = index ^ self.index
  if (self.leaf) {
    const leaf: Leaf<A> = { leaf: true, index, value }
    return differs === 0 ? leaf : join(leaf, self, differs)
  }
  // The index differs above the bit that these are told apart by.
  if ((differs & -(self.bit << 1)) !== 0) return join({ leaf: true, index, value }, self, differs)
  return (index & self.bit) === 0
    ? { ...self, zero: set(self.zero, index, value) }
    : { ...self, one: set(self.one, index, value) }
}

/** Runs a function on every value, by ascending index. */
export const forEach = <A>(self: Indexed<A>, f: (value: A) => void): void => {
  if (self === undefined) return
  if (self.leaf) return f(self.value)
  forEach(self.zero, f)
  forEach(self.one, f)
}

const join = <A>(leaf: Leaf<A>, other: Leaf<A> | Branch<A>, differs: number): Branch<A> => {
  const bit = 1 << (31 - Math.clz32(differs))
  const { index } = leaf
  return (index & bit) === 0
    ? { leaf: false, bit, index, zero: leaf, one: other }
    : { leaf: false, bit, index, zero: other, one: leaf }
}
