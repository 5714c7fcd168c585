/**
 * The network below HTTP, on Node.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Dns from "node:dns/promises"
import * as Net from "node:net"
import * as Tls from "node:tls"
import { Network, NetworkError } from "../Network.ts"

/**
 * What Node trusts by itself, with what `NODE_EXTRA_CA_CERTS` adds.
 *
 * @category constants
 * @since 0.1.0
 */
export const roots: Effect.Effect<ReadonlyArray<string>> = Effect.sync(() =>
  typeof Tls.getCACertificates === "function" ? Tls.getCACertificates("default") : Tls.rootCertificates
)

/** How long a server may take to answer the door, in milliseconds. */
const patience = 5000

/**
 * Layer that looks at the network of this machine.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (runtime: string): Layer.Layer<Network> =>
  Layer.succeed(
    Network,
    Network.of({
      runtime,
      roots,
      lookup: (host) =>
        Effect.tryPromise({
          try: () => Dns.lookup(host, { all: true }),
          catch: failure
        }).pipe(Effect.map((found) => found.map(({ address }) => address))),
      connect: (host, port) =>
        Effect.callback<void, NetworkError>((resume) => {
          const socket = Net.connect({ host, port, timeout: patience })
          listen(socket, resume)
          socket.once("connect", () => resume(Effect.void))
          socket.once("connect", () => socket.destroy())
          return Effect.sync(() => socket.destroy())
        }),
      handshake: (host, port, trusted) =>
        Effect.callback((resume) => {
          const socket = Tls.connect({
            host,
            port,
            timeout: patience,
            // Told, not refused: the point is to see who is there.
            rejectUnauthorized: false,
            ...(Net.isIP(host) === 0 ? { servername: host } : undefined),
            ...(trusted === undefined ? undefined : { ca: [...trusted] })
          })
          listen(socket, resume)
          socket.once("secureConnect", () => {
            const certificate = socket.getPeerCertificate()
            const problem: unknown = socket.authorizationError
            resume(Effect.succeed({
              issuer: nameOf(certificate.issuer),
              validTo: Option.match(DateTime.make(certificate.valid_to), {
                onNone: () => Number.NaN,
                onSome: DateTime.toEpochMillis
              }),
              distrust: socket.authorized ? undefined : codeOf(problem),
              protocol: socket.getProtocol() ?? "TLS"
            }))
            socket.destroy()
          })
          return Effect.sync(() => socket.destroy())
        })
    })
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const listen = (socket: Net.Socket, resume: (effect: Effect.Effect<never, NetworkError>) => void): void => {
  socket.once("error", (error) => {
    resume(Effect.fail(failure(error)))
  })
  socket.once("timeout", () => {
    socket.destroy()
    resume(Effect.fail(new NetworkError({ code: "ETIMEDOUT" })))
  })
}

const failure = (cause: unknown): NetworkError => new NetworkError({ code: codeOf(cause) })

const codeOf = (cause: unknown): string => {
  if (Predicate.isString(cause)) return cause
  if (Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code)) return cause.code
  return cause instanceof Error ? cause.message : "unknown"
}

/** The name of an issuer, as a person would say it. */
const nameOf = (issuer: Tls.PeerCertificate["issuer"] | undefined): string => {
  const parts = [issuer?.O, issuer?.CN].flat().filter((part) => part !== undefined)
  return parts.length === 0 ? "nobody" : Array.from(new Set(parts)).join(", ")
}
