/**
 * Sessions in Redis: a list for each.
 *
 * An append is a script, which Redis runs atomically: it pushes the entry if the
 * list has the expected length. How well entries survive a crash depends on the
 * persistence that Redis is configured with.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Door from "./internal/options.ts"
import * as SessionStore from "./SessionStore.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The prefix of the keys.
   *
   * @default "effect-claude:session:"
   */
  readonly prefix?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps sessions in Redis.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<SessionStore.SessionStore["Service"], never, Redis.Redis> {
  yield* OptionCheck.orDie(options, Door.prefix)
  const redis = yield* Redis.Redis
  const prefix = options?.prefix ?? "effect-claude:session:"
  const append = redis.eval(push)

  return SessionStore.make({
    append: (id, position, line) =>
      append(`${prefix}${id}`, position, line).pipe(
        Effect.map((added) => added === 1),
        Effect.mapError(problemOf)
      ),
    read: (id, from) =>
      redis.send<ReadonlyArray<string>>("LRANGE", `${prefix}${id}`, String(from), "-1").pipe(
        Effect.mapError(problemOf)
      ),
    truncate: (id, length) =>
      (length === 0
        ? redis.send("DEL", `${prefix}${id}`)
        : redis.send("LTRIM", `${prefix}${id}`, "0", String(length - 1))).pipe(
          Effect.asVoid,
          Effect.mapError(problemOf)
        ),
    remove: (id) => redis.send("DEL", `${prefix}${id}`).pipe(Effect.asVoid, Effect.mapError(problemOf)),
    list: scan(redis, prefix).pipe(
      Effect.map((keys) => keys.map((key) => key.slice(prefix.length))),
      Effect.mapError(problemOf)
    )
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps sessions in Redis.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<SessionStore.SessionStore, never, Redis.Redis> =>
  Layer.effect(SessionStore.SessionStore, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const push = Redis.script(
  (key: string, position: number, line: string) => [key, position, line],
  {
    lua: `if redis.call("LLEN", KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call("RPUSH", KEYS[1], ARGV[2])
return 1`,
    numberOfKeys: 1
  }
).withReturnType<number>()

/** All keys with the prefix. `SCAN` can return a key twice. */
const scan = Effect.fnUntraced(function*(
  redis: Redis.Redis["Service"],
  prefix: string
): Effect.fn.Return<ReadonlyArray<string>, Redis.RedisError> {
  const keys = new Set<string>()
  const match = `${prefix.replace(/[\\*?[\]]/g, "\\$&")}*`
  let cursor = "0"
  do {
    const [next, found] = yield* redis.send<readonly [string, ReadonlyArray<string>]>(
      "SCAN",
      cursor,
      "MATCH",
      match,
      "COUNT",
      "1000"
    )
    for (const key of found) keys.add(key)
    cursor = next
  } while (cursor !== "0")
  return [...keys]
})

const problemOf = (error: Redis.RedisError): SessionStore.BackendError => ({ problem: "Redis failed", cause: error })
