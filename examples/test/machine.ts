/**
 * A machine as that of the cluster example, but for one thing: when words that ask for it were committed, it dies before
 * it can tell anybody.
 */
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as SessionEntity from "@effect-claude/session/SessionEntity"
import * as SessionMap from "@effect-claude/session/SessionMap"
import * as SessionStore from "@effect-claude/session/SessionStore"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import * as Machines from "../support/machines.ts"

const deadly = Layer.effect(
  SessionStore.SessionStore,
  Effect.map(Effect.service(SessionStore.SessionStore), (store) => ({
    ...store,
    append: (id: string, position: number, entry: SessionStore.Entry) =>
      Effect.tap(store.append(id, position, entry), () =>
        JSON.stringify(entry).includes("then die")
          ? Effect.andThen(Effect.sync(() => process.kill(process.pid, "SIGKILL")), Effect.never)
          : Effect.void)
  }))
).pipe(Layer.provide(Machines.here))

SessionEntity.layer(SessionEntity.make("Chat")).pipe(
  Layer.provide(SessionMap.layer({
    session: () => ({ model: "claude-sonnet-5-5", max_tokens: 1024, onProgress: () => Machines.asks })
  })),
  Layer.provide([Machines.here, deadly, ClaudeNode.layer()]),
  Layer.launch,
  NodeRuntime.runMain
)
