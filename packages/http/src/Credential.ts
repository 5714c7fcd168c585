/**
 * Credentials that are obtained, expire and are obtained anew.
 *
 * A `Credential` is shared by all calls of a layer, and obtains each token once:
 * callers that need one at the same time wait for the same exchange, which no
 * caller's interruption ends. A token is replaced before it expires, and once
 * after the API refused it, however many calls it refused.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A token, and when it expires.
 *
 * @category models
 * @since 0.1.0
 */
export interface Token {
  readonly value: Redacted.Redacted
  /** Milliseconds since the epoch. A token without it does not expire. */
  readonly expiresAt?: number | undefined
}

/**
 * A source of tokens.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credential {
  /** Returns the current token, and obtains one at the first call and when the current one is about to expire. */
  readonly get: Effect.Effect<Redacted.Redacted, CredentialError>
  /** Takes back a token that the API refused. Does nothing when it is not the current one any more. */
  readonly invalidate: (token: Redacted.Redacted) => Effect.Effect<void>
  /** When the current token expires, in milliseconds since the epoch. Undefined when that is not known. */
  readonly expiresAt: Effect.Effect<number | undefined>
  /**
   * The header that carries the token. `authorization` carries it as `Bearer`.
   *
   * @default "authorization"
   */
  readonly header?: "authorization" | "x-api-key" | undefined
  /**
   * Betas that every request with this credential needs.
   *
   * @default []
   */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * Headers that go with the token, such as the workspace it is for.
   *
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/**
 * Options of `make`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E> extends Pick<Credential, "header" | "betas" | "headers"> {
  /**
   * Obtains a token. `refused` is the token that the API refused last, so that a
   * cache does not return it again.
   */
  readonly obtain: (refused: Redacted.Redacted | undefined) => Effect.Effect<Token, E>
  /**
   * How long before its expiry a token is not used any more.
   *
   * @default "30 seconds"
   */
  readonly refreshBefore?: Duration.Input | undefined
  /**
   * How long before its expiry a token is replaced in the background, while it
   * is still used.
   *
   * @default "2 minutes"
   */
  readonly refreshEarly?: Duration.Input | undefined
  /**
   * How long an exchange may take.
   *
   * @default "30 seconds"
   */
  readonly timeout?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A token could not be obtained.
 *
 * @category errors
 * @since 0.1.0
 */
export class CredentialError extends Data.TaggedError("CredentialError")<{
  /** What happened and what to do. It holds no secret. */
  readonly message: string
  /** Whether trying again later can help. */
  readonly transient: boolean
}> {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a credential from the way to obtain its tokens. A failure that is not a
 * `CredentialError` becomes one without its text, which may hold a secret. Options
 * and tokens of another shape, as callers without types give them, fail as well.
 *
 * **Example** (Taking tokens from a vault)
 *
 * ```ts
 * import * as Credential from "@effect-claude/http/Credential"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const fromVault = Effect.succeed({ value: Redacted.make("token-1"), expiresAt: 1_800_000_000_000 })
 *
 * const program = Effect.gen(function*() {
 *   const credential = yield* Credential.make({ obtain: () => fromVault })
 *   return Redacted.value(yield* credential.get)
 * })
 *
 * Effect.runSync(program) // => "token-1"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <E>(options: Options<E>): Effect.Effect<Credential> =>
  Effect.sync(() => {
    const problem = OptionCheck.find({ ...options, obtain: options?.obtain ?? null }, table)
    if (problem !== undefined) return refusing(OptionCheck.format(problem))
    const before = Duration.toMillis(Duration.fromInputUnsafe(options.refreshBefore ?? "30 seconds"))
    const early = Duration.toMillis(Duration.fromInputUnsafe(options.refreshEarly ?? "2 minutes"))
    let token: Token | undefined
    let refused: Redacted.Redacted | undefined
    let exchange: Deferred.Deferred<Token, CredentialError> | undefined
    let lastFailure = -Infinity

    const obtain = called(() => options.obtain(refused)).pipe(
      Effect.flatMap(tokenOf),
      Effect.mapError((error) => error instanceof CredentialError ? error : unexplained),
      Effect.timeoutOrElse({
        duration: options.timeout ?? "30 seconds",
        orElse: () => Effect.fail(late)
      })
    )
    /** Starts the exchange, or joins the one that runs. It belongs to no caller. */
    const exchanged: Effect.Effect<Deferred.Deferred<Token, CredentialError>> = Effect.suspend(() => {
      if (exchange !== undefined) return Effect.succeed(exchange)
      const started = Deferred.makeUnsafe<Token, CredentialError>()
      exchange = started
      const run = Effect.onExit(obtain, (exit) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          exchange = undefined
          if (Exit.isSuccess(exit)) token = exit.value
          else lastFailure = now
          Deferred.doneUnsafe(started, exit)
        }))
      return Effect.as(Effect.forkDetach(Effect.exit(run)), started)
    })
    const fresh = Effect.map(
      Effect.flatMap(Effect.uninterruptible(exchanged), (started) => Deferred.await(started)),
      ({ value }) => value
    )
    const get = Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Redacted.Redacted, CredentialError> => {
      if (token === undefined) return fresh
      const left = (token.expiresAt ?? Infinity) - now
      if (left <= before) return fresh
      const { value } = token
      return left <= early && now - lastFailure >= retryEarly
        ? Effect.as(Effect.uninterruptible(exchanged), value)
        : Effect.succeed(value)
    })
    return {
      get,
      invalidate: (value) =>
        Effect.sync(() => {
          if (token === undefined || Redacted.value(token.value) !== Redacted.value(value)) return
          refused = token.value
          token = undefined
        }),
      expiresAt: Effect.sync(() => token?.expiresAt),
      header: options.header,
      betas: options.betas,
      headers: options.headers
    }
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: { readonly [K in keyof Required<Options<never>>]: OptionCheck.Check } = {
  obtain: OptionCheck.that("a function that returns an effect of a token", Predicate.isFunction),
  refreshBefore: OptionCheck.duration,
  refreshEarly: OptionCheck.duration,
  timeout: OptionCheck.duration,
  header: OptionCheck.that(
    "\"authorization\" or \"x-api-key\"",
    (value) => value === "authorization" || value === "x-api-key"
  ),
  betas: OptionCheck.list(OptionCheck.text("the name of a beta")),
  headers: OptionCheck.record(OptionCheck.text("a text"))
}

/** Returns a credential that cannot be obtained, because of its options. */
const refusing = (problem: string): Credential => ({
  get: Effect.fail(
    new CredentialError({ message: `Credential.make: ${problem.replace(/\.$/, "")}`, transient: false })
  ),
  invalidate: () => Effect.void,
  expiresAt: Effect.undefined
})

/** Calls a function that returns an effect. Callers without types may give one that throws, or returns a promise. */
const called = <A, E>(f: () => Effect.Effect<A, E>): Effect.Effect<A, E | CredentialError> =>
  Effect.suspend((): Effect.Effect<A, E | CredentialError> => {
    const effect = Result.getOrUndefined(Result.try(f))
    return Effect.isEffect(effect) ? effect : Effect.fail(noEffect)
  })

/** Checks a token, whose value may be a plain text. */
const tokenOf = (given: unknown): Effect.Effect<Token, CredentialError> => {
  const { expiresAt, value } = Predicate.isReadonlyObject(given) ? given : { expiresAt: undefined, value: undefined }
  const text = Redacted.isRedacted(value) ? Redacted.value(value) : value
  return typeof text === "string" &&
      (expiresAt === undefined || Predicate.isNumber(expiresAt) && !Number.isNaN(expiresAt))
    ? Effect.succeed({ value: Redacted.make(text), expiresAt })
    : Effect.fail(malformed)
}

const noEffect = new CredentialError({
  message: "The credential could not be obtained: its `obtain` did not return an effect. Wrap a promise in " +
    "`Effect.tryPromise`",
  transient: false
})

const malformed = new CredentialError({
  message: "The credential is malformed. Its source must return `{ value: Redacted.make(token), expiresAt }`",
  transient: false
})

/** The milliseconds after a failed exchange in which none is started in the background. */
const retryEarly = 5_000

const unexplained = new CredentialError({
  message: "The credential could not be obtained. Check its source",
  transient: false
})

const late = new CredentialError({ message: "The credential was not obtained in time", transient: true })
