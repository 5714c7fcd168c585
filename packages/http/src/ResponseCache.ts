/**
 * A cache of responses: a request that was sent before gets its response from the
 * cache, and nothing is sent.
 *
 * The key is the caller and the logical request: with which credential, headers and
 * tenant what is requested of which model, under which version and betas at which
 * address. So a response is found only by the caller that received it, unless it is
 * `shared`. How a request travels does not matter, so a streamed response serves
 * `create` and the reverse. The key is a hash that contains nothing of a prompt and no
 * credential. The value is the response, as the API sent it.
 *
 * Only whole answers are kept (`end_turn`, `stop_sequence`): no failure, no
 * refusal, nothing cut off, no call of a tool. Requests with tools that act on the
 * server, MCP servers or a container are never answered from it. An answer from
 * the cache has `cached` in its meta; its usage is what it once took.
 *
 * Over Effect's `Persistence`: `layer` keeps answers in the process, `layerStore`
 * wherever it says (Redis, SQL, a key-value store). Unlike `PersistedCache`, which
 * is built on the same, it hands out a stream as it arrives. A store that fails
 * costs a call to the API, not the answer, and the program's logger is told.
 *
 * **Example** (Asking once)
 *
 * ```ts
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as ResponseCache from "@effect-claude/http/ResponseCache"
 * import * as Layer from "effect/Layer"
 *
 * const ClaudeLive = ResponseCache.layer({ timeToLive: "1 day" }).pipe(Layer.provide(Claude.layerFetch()))
 * ```
 *
 * @since 0.1.0
 */
import * as JsonText from "@effect-claude/core/JsonText"
import * as Message from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Wire from "@effect-claude/core/Wire"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Persistable from "effect/persistence/Persistable"
import * as Persistence from "effect/persistence/Persistence"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Claude, Running } from "./Claude.ts"
import * as Identity from "./Identity.ts"
import * as Interceptor from "./Interceptor.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * What the cache does for a call.
 *
 * - `use`: answers from it, and keeps new answers
 * - `refresh`: asks the API, and keeps its answer
 * - `bypass`: neither
 *
 * @category options
 * @since 0.1.0
 */
export type Mode = "use" | "refresh" | "bypass"

/**
 * Options of the layers.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How long an answer is kept.
   *
   * @default "1 hour"
   */
  readonly timeToLive?: Duration.Input | undefined
  /**
   * Which requests the cache is for, of those that it may be for.
   *
   * @default all
   */
  readonly isFor?: ((request: MessageRequest) => boolean) | undefined
  /**
   * Under which name the answers are stored.
   *
   * @default "claude-responses"
   */
  readonly storeId?: string | undefined
  /**
   * Whether callers with other credentials, headers and tenants receive the same
   * responses.
   *
   * @default false
   */
  readonly shared?: boolean | undefined
}

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * What the cache does for the running calls.
 *
 * @category services
 * @since 0.1.0
 */
export const Mode: Context.Reference<Mode> = Context.Reference<Mode>("@effect-claude/http/ResponseCache/Mode", {
  defaultValue: () => "use"
})

/**
 * Says what the cache does for the calls of an effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withMode: {
  (mode: Mode): <S extends Running>(self: S) => S
  <S extends Running>(self: S, mode: Mode): S
} = dual(2, <S extends Running>(self: S, mode: Mode): S => provide(self, mode))

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that answers what a `Claude` was asked before, from this process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Claude, OptionCheck.ClaudeConfigError, Claude> =>
  Layer.provide(layerStore(options), Persistence.layerMemory)

/**
 * Layer that answers what a `Claude` was asked before, from a store.
 *
 * **Example** (Keeping answers in files)
 *
 * ```ts no-run
 * import * as ResponseCache from "@effect-claude/http/ResponseCache"
 * import * as NodeServices from "@effect/platform-node/NodeServices"
 * import * as Layer from "effect/Layer"
 * import * as KeyValueStore from "effect/persistence/KeyValueStore"
 * import * as Persistence from "effect/persistence/Persistence"
 *
 * const cached = ResponseCache.layerStore().pipe(
 *   Layer.provide(Persistence.layerKvs),
 *   Layer.provide(KeyValueStore.layerFileSystem("answers")),
 *   Layer.provide(NodeServices.layer)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (
  options?: Options
): Layer.Layer<Claude, OptionCheck.ClaudeConfigError, Claude | Persistence.Persistence> =>
  Interceptor.layer(
    Effect.gen(function*() {
      yield* OptionCheck.check(options, table)
      const persistence = yield* Persistence.Persistence
      const digest = yield* Digest.Digest
      const identity = yield* Identity.make
      const shared = options?.shared === true
      const store = yield* persistence.make({
        storeId: options?.storeId ?? "claude-responses",
        timeToLive: () => options?.timeToLive ?? "1 hour"
      })
      return (call: Interceptor.Call) => {
        const { request } = call
        if (request === undefined || !mayBeFor(call) || options?.isFor?.(request) === false) return notFollowed
        return Effect.flatMap(Mode, (mode) => {
          if (mode === "bypass") return notFollowed
          return Effect.flatMap(shared ? Effect.succeed(everyone) : identity.caller(call), (caller) => {
            // A caller that is not known gets no response of another.
            if (caller === undefined) return notFollowed
            const key = Effect.map(
              digest.digestHex(Digest.sha256, new TextEncoder().encode(canonical([caller, logical(call, request)]))),
              (hash) => new Answer({ hash })
            )
            const follower: Interceptor.Follower = {
              answer: mode === "use" ? Effect.flatMap(key, (key) => quietly(read(store, key))) : undefined,
              onEnd: (ending) =>
                ending._tag === "Completed" && ending.meta?.cached !== true && ending.message !== undefined &&
                  Message.isComplete(ending.message)
                  ? Effect.flatMap(key, (key) => quietly(store.set(key, Exit.succeed(JSON.stringify(ending.message)))))
                  : Effect.void
            }
            return Effect.succeed(follower)
          })
        })
      }
    }).pipe(Effect.provide(Digest.layerWebCrypto))
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<Options> = {
  timeToLive: OptionCheck.duration,
  isFor: OptionCheck.callable,
  storeId: OptionCheck.text("a text that is not empty", /[^]/),
  shared: OptionCheck.flag
}

/** The caller of a shared cache. */
const everyone = "everyone"

const notFollowed: Effect.Effect<Interceptor.Follower> = Effect.succeed({})

function provide<S extends Running>(self: S, mode: Mode): S
function provide(self: Running, mode: Mode): Running {
  return Stream.isStream(self) ? Stream.provideService(self, Mode, mode) : Effect.provideService(self, Mode, mode)
}

/** A request whose tools run on the server has effects, so its response is not cached. */
const mayBeFor = ({ exchange }: Interceptor.Call): boolean => exchange.repeatable

/** An answer, by the hash of its request, as the JSON it came as. */
class Answer extends Persistable.Class<{ payload: { hash: string } }>()("@effect-claude/http/ResponseCache/Answer", {
  primaryKey: ({ hash }) => hash,
  success: Schema.String
}) {}

const isMessage = Wire.is(Message.Message)

const read = (store: Persistence.PersistenceStore, key: Answer) =>
  Effect.map(store.get(key), (exit) => {
    if (exit === undefined || Exit.isFailure(exit)) return undefined
    const message = Result.getOrUndefined(JsonText.parse(exit.value))
    return isMessage(message) ? message : undefined
  })

const quietly = <A>(
  self: Effect.Effect<A, Persistence.PersistenceError | Schema.SchemaError>
): Effect.Effect<A | undefined> =>
  Effect.catch(
    self,
    (error) => Effect.as(Effect.logWarning(`The response cache cannot be used: ${error.message}`), undefined)
  )

// --- keys --------------------------------------------------------------------

/** Everything the answer depends on, and nothing else. */
const logical = ({ exchange, settings }: Interceptor.Call, request: MessageRequest): unknown => {
  const { stream: _, ...asked } = request
  return {
    host: settings.baseUrl,
    version: settings.version,
    betas: [...new Set([...settings.betas, ...exchange.betas ?? []])].toSorted(),
    asked
  }
}

/** Writes JSON with the fields of each object in order, so that their order does not matter. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) =>
    Predicate.isReadonlyObject(field) && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => a < b ? -1 : 1))
      : field)
