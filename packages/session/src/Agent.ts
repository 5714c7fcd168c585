/**
 * Lets the model work with tools until it calls none.
 *
 * Tools are those of `effect/ai`: a `Toolkit` whose handlers are Layers. The tools
 * that a response calls run with bounded concurrency, and their results are sent in
 * the order of the calls, for at most `maxTurns` turns. Whatever a tool does, its
 * call gets a result: a tool that fails, dies, takes too long, is denied or does
 * not exist has a result that says so, and does not affect the others. An input
 * that does not match goes back to the model with what is wrong. A call that the
 * response may have cut is not run.
 *
 * A run that ends with calls open, since they wait for an approval, for a result from
 * the program, or for more turns, lists them in its outcome. `resume` continues it,
 * in another process and on another day, too.
 *
 * A run has the session to itself. Every response and every round of results is
 * committed as it comes, so an interrupted run leaves a history that is valid and
 * keeps what the tools did. A result that the API refuses is replaced by an error
 * that says why.
 *
 * **Example** (Requesting the weather)
 *
 * ```ts no-run
 * import * as Message from "@effect-claude/core/Message"
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as Agent from "@effect-claude/session/Agent"
 * import * as Session from "@effect-claude/session/Session"
 * import * as Tool from "effect/ai/Tool"
 * import * as Toolkit from "effect/ai/Toolkit"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const Weather = Toolkit.make(Tool.make("get_weather", {
 *   description: "Returns the weather of a city.",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   success: Schema.String
 * }))
 *
 * const WeatherLive = Weather.toLayer({ get_weather: ({ city }) => Effect.succeed(`It is sunny in ${city}.`) })
 *
 * const program = Effect.gen(function*() {
 *   const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024 })
 *   const { message } = yield* Agent.run(session, "Do I need a coat in Paris?", { toolkit: Weather })
 *   yield* Console.log(Message.text(message))
 * })
 *
 * program.pipe(Effect.provide([WeatherLive, Claude.layerFetch()]), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 */
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import type * as Tool from "effect/ai/Tool"
import type * as Toolkit from "effect/ai/Toolkit"
import type * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AgentEvent, Outcome } from "./AgentEvent.ts"
import type * as History from "./History.ts"
import * as Loop from "./internal/agent.ts"
import type * as AgentOptions from "./internal/agentOptions.ts"
import * as Callables from "./internal/callables.ts"
import * as Core from "./internal/core.ts"
import * as Lock from "./internal/lock.ts"
import * as Door from "./internal/options.ts"
import type * as Tools from "./internal/tools.ts"
import type { Session, TurnError } from "./Session.ts"
import { TurnAbandonedError } from "./SessionError.ts"
import type { StopWhen } from "./StopWhen.ts"
import type * as ToolDecision from "./ToolDecision.ts"
import * as ToolSchema from "./ToolSchema.ts"
import type * as Turn from "./Turn.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The errors of a run, besides those of providing its tools.
 *
 * @category models
 * @since 0.1.0
 */
export type AgentError = TurnError | ToolSchema.ToolSchemaError

/**
 * Tools with their handlers: one of the `sources` of a run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source<out R> {
  readonly tools: Readonly<Record<string, Tool.Any>>
  readonly callables: Callables.Callables<R>
}

/**
 * A call with its tool.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolCall {
  readonly call: ContentBlock.ToolUse
  readonly tool: Tool.Any
}

/**
 * A call that needs a decision.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApprovalRequest extends ToolCall {
  /** Whether the tool itself requires approval. */
  readonly required: boolean
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of a source.
 *
 * @category options
 * @since 0.1.0
 */
export interface SourceOptions {
  /**
   * Whether the annotations of its dynamic tools can waive an approval.
   *
   * @default false
   */
  readonly trusted?: boolean | undefined
}

/**
 * Options of a run.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<Tools extends Record<string, Tool.Any>, E = never, R = never> {
  /** The tools, with their handlers or as a toolkit whose handlers are provided. */
  readonly toolkit: Toolkit.WithHandler<Tools> | Effect.Effect<Toolkit.WithHandler<Tools>, E, R>
  /**
   * Further tools, such as those of an MCP server, made with `source`.
   *
   * @default []
   */
  readonly sources?: ReadonlyArray<Source<R>> | undefined
  /**
   * The most turns of a run.
   *
   * @default 16
   */
  readonly maxTurns?: number | undefined
  /**
   * The most tools that run at once.
   *
   * @default 4
   */
  readonly concurrency?: number | "unbounded" | undefined
  /**
   * How long a tool may take, or each of them by name. The wait for an approval
   * does not count.
   *
   * @default "5 minutes"
   */
  readonly timeout?: Duration.Input | ((tool: string) => Duration.Input) | undefined
  /**
   * The most characters of text in the result of a tool: about 25,000 tokens, an
   * eighth of a small window. Longer text is cut in its middle, with a mark that
   * says how much is missing.
   *
   * @default 100000
   */
  readonly maxResultLength?: number | undefined
  /**
   * Decides whether a call may run: yes, no, no with a reason for the model, or a
   * decision. Undefined leaves the call open: the run ends with `awaitingApproval` once
   * the other calls of the response have run. Runs before each call of a tool that
   * requires approval, and of one that does not state that it is harmless
   * (`Tool.Readonly`, or `needsApproval: false`). An approval that dies is a denial.
   * Approvals run at the same time, and hold no slot of the tools that do.
   *
   * @default calls of tools that require approval are left open, all others run
   */
  readonly approve?: Tools.Approve<R> | undefined
  /**
   * Runs before each tool, after it was approved, on the very call that runs. It may
   * deny the call, or give its result. A hook that dies is a denial.
   *
   * @default none
   */
  readonly beforeTool?: Tools.BeforeTool<R> | undefined
  /**
   * Runs after each tool. It may replace the result. When it dies, the result is
   * withheld from the model.
   *
   * @default none
   */
  readonly afterTool?: Tools.AfterTool<R> | undefined
  /**
   * Ends the run after a response that calls tools, before they run.
   *
   * @default none
   */
  readonly stopWhen?: StopWhen<R> | undefined
  /**
   * Runs before each turn, and returns the parameters to change for it: model, tools,
   * tool choice, system prompt and others. `parameters` holds what is sent otherwise.
   *
   * @default none
   */
  readonly prepareTurn?: AgentOptions.PrepareTurn<R> | undefined
  /**
   * What becomes of a run that fails or is interrupted.
   *
   * - `close`: what was committed stays; open calls get an error as their result
   * - `rollback`: the conversation is as it was before; what tools did is done
   *
   * @default "close"
   */
  readonly whenInterrupted?: "close" | "rollback" | undefined
  /**
   * Options of the turns. Instructions and `rewind` hold for the first, and so does a
   * `tool_choice` that forces a call: `prepareTurn` can force one in others. An `id` is
   * that of the run. A run that has ended returns its outcome again, until it is
   * resumed. One that failed or whose process was killed continues where it was, and its
   * open calls are answered with an error, since their tools may have run. When other
   * messages were sent since, it begins anew. A run that was taken back (rolled back,
   * rewound, undone) never was, and its id is free.
   *
   * @default {}
   */
  readonly turn?: Turn.Options | undefined
}

/**
 * Options of a run that is resumed.
 *
 * @category options
 * @since 0.1.0
 */
export interface ResumeOptions<Tools extends Record<string, Tool.Any>, E = never, R = never>
  extends Options<Tools, E, R>
{
  /**
   * Decisions on open calls, by call id. One on a call that is not open, or that may
   * have begun to run, has no effect. So the same decision can be given again.
   *
   * @default {}
   */
  readonly decisions?: ToolDecision.ToolDecisions | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates one of the `sources` of a run from tools with their handlers.
 *
 * **Details**
 *
 * Tools whose schema is known only at run time (`Tool.dynamic`), such as those of an
 * MCP server, are described by somebody else. What they state about themselves
 * (`Tool.Readonly`, `needsApproval: false`) does not waive an approval, unless the
 * source is `trusted`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = <Tools extends Record<string, Tool.Any>>(
  toolkit: Toolkit.WithHandler<Tools>,
  options?: SourceOptions
): Source<Tool.HandlerServices<Tools[keyof Tools]>> => ({
  tools: toolkit.tools,
  callables: Callables.callables(toolkit, options?.trusted ?? false)
})

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/**
 * Sends a message and lets the model work until it calls no more tools. Without an
 * input it does what `resume` does.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <Tools extends Record<string, Tool.Any>, E = never, R = never>(
  session: Session,
  input: History.Input | undefined,
  options: Options<Tools, E, R>
): Effect.Effect<Outcome, AgentError | E, R | Tool.HandlerServices<Tools[keyof Tools]>> =>
  Effect.gen(function*() {
    const core = Core.of(session)
    const loop = yield* prepare(options, false, () => Effect.void)
    return yield* Core.exclusively(core, (restore) => Loop.run(core, input, loop, restore))
  }).pipe(Effect.withSpan("Agent.run"))

/**
 * Continues a run that ended with calls open, that failed, or whose process was
 * killed. It continues from the history, so nothing else has to be kept.
 *
 * **Details**
 *
 * Open calls are given their results first. A call whose tool may have begun to run,
 * when the process was killed meanwhile, is not run again: it gets an error that says
 * so. All others run, unless they need a decision or a result and there is none: then
 * the run ends once more, and the decisions that were given have taken effect.
 *
 * @category running
 * @since 0.1.0
 */
export const resume = <Tools extends Record<string, Tool.Any>, E = never, R = never>(
  session: Session,
  options: ResumeOptions<Tools, E, R>
): Effect.Effect<Outcome, AgentError | E, R | Tool.HandlerServices<Tools[keyof Tools]>> =>
  run(session, undefined, options)

/**
 * Does what `run` does, and streams its events. A stream that ends early
 * interrupts the run.
 *
 * @category running
 * @since 0.1.0
 */
export const stream = <Tools extends Record<string, Tool.Any>, E = never, R = never>(
  session: Session,
  input: History.Input | undefined,
  options: Options<Tools, E, R>
): Stream.Stream<AgentEvent, AgentError | E, R | Tool.HandlerServices<Tools[keyof Tools]>> =>
  Stream.fromChannel(Channel.fromTransform((_, scope) =>
    Effect.gen(function*() {
      const core = Core.of(session)
      const queue = yield* Queue.bounded<AgentEvent, AgentError | E | Cause.Done>(16)
      const loop = yield* prepare(options, true, (event) => Effect.asVoid(Queue.offer(queue, event)))
      return yield* Core.held(core, scope, (lease) => {
        const pull = Effect.withFiber((consumer) => {
          Lock.drive(lease, consumer)
          return Effect.tap(Queue.takeAll(queue), () => Lock.rest(lease))
        })
        return Effect.uninterruptibleMask((restore) =>
          Lock.under(Loop.run(core, input, loop, restore), lease).pipe(Effect.ensuring(Core.finish(core, lease)))
        ).pipe(
          Effect.flatMap((outcome) => Queue.offer(queue, { _tag: "Finished", outcome })),
          Effect.matchCauseEffect({
            onFailure: (cause) => Queue.failCause(queue, cause),
            onSuccess: () => Queue.end(queue)
          }),
          Effect.forkIn(scope),
          Effect.map((fiber) => {
            // An interrupted fiber emits nothing more, so the reader gets its error first.
            lease.revoke = Effect.andThen(Queue.fail(queue, new TurnAbandonedError()), Fiber.interrupt(fiber))
            return pull
          })
        )
      })
    })
  ))

/**
 * Does what `resume` does, and streams its events. A stream that ends early
 * interrupts the run.
 *
 * @category running
 * @since 0.1.0
 */
export const resumeStream = <Tools extends Record<string, Tool.Any>, E = never, R = never>(
  session: Session,
  options: ResumeOptions<Tools, E, R>
): Stream.Stream<AgentEvent, AgentError | E, R | Tool.HandlerServices<Tools[keyof Tools]>> =>
  stream(session, undefined, options)

/**
 * Adds a message to the run under way. It is sent with the results of the tools that
 * run now, or after the response in which the model would have finished. Without a
 * run it waits for the next one. It is kept in memory only until it is sent.
 *
 * @category running
 * @since 0.1.0
 */
export const steer = (session: Session, input: History.Input): Effect.Effect<void> =>
  Effect.sync(() => {
    Core.of(session).steering.push(input)
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<ResumeOptions<Record<string, Tool.Any>>> = Door.agent

/** Obtains the tools, and describes them. */
const prepare = Effect.fnUntraced(function*<Tools extends Record<string, Tool.Any>, E, R>(
  options: ResumeOptions<Tools, E, R>,
  streams: boolean,
  onEvent: (event: AgentEvent) => Effect.Effect<void>
): Effect.fn.Return<
  AgentOptions.Options<R | Tool.HandlerServices<Tools[keyof Tools]>>,
  E | ToolSchema.ToolSchemaError,
  R
> {
  yield* OptionCheck.orDie(options, table)
  const toolkit = Effect.isEffect(options.toolkit) ? yield* options.toolkit : options.toolkit
  const sources: ReadonlyArray<Source<R | Tool.HandlerServices<Tools[keyof Tools]>>> = [
    source(toolkit),
    ...options.sources ?? []
  ]
  const all = sources.flatMap(({ tools }) => Object.values(tools))
  const names = new Set<string>()
  const definitions = yield* Effect.forEach(all, (tool) => {
    const name = ToolSchema.nameOf(tool)
    if (names.has(name)) return Effect.fail(new ToolSchema.ToolSchemaError({ tool: name, problem: "there are two." }))
    names.add(name)
    return Effect.fromResult(ToolSchema.define(tool))
  })
  const limit = options.timeout ?? "5 minutes"
  return {
    turn: options.turn ?? {},
    definitions,
    maxTurns: options.maxTurns ?? 16,
    concurrency: options.concurrency ?? 4,
    whenInterrupted: options.whenInterrupted ?? "close",
    stopWhen: options.stopWhen,
    prepareTurn: options.prepareTurn,
    call: {
      tools: new Map(sources.flatMap(({ callables }) => [...callables])),
      timeout: (tool) => Duration.fromInputUnsafe(typeof limit === "function" ? limit(tool) : limit),
      maxResultLength: options.maxResultLength ?? 100_000,
      approve: options.approve,
      beforeTool: options.beforeTool,
      afterTool: options.afterTool,
      decisions: options.decisions ?? {},
      streams,
      onEvent
    }
  }
})
