import * as SessionStore from "@effect-claude/session/SessionStore"
import { Effect, Layer } from "effect"

/** A store in memory that cannot be read until it is back. */
export const storeAway = () => {
  let away = true
  const layer = Layer.effect(
    SessionStore.SessionStore,
    Effect.map(Effect.service(SessionStore.SessionStore), (store) => ({
      ...store,
      read: (id: string, from?: number) =>
        away
          ? Effect.fail(new SessionStore.SessionStoreError({ operation: "read", id, problem: "it is away" }))
          : store.read(id, from)
    }))
  ).pipe(Layer.provide(SessionStore.layerMemory))
  const back = Effect.sync(() => {
    away = false
  })
  return { layer, back }
}
