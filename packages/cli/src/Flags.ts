/**
 * Flags that more than one command takes.
 *
 * Those of the connection are global: they stand anywhere on the line and mean
 * the same for every command.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Config from "effect/Config"

// -----------------------------------------------------------------------------
// global
// -----------------------------------------------------------------------------

/**
 * Whether answers come from the scripted model inside.
 *
 * @category global
 * @since 0.1.0
 */
export const Offline = GlobalFlag.Setting("offline")({
  flag: Flag.Boolean("offline").pipe(
    Flag.withDescription("Talk to a scripted Claude API inside this program: no key, no network, no cost"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  )
})

/**
 * The proxy to go through.
 *
 * @category global
 * @since 0.1.0
 */
export const Proxy = GlobalFlag.Setting("proxy")({
  flag: Flag.String("proxy").pipe(
    Flag.withDescription("Go through this HTTP proxy, instead of what HTTPS_PROXY and NO_PROXY say"),
    Flag.withMetavar("<url>"),
    Flag.optional
  )
})

/**
 * A certificate authority to trust as well.
 *
 * @category global
 * @since 0.1.0
 */
export const Ca = GlobalFlag.Setting("ca")({
  flag: Flag.String("ca").pipe(
    Flag.withDescription("Trust this certificate too (PEM or DER), such as that of an inspecting proxy"),
    Flag.withMetavar("<file>"),
    Flag.optional
  )
})

/**
 * Where the API is.
 *
 * @category global
 * @since 0.1.0
 */
export const BaseUrl = GlobalFlag.Setting("base-url")({
  flag: Flag.String("base-url").pipe(
    Flag.withDescription("Where the API is, instead of ANTHROPIC_BASE_URL"),
    Flag.withMetavar("<url>"),
    Flag.optional
  )
})

/**
 * Where a log of the traffic is kept.
 *
 * @category global
 * @since 0.1.0
 */
export const TrafficLog = GlobalFlag.Setting("traffic-log")({
  flag: Flag.String("traffic-log").pipe(
    Flag.withDescription("Keep a log of the traffic in this directory, for people and for `effect-claude log`"),
    Flag.withMetavar("<dir>"),
    Flag.optional
  )
})

/**
 * All of them, as the root command takes them.
 *
 * @category global
 * @since 0.1.0
 */
export const global = [Offline, Proxy, Ca, BaseUrl, TrafficLog] as const

// -----------------------------------------------------------------------------
// of requests
// -----------------------------------------------------------------------------

/**
 * The model to ask when nothing says which.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultModel = "claude-sonnet-5-5"

/**
 * The model to ask when no flag says which.
 *
 * @category requests
 * @since 0.1.0
 */
export const usualModel: Config.Config<string> = Config.withDefault(
  Config.NonEmptyString("ANTHROPIC_MODEL"),
  defaultModel
)

const modelFlag = Flag.String("model").pipe(
  Flag.withAlias("m"),
  Flag.withDescription(`The model to ask (ANTHROPIC_MODEL, or else ${defaultModel})`)
)

/**
 * The model to ask.
 *
 * @category requests
 * @since 0.1.0
 */
export const model = Flag.withFallbackConfig(modelFlag, usualModel)

/**
 * The model to ask, where something else may name one before the environment does.
 *
 * @category requests
 * @since 0.1.0
 */
export const modelIfGiven = Flag.optional(modelFlag)

/**
 * What the model is told beforehand.
 *
 * @category requests
 * @since 0.1.0
 */
export const system = Flag.String("system").pipe(
  Flag.withAlias("s"),
  Flag.withDescription("What the model is told beforehand: who it is, how to answer"),
  Flag.withMetavar("<text>"),
  Flag.optional
)

/**
 * The most the answer may have.
 *
 * @category requests
 * @since 0.1.0
 */
export const maxTokens = Flag.Int("max-tokens").pipe(
  Flag.withAlias("n"),
  Flag.withDescription("The most tokens the answer may have (4096)"),
  Flag.withDefault(4096)
)

/**
 * Whether the answer is printed for programs.
 *
 * @category output
 * @since 0.1.0
 */
export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON"),
  Flag.withoutNegation,
  Flag.withDefault(false)
)

/**
 * Lets the model think first.
 *
 * @category requests
 * @since 0.1.0
 */
export const thinking = Flag.Boolean("thinking").pipe(
  Flag.withDescription("Let the model think first, and show what it thinks"),
  Flag.withoutNegation,
  Flag.withDefault(false)
)

/**
 * The flags and arguments of a prompt: text, model, system prompt, images and
 * documents.
 *
 * @category requests
 * @since 0.1.0
 */
export const question = {
  prompt: Argument.String("prompt").pipe(
    Argument.withDescription("The prompt. Standard input is appended to it, or is the prompt"),
    Argument.variadic()
  ),
  model,
  system,
  image: Flag.String("image").pipe(
    Flag.withDescription("Show the model this image: a file, a URL or the id of an uploaded file. May be given again"),
    Flag.withMetavar("<file|url>"),
    Flag.atLeast(0)
  ),
  pdf: Flag.String("pdf").pipe(
    Flag.withDescription("Show the model this PDF: a file, a URL or the id of an uploaded file. May be given again"),
    Flag.withMetavar("<file|url>"),
    Flag.atLeast(0)
  )
}
