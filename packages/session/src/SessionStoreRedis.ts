/**
 * Sessions in Redis: a list for each.
 *
 * Appending is a script, which Redis runs alone: it pushes if the list is as
 * long as expected. How well entries survive a crash is up to how Redis is set
 * up to write to disk.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
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
   * What the keys begin with.
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

/** All keys with the prefix. A key may come up twice while Redis moves things about. */
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
