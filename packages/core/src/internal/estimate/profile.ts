/**
 * What differs between the tokenizers and prompts of model generations.
 *
 * @since 0.1.0
 */

/** What holds for the models of one generation. */
export interface Profile {
  /** How many tokens text makes, beside what it makes on the models the weights were fitted to. */
  readonly density: number
  /** What the first tool adds by being there. */
  readonly tools: number
  /** The same, where a tool must be called. */
  readonly forcedTools: number
  /** Whether thinking of earlier turns stays in the prompt. */
  readonly keepsThinking: boolean
  /** The long edge, in pixels, that an image is scaled down to. */
  readonly imageEdge: number
  /** The most tokens that one image makes. */
  readonly imageTokens: number
}

const early: Profile = {
  density: 1,
  tools: 509,
  forcedTools: 509,
  keepsThinking: false,
  imageEdge: 1568,
  imageTokens: 1600
}

const haiku35: Profile = { ...early, tools: 227, forcedTools: 303 }

const four: Profile = { ...early, tools: 291, forcedTools: 278 }

const mid: Profile = { ...early, tools: 478, forcedTools: 577, keepsThinking: true }

const latest: Profile = {
  density: 1.35,
  tools: 650,
  forcedTools: 750,
  keepsThinking: true,
  imageEdge: 2576,
  imageTokens: 4784
}

/**
 * Returns the profile of a model by its id. A model that is not known has the
 * latest: it makes the most tokens, and an estimate should not fall short.
 */
export const profileOf = (model: unknown): Profile => {
  const match = /claude-(?:[a-z]+-)?(\d+)(?:[-.](\d{1,2})(?!\d))?/.exec(typeof model === "string" ? model : "")
  if (match === null) return latest
  const version = Number(match[1]) + Number(match[2] ?? 0) / 10
  if (version >= 4.7) return latest
  if (version >= 4.5) return mid
  if (version === 3.5 && match.input.includes("haiku")) return haiku35
  return version >= 3.5 ? four : early
}
