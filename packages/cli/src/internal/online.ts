/**
 * The API over the network: undici, the proxy of the flags or the environment,
 * and a certificate authority of the user's.
 *
 * @since 0.1.0
 */
import * as Rules from "@effect-claude/core/Rules"
import type { Options } from "@effect-claude/http/ClaudeConfig"
import * as CredentialProfile from "@effect-claude/http/CredentialProfile"
import * as Network from "@effect-claude/http/node/Network"
import * as UndiciHttpClient from "@effect-claude/http/node/UndiciHttpClient"
import * as Timeouts from "@effect-claude/http/Timeouts"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Target } from "../Connection.ts"
import { usage } from "../Failure.ts"
import * as Files from "../Files.ts"

/** Layer that connects to a target over undici. */
export const online = (target: Target, options: Options | undefined) =>
  CredentialProfile.layer({
    rules: Rules.standard,
    ...options,
    baseUrl: options?.baseUrl ?? Option.getOrUndefined(target.baseUrl)
  }).pipe(
    Layer.provideMerge(UndiciHttpClient.layer),
    Layer.provide(NodePath.layer),
    Layer.provide(Layer.effect(NodeHttpClient.Dispatcher, dispatcher(target, options)))
  )

const dispatcher = Effect.fnUntraced(function*({ ca, proxy }: Target, options: Options | undefined) {
  return yield* Network.make({
    proxy: Option.match(proxy, { onNone: () => "environment" as const, onSome: (url) => ({ url }) }),
    ca: Option.isNone(ca) ? undefined : yield* Files.bytes(ca.value),
    connect: Timeouts.make(options?.timeouts).connect
  }).pipe(Effect.catchTags({
    ProxyError: ({ message }) => Effect.fail(usage(message)),
    CertificateError: ({ message }) => Effect.fail(usage(`${Option.getOrElse(ca, () => "--ca")}: ${message}`))
  }))
})
