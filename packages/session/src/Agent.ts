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
import * as Core from "./internal/core.ts"
import * as Lock from "./internal/lock.ts"
import * as Tools from "./internal/tools.ts"
import type { Session, TurnError } from "./Session.ts"
import { TurnAbandonedError } from "./SessionError.ts"
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
  readonly callables: Tools.Callables<R>
}

/**
 * A call that needs a decision.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApprovalRequest {
  readonly call: ContentBlock.ToolUse
  readonly tool: Tool.Any
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
   * Decides whether a call may run: yes, no, or no with a reason for the model. Runs
   * before each call of a tool that requires approval, and of one that does not state
   * that it is harmless (`Tool.Readonly`, or `needsApproval: false`). An approval that
   * dies is a denial. Without `approve`, tools that require approval are denied and all
   * others run.
   *
   * @default none
   */
  readonly approve?: ((request: ApprovalRequest) => Effect.Effect<boolean | string, never, R>) | undefined
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
   * Options of the turns. Instructions and `rewind` hold for the first. An `id` is
   * that of the run. A run that is over, at its limit or before, returns its outcome
   * again. One that failed or whose process was killed continues where it was, and its
   * open calls are answered with an error, since their tools may have run. When other
   * messages were sent since, it begins anew. A run that was taken back (rolled back,
   * rewound, undone) never was, and its id is free.
   *
   * @default {}
   */
  readonly turn?: Turn.Options | undefined
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
  callables: Tools.callables(toolkit, options?.trusted ?? false)
})

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/**
 * Sends a message and lets the model work until it calls no more tools. Without
 * an input it continues from the history: calls that are open, as after a run that
 * reached its limit, are run first.
 *
 * **Gotchas**
 *
 * Open calls of a run whose process was killed may have been run already. Give such
 * a run an `id` and run it again under that: then they are answered with an error.
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

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Obtains the tools, and describes them. */
const prepare = Effect.fnUntraced(function*<Tools extends Record<string, Tool.Any>, E, R>(
  options: Options<Tools, E, R>,
  streams: boolean,
  onEvent: (event: AgentEvent) => Effect.Effect<void>
): Effect.fn.Return<
  Loop.Options<R | Tool.HandlerServices<Tools[keyof Tools]>>,
  E | ToolSchema.ToolSchemaError,
  R
> {
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
    streams,
    call: {
      tools: new Map(sources.flatMap(({ callables }) => [...callables])),
      timeout: (tool) => Duration.fromInputUnsafe(typeof limit === "function" ? limit(tool) : limit),
      maxResultLength: options.maxResultLength ?? 100_000,
      approve: options.approve,
      onEvent
    }
  }
})
