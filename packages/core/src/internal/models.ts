/**
 * The facts of the model catalogue, newest model first. Facts that are not
 * known are omitted.
 *
 * @since 0.1.0
 */
import type { Entry, Price, Refusal } from "./modelFacts.ts"

/** Input, output, cache write for 5 minutes and for an hour, cache read: USD per million tokens. */
const price = (
  input: number,
  output: number,
  cacheWrite5m: number,
  cacheWrite1h: number,
  cacheRead: number
): Price => ({ input, output, cacheWrite5m, cacheWrite1h, cacheRead })

const million = 1_000_000

// Batches have half the price for every model. The factor for the US exists since 4.6.
const batch = { batchFactor: 0.5 }
const current = { ...batch, usFactor: 1.1 }

const since46: ReadonlyArray<Refusal> = ["prefill", "samplingPair"]
const since47: ReadonlyArray<Refusal> = [...since46, "sampling", "manualThinking"]
const alwaysThinking: ReadonlyArray<Refusal> = [...since47, "noThinking"]
const neverForced: ReadonlyArray<Refusal> = [...alwaysThinking, "forcedTool"]

/** The models, newest first. */
export const models: ReadonlyArray<Entry> = [
  { id: "claude-fable-5-2", ...current, refuses: alwaysThinking },
  { id: "claude-mythos-5-2", ...current, refuses: since47 },
  {
    id: "claude-haiku-5-5",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [
      { upTo: 100_000, price: price(0.1, 0.5, 0.125, 0.2, 0.01) },
      { price: price(0.5, 2.5, 0.625, 1, 0.05) }
    ],
    ...current,
    refuses: since47
  },
  {
    id: "claude-sonnet-5-5",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(2, 10, 2.5, 4, 0.1) }],
    ...current,
    refuses: since47
  },
  {
    id: "claude-fable-5-1",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(10, 50, 12.5, 20, 0.25) }],
    ...current,
    refuses: neverForced
  },
  {
    id: "claude-opus-5-5",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(4, 20, 5, 8, 0.2) }],
    ...current,
    refuses: neverForced
  },
  {
    id: "claude-mythos-5-1",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(10, 50, 12.5, 20, 0.25) }],
    ...current,
    refuses: since47
  },
  {
    id: "claude-sonnet-5",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(2, 10, 2.5, 4, 0.2) }],
    ...current,
    refuses: since47,
    replacement: "claude-sonnet-5-5"
  },
  {
    id: "claude-fable-5",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(10, 50, 12.5, 20, 1) }],
    ...current,
    refuses: alwaysThinking,
    replacement: "claude-fable-5-1"
  },
  {
    id: "claude-mythos-5",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(10, 50, 12.5, 20, 1) }],
    ...current,
    refuses: since47,
    replacement: "claude-mythos-5-1"
  },
  {
    id: "claude-opus-5",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(5, 25, 6.25, 10, 0.5) }],
    ...current,
    fastFactor: 2,
    refuses: since47,
    replacement: "claude-opus-5-5"
  },
  {
    id: "claude-opus-4-8",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(5, 25, 6.25, 10, 0.5) }],
    ...current,
    refuses: since47,
    replacement: "claude-opus-5-5"
  },
  {
    id: "claude-opus-4-7",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(5, 25, 6.25, 10, 0.5) }],
    ...current,
    refuses: since47,
    replacement: "claude-opus-5-5"
  },
  {
    id: "claude-mythos-preview",
    ...current,
    refuses: since46,
    retiresOn: "2026-06-30",
    replacement: "claude-mythos-5-1"
  },
  {
    id: "claude-opus-4-6",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(5, 25, 6.25, 10, 0.5) }],
    ...current,
    refuses: since46,
    replacement: "claude-opus-5-5"
  },
  {
    id: "claude-sonnet-4-6",
    contextWindow: million,
    maxOutput: 128_000,
    tiers: [{ price: price(3, 15, 3.75, 6, 0.3) }],
    ...current,
    refuses: since46,
    replacement: "claude-sonnet-5-5"
  },
  {
    id: "claude-opus-4-5",
    contextWindow: 200_000,
    maxOutput: 64_000,
    tiers: [{ price: price(5, 25, 6.25, 10, 0.5) }],
    ...batch,
    refuses: ["samplingPair"],
    retiresOn: "2027-01-22",
    replacement: "claude-opus-5-5"
  },
  {
    id: "claude-haiku-4-5",
    contextWindow: 200_000,
    maxOutput: 64_000,
    tiers: [{ price: price(1, 5, 1.25, 2, 0.1) }],
    ...batch,
    refuses: ["samplingPair"],
    replacement: "claude-haiku-5-5"
  },
  {
    id: "claude-sonnet-4-5",
    contextWindow: 200_000,
    maxOutput: 64_000,
    tiers: [{ price: price(3, 15, 3.75, 6, 0.3) }],
    ...batch,
    refuses: ["samplingPair"],
    retiresOn: "2026-11-30",
    replacement: "claude-sonnet-5-5"
  },
  // Retired models, to price old transcripts.
  {
    id: "claude-opus-4-1",
    contextWindow: 200_000,
    maxOutput: 32_000,
    tiers: [{ price: price(15, 75, 18.75, 30, 1.5) }],
    ...batch,
    refuses: ["samplingPair"],
    replacement: "claude-opus-5-5"
  },
  {
    id: "claude-opus-4",
    aliases: ["claude-opus-4-0", "claude-4-opus", "claude-4-opus-20250514"],
    contextWindow: 200_000,
    maxOutput: 32_000,
    tiers: [{ price: price(15, 75, 18.75, 30, 1.5) }],
    ...batch,
    retiresOn: "2026-06-15",
    replacement: "claude-opus-5-5"
  },
  {
    id: "claude-sonnet-4",
    aliases: ["claude-sonnet-4-0", "claude-4-sonnet", "claude-4-sonnet-20250514"],
    maxOutput: 64_000,
    tiers: [{ price: price(3, 15, 3.75, 6, 0.3) }],
    ...batch,
    retiresOn: "2026-06-15",
    replacement: "claude-sonnet-5-5"
  }
]
