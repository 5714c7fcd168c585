/**
 * The tokenizers and prompts of model generations, and the tokens of a text.
 *
 * A short word is one token. Long words, digits and other scripts are more. The
 * weights were fitted to recorded requests. The estimate of a text takes one pass
 * and allocates nothing.
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

/** Tokens per word, and per unit of everything else. */
const weights = {
  word: 1.05,
  /** Each letter of a word after the seventh. */
  longLetter: 0.08,
  /** Each letter after the sixteenth: such text is not a word, and is split into small tokens. */
  strangeLetter: 0.5,
  digit: 1.17,
  newline: 1.07,
  punctuation: 0.83,
  /** Each space after another. */
  indent: 0.12,
  /** A letter of another script, or one with an accent. */
  foreign: 0.9,
  /** An ideograph or syllable of an East Asian script. */
  ideograph: 1.3,
  /** Half of an emoji, which is two units of UTF-16. */
  surrogate: 2
}

const wordLength = 7
const longestWord = 16

/** Estimates the tokens of a text. */
export const textTokens = (text: string): number => {
  let tokens = 0
  let run = 0
  let spaces = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (isLetter(unit)) {
      tokens += run === 0
        ? weights.word
        : run >= longestWord
        ? weights.strangeLetter
        : run >= wordLength
        ? weights.longLetter
        : 0
      run++
      spaces = 0
      continue
    }
    run = 0
    if (unit === 0x20 || unit === 0x09 || unit === 0x0d) {
      if (spaces > 0) tokens += weights.indent
      spaces++
      continue
    }
    spaces = 0
    tokens += weightOf(unit)
  }
  return tokens
}

const isLetter = (unit: number): boolean => (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a)

const weightOf = (unit: number): number => {
  if (unit === 0x0a) return weights.newline
  if (unit >= 0x30 && unit <= 0x39) return weights.digit
  if (unit < 0x80) return weights.punctuation
  if (unit >= 0xd800 && unit <= 0xdfff) return weights.surrogate
  return unit >= 0x2e80 ? weights.ideograph : weights.foreign
}
