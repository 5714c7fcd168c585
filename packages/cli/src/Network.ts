/**
 * The network below HTTP, as far as somebody who looks for a fault wants to see
 * it: names, ports, certificates.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a server showed when a secure connection was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handshake {
  /** Who signed the server's certificate, by name. */
  readonly issuer: string
  /** When it stops to hold, in milliseconds since the epoch. */
  readonly validTo: number
  /** Why it is not trusted, as OpenSSL names it; undefined for one that is. */
  readonly distrust: string | undefined
  readonly protocol: string
}

/**
 * Something on the way did not work.
 *
 * @category errors
 * @since 0.1.0
 */
export class NetworkError extends Data.TaggedError("NetworkError")<{
  /** The code of the failure, such as `ENOTFOUND`. */
  readonly code: string
}> {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * Looks at the network.
 *
 * @category services
 * @since 0.1.0
 */
export class Network extends Context.Service<Network, {
  /** Returns the addresses of a name. */
  readonly lookup: (host: string) => Effect.Effect<ReadonlyArray<string>, NetworkError>
  /** Whether something listens. */
  readonly connect: (host: string, port: number) => Effect.Effect<void, NetworkError>
  /** Makes a secure connection, trusted or not, and tells what was shown. */
  readonly handshake: (
    host: string,
    port: number,
    trusted: ReadonlyArray<string> | undefined
  ) => Effect.Effect<Handshake, NetworkError>
  /** What the runtime trusts by itself, in PEM. */
  readonly roots: Effect.Effect<ReadonlyArray<string>>
  /** The runtime and its version. */
  readonly runtime: string
}>()("effect-claude/Network") {}
