/**
 * Sessions in a `KeyValueStore`, such as a browser's storage.
 *
 * **Gotchas**
 *
 * A key-value store cannot compare and set, so this is for a single writer: one
 * tab, one process. Calls through one layer are serialised; two layers over the
 * same storage do not notice each other and can overwrite each other's last entry.
 * Where there can be two writers, use another store.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Semaphore from "effect/Semaphore"
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
   * @default "effect-claude/session/"
   */
  readonly prefix?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps sessions in a key-value store.
 *
 * **Details**
 *
 * An entry is written under a key of its own and counts once the session's
 * length says so, so a crash between the two loses the entry and nothing else.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<SessionStore.SessionStore["Service"], never, KeyValueStore.KeyValueStore> {
  yield* OptionCheck.orDie(options, Door.prefix)
  const kv = KeyValueStore.prefix(yield* KeyValueStore.KeyValueStore, options?.prefix ?? "effect-claude/session/")
  const alone = Semaphore.makeUnsafe(1).withPermits(1)

  const ids = Effect.map(
    kv.get("ids"),
    (text) => text === undefined || text === "" ? [] : text.split("\n").map(decodeURIComponent)
  )
  const setIds = (ids: ReadonlyArray<string>) => kv.set("ids", ids.map(encodeURIComponent).join("\n"))
  const lengthKey = (id: string) => `${encodeURIComponent(id)}/length`
  const entryKey = (id: string, position: number) => `${encodeURIComponent(id)}/${position}`
  const lengthOf = (id: string) => Effect.map(kv.get(lengthKey(id)), (text) => Number(text ?? "0"))

  return SessionStore.make({
    append: Effect.fnUntraced(
      function*(id, position, line) {
        if ((yield* lengthOf(id)) !== position) return false
        yield* kv.set(entryKey(id, position), line)
        if (position === 0) yield* setIds([...new Set([...yield* ids, id])])
        yield* kv.set(lengthKey(id), String(position + 1))
        return true
      },
      Effect.mapError(problemOf),
      alone
    ),
    read: Effect.fnUntraced(
      function*(id, from) {
        const length = yield* lengthOf(id)
        const lines: Array<string> = []
        for (let position = from; position < length; position++) {
          lines.push((yield* kv.get(entryKey(id, position))) ?? "")
        }
        return lines
      },
      Effect.mapError(problemOf),
      alone
    ),
    truncate: Effect.fnUntraced(
      function*(id, length) {
        const before = yield* lengthOf(id)
        if (before <= length) return
        yield* kv.set(lengthKey(id), String(length))
        if (length === 0) yield* setIds((yield* ids).filter((other) => other !== id))
        for (let position = length; position < before; position++) yield* kv.remove(entryKey(id, position))
      },
      Effect.mapError(problemOf),
      alone
    ),
    remove: Effect.fnUntraced(
      function*(id) {
        const length = yield* lengthOf(id)
        yield* kv.remove(lengthKey(id))
        yield* setIds((yield* ids).filter((other) => other !== id))
        for (let position = 0; position < length; position++) yield* kv.remove(entryKey(id, position))
      },
      Effect.mapError(problemOf),
      alone
    ),
    list: alone(Effect.mapError(ids, problemOf))
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps sessions in a key-value store, for a single writer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<SessionStore.SessionStore, never, KeyValueStore.KeyValueStore> =>
  Layer.effect(SessionStore.SessionStore, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const problemOf = (error: KeyValueStore.KeyValueStoreError): SessionStore.BackendError => ({
  problem: "the key-value store failed",
  cause: error
})
