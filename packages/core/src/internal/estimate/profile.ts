/**
 * The differences between tokenizers and prompts of model generations.
 *
 * @since 0.1.0
 */

/** The constants of one generation of models. */
export interface Profile {
  /** The number of tokens of a text, relative to the models that the weights were fitted to. */
  readonly density: number
  /** The tokens that the first tool adds beside its definition. */
  readonly tools: number
  /** The same when a tool must be called. */
  readonly forcedTools: number
  /** Whether the thinking of earlier turns stays in the prompt. */
  readonly keepsThinking: boolean
  /** The maximum length of an edge of an image, in pixels. Larger images are scaled down. */
  readonly imageEdge: number
  /** The maximum number of tokens of one image. */
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
 * Returns the profile of a model by its id. An unknown model has the latest
 * profile, which gives the highest estimate.
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
