/**
 * What is measured, and how much of it in one sample.
 *
 * @since 0.1.0
 */
import type { Client } from "./Client.ts"

/**
 * A case: what a client does with which traffic.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  readonly title: string
  /** The name of the traffic. */
  readonly traffic: string
  readonly does: Exclude<keyof Client, "close">
  /** What one unit is. A stream's are its events; everything else counts calls. */
  readonly unit: "event" | "call"
  /** How often it is done before it counts. */
  readonly warmUp: number
  /** How often it is done while it counts. */
  readonly runs: number
  /** How many are under way at once. */
  readonly atOnce: number
}

/**
 * The cases, by name. Everything but the first calls is done often enough before
 * it counts for the compilers of the engine to be done with every client.
 *
 * @category constants
 * @since 0.1.0
 */
export const cases: { readonly [name: string]: Case } = {
  "text-16k": {
    title: "text deltas, 16 KB writes",
    traffic: "text-16k",
    does: "stream",
    unit: "event",
    warmUp: 4,
    runs: 10,
    atOnce: 1
  },
  "text-per-event": {
    title: "text deltas, one event per write",
    traffic: "text-per-event",
    does: "stream",
    unit: "event",
    warmUp: 4,
    runs: 10,
    atOnce: 1
  },
  "text-anywhere": {
    title: "text deltas, cut at random bytes",
    traffic: "text-anywhere",
    does: "stream",
    unit: "event",
    warmUp: 4,
    runs: 10,
    atOnce: 1
  },
  "memory-per-event": {
    title: "text deltas from memory, one event per chunk",
    traffic: "text-per-event",
    does: "memory",
    unit: "event",
    warmUp: 4,
    runs: 10,
    atOnce: 1
  },
  "thinking-tool": {
    title: "thinking and tool input",
    traffic: "thinking-tool",
    does: "stream",
    unit: "event",
    warmUp: 4,
    runs: 10,
    atOnce: 1
  },
  "folded-text": {
    title: "folded message, text",
    traffic: "text-16k",
    does: "fold",
    unit: "event",
    warmUp: 4,
    runs: 10,
    atOnce: 1
  },
  "folded-tool": {
    title: "folded message, 200 KB tool input in 20-byte deltas",
    traffic: "big-tool",
    does: "fold",
    unit: "event",
    warmUp: 20,
    runs: 50,
    atOnce: 1
  },
  "small-1": {
    title: "300 B reply, one at a time",
    traffic: "small-reply",
    does: "create",
    unit: "call",
    warmUp: 20000,
    runs: 20000,
    atOnce: 1
  },
  "small-32": {
    title: "300 B reply, 32 at once",
    traffic: "small-reply",
    does: "create",
    unit: "call",
    warmUp: 20000,
    runs: 20000,
    atOnce: 32
  },
  "small-cold": {
    title: "300 B reply, the first 1,000 calls of a process",
    traffic: "small-reply",
    does: "create",
    unit: "call",
    warmUp: 0,
    runs: 1000,
    atOnce: 1
  },
  "large-reply": {
    title: "100 KB reply",
    traffic: "large-reply",
    does: "create",
    unit: "call",
    warmUp: 2000,
    runs: 2000,
    atOnce: 1
  },
  "first-text": {
    title: "time to first text",
    traffic: "small-stream",
    does: "first",
    unit: "call",
    warmUp: 10000,
    runs: 10000,
    atOnce: 1
  }
}
