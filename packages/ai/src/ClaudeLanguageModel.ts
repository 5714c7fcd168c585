/**
 * Claude as the `LanguageModel` of effect/ai.
 *
 * Programs written against `LanguageModel`, `Chat`, `Tool` and `Toolkit` run
 * unchanged; underneath is the transport of `@effect-claude/http`, with its one
 * retry layer, timeouts and typed failures.
 *
 * A failure stays a failure: an error inside a stream fails the stream with the
 * `AiError` the same error outside one would give, and a stream that is cut off
 * never ends as if it were whole. What the API adds within a version does not end
 * a stream. Structured output is the API's own, tools are strict where asked, and
 * prompts and answers map without loss (`ClaudePrompt`, `ClaudeResponse`).
 *
 * **Example** (Asking through effect/ai)
 *
 * ```ts
 * import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as LanguageModel from "effect/ai/LanguageModel"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const ClaudeLive = ClaudeLanguageModel.layer({ model: "claude-sonnet-5-5" }).pipe(
 *   Layer.provide(Claude.layerFetch())
 * )
 *
 * const hello = LanguageModel.generateText({ prompt: "Hello" }).pipe(
 *   Effect.map((response) => response.text),
 *   Effect.provide(ClaudeLive)
 * )
 * ```
 *
 * @since 0.1.0
 */
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import type * as CoreTool from "@effect-claude/core/Tool"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as ClaudeErrors from "./ClaudeErrors.ts"
import * as ClaudePrompt from "./ClaudePrompt.ts"
import * as ClaudeResponse from "./ClaudeResponse.ts"
import * as ClaudeTelemetry from "./ClaudeTelemetry.ts"
import * as StructuredOutput from "./internal/structuredOutput.ts"
import * as Tools from "./internal/tools.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * What a request says beside what effect/ai puts into it: fields of the wire under
 * their own names (`max_tokens`, `thinking`, `output_config`, `container`,
 * `service_tier`, `mcp_servers`, …), and a few of ours.
 *
 * @category options
 * @since 0.1.0
 */
export interface Config extends
  Partial<
    Omit<
      MessageRequest,
      "max_tokens" | "messages" | "output_format" | "stream" | "system" | "tool_choice" | "tools"
    >
  >
{
  /**
   * The most tokens an answer may have.
   *
   * @default 16_384, or what the model can give if that is less
   */
  readonly max_tokens?: number | undefined
  /**
   * Tools sent beside the toolkit's, as the wire defines them. Calls the server
   * answers itself are kept in the response for the next turn, without parts of
   * their own.
   *
   * @default []
   */
  readonly tools?: ReadonlyArray<CoreTool.Tool> | undefined
  /**
   * Betas asked for, beside the layer's and those the request itself needs.
   *
   * @default []
   */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * Whether the model calls at most one tool at a time.
   *
   * @default false
   */
  readonly disableParallelToolUse?: boolean | undefined
  /**
   * Whether tools are strict that do not say so themselves with `Tool.Strict`: the
   * model then cannot write an input their schema refuses.
   *
   * @default false
   */
  readonly strictTools?: boolean | undefined
  /**
   * Where system messages go that stand after the first turn.
   *
   * @default "inPlace" for models that are known to take them there (4.8 and later), else "top"
   */
  readonly systemMessages?: ClaudePrompt.Options["systemMessages"]
}

/**
 * Options of a layer: a model, and what its requests say.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Config {
  /** The model, by its id. Any string is sent as it is. */
  readonly model: string
}

/**
 * What the running effect or stream changes of a layer's options.
 *
 * @category services
 * @since 0.1.0
 */
export const Config: Context.Reference<Config> = Context.Reference<Config>(
  "@effect-claude/ai/ClaudeLanguageModel/Config",
  { defaultValue: () => ({}) }
)

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the language model from options and the `Claude` of the context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<LanguageModel.LanguageModel, never, Claude.Claude> {
  yield* OptionCheck.knownOrDie(options, table)
  const claude = yield* Claude.Claude
  const provideClaude = Effect.provideService(Claude.Claude, claude)

  const prepare = Effect.fnUntraced(function*(asked: LanguageModel.ProviderOptions, method: string) {
    const config = { ...options, ...(yield* Config) }
    const request = yield* Effect.mapError(
      toRequest(asked, config),
      (reason) => AiError.make({ module: "ClaudeLanguageModel", method, reason })
    )
    ClaudeTelemetry.annotateRequest(asked.span, request)
    const response: ClaudeResponse.Options = {
      tools: asked.tools,
      calls: ClaudePrompt.calls(asked.prompt),
      timestamp: DateTime.formatIso(yield* DateTime.now)
    }
    return { request, response, betas: config.betas ?? [] }
  })

  return yield* LanguageModel.make({
    codecTransformer: StructuredOutput.codecTransformer,
    supportsSystemMessagesInHistory: Effect.map(
      Config,
      (overrides) => placement({ ...options, ...overrides }) === "inPlace"
    ),
    generateText: Effect.fnUntraced(function*(asked) {
      const method = asked.responseFormat.type === "json" ? "generateObject" : "generateText"
      const { betas, request, response } = yield* prepare(asked, method)
      const [message, { requestId }] = yield* Messages.createWithMeta(request).pipe(
        Claude.withBetas(betas),
        provideClaude,
        Effect.mapError(ClaudeErrors.toAiError(method))
      )
      const parts = ClaudeResponse.fromMessage(message, { ...response, requestId })
      for (const part of parts) ClaudeTelemetry.annotatePart(asked.span, part)
      return parts
    }),
    streamText: (asked) =>
      Stream.unwrap(
        Effect.map(prepare(asked, "streamText"), ({ betas, request, response }) =>
          Messages.stream(request).pipe(
            Claude.withBetas(betas),
            Stream.provideService(Claude.Claude, claude),
            Stream.mapError(ClaudeErrors.toAiError("streamText")),
            ClaudeResponse.fromEvents(response),
            Stream.mapArray((parts) => {
              for (const part of parts) ClaudeTelemetry.annotatePart(asked.span, part)
              return parts
            })
          ))
      )
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that provides Claude as the language model of a program.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<LanguageModel.LanguageModel, never, Claude.Claude> =>
  Layer.effect(LanguageModel.LanguageModel, make(options))

/**
 * Creates a `Model` of effect/ai: a layer that also names the provider and the
 * model, for programs that choose between several.
 *
 * @category layers
 * @since 0.1.0
 */
export const model = (
  name: string,
  config?: Config
): Model.Model<"anthropic", LanguageModel.LanguageModel, Claude.Claude> =>
  Model.make("anthropic", name, layer({ ...config, model: name }))

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * An effect or a stream.
 *
 * @category models
 * @since 0.1.0
 */
export type Running = Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>

/**
 * Changes what the requests of one effect or stream say. Of two overrides of a
 * field the inner one holds.
 *
 * **Example** (Thinking longer once)
 *
 * ```ts
 * import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
 * import * as LanguageModel from "effect/ai/LanguageModel"
 *
 * const plan = LanguageModel.generateText({ prompt: "Plan a launch" }).pipe(
 *   ClaudeLanguageModel.withConfigOverride({ thinking: { type: "adaptive" }, output_config: { effort: "high" } })
 * )
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withConfigOverride: {
  (overrides: Config): <S extends Running>(self: S) => S
  <S extends Running>(self: S, overrides: Config): S
} = dual(2, <S extends Running>(self: S, overrides: Config): S => override(self, overrides))

function override<S extends Running>(self: S, overrides: Config): S
function override(self: Running, overrides: Config): Running {
  const change = (outer: Config): Config => ({ ...outer, ...overrides })
  return Stream.isStream(self) ? Stream.updateService(self, Config, change) : Effect.updateService(self, Config, change)
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The options beside the fields of a request, which is checked when it is sent. */
const table = {
  model: OptionCheck.required(OptionCheck.text("the id of a model", /[^]/)),
  tools: OptionCheck.list(OptionCheck.that("the definition of a tool", Predicate.isObject)),
  betas: OptionCheck.list(OptionCheck.text("the name of a beta", /^[\w.-]+$/)),
  disableParallelToolUse: OptionCheck.flag,
  strictTools: OptionCheck.flag,
  systemMessages: OptionCheck.choice("inPlace", "top")
}

const defaultMaxTokens = 16_384

/** The request of one call. */
const toRequest = Effect.fnUntraced(function*(
  asked: LanguageModel.ProviderOptions,
  config: Options
): Effect.fn.Return<MessageRequest, AiError.AiErrorReason> {
  const {
    betas: _,
    disableParallelToolUse,
    max_tokens,
    model,
    output_config,
    strictTools,
    systemMessages: __,
    tools: extra,
    ...fields
  } = config
  const prompt = yield* Effect.fromResult(
    ClaudePrompt.fromPrompt(asked.prompt, { systemMessages: placement(config) })
  )
  const own = yield* Effect.forEach(asked.tools, (tool) => Tools.define(tool, { strictTools: strictTools === true }))
  const tools = [...own, ...extra ?? []]
  const format = asked.responseFormat.type === "json"
    ? { format: yield* Effect.fromResult(StructuredOutput.format(asked.responseFormat.schema)) }
    : undefined
  return {
    ...fields,
    model,
    max_tokens: max_tokens ?? (yield* maxTokensOf(model)),
    messages: prompt.messages,
    ...(prompt.system === undefined ? undefined : { system: prompt.system }),
    ...(tools.length === 0 ? undefined : {
      tools,
      // Without a toolkit effect/ai says "none", which is not meant for tools it does not know of.
      tool_choice: Tools.choice(own.length === 0 ? "auto" : asked.toolChoice, asked.tools, disableParallelToolUse)
    }),
    ...(output_config === undefined && format === undefined
      ? undefined
      : { output_config: { ...output_config, ...format } })
  }
})

/** Where a model takes system messages: models from 4.8 on take them in the middle of a conversation. */
const placement = ({ model, systemMessages }: Options): "inPlace" | "top" => {
  if (systemMessages !== undefined) return systemMessages
  const version = /(?:^|[-.])(?<major>\d{1,2})(?:[-.](?<minor>\d{1,2}))?(?=$|[-.@:]|[-.]?v\d)/.exec(model)?.groups
  const number = Number(version?.["major"] ?? 0) * 100 + Number(version?.["minor"] ?? 0)
  return number >= 408 ? "inPlace" : "top"
}

const maxTokensOf = (model: string): Effect.Effect<number> =>
  Effect.map(ModelCatalog.Current, (catalog) =>
    Math.min(
      defaultMaxTokens,
      Option.getOrUndefined(ModelCatalog.find(catalog, model))?.maxOutput ?? defaultMaxTokens
    ))
