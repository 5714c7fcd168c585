// The API that documented examples talk to: the scripted one, on loopback. It lives as long as the test run.
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    readonly apiUrl: string
  }
}

export const setup = async (project: TestProject) => {
  const scope = Scope.makeUnsafe()
  const server = await Effect.runPromise(Scope.provide(ClaudeServer.make(Script.model()), scope))
  project.provide("apiUrl", server.url)
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
