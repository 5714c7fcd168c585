/**
 * Checks the options of constructors at run time, as callers without types reach
 * them: plain JavaScript, `any`, parsed JSON.
 *
 * A table names each option and what it accepts. The first problem names the
 * option, what is expected and, for a name of another library, what to use in
 * its place. It never quotes a value: a secret may have been put anywhere.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Secret from "./Secret.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What is wrong with some options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  /** The option, such as `timeouts.idle`. Empty when the options as a whole are at fault. */
  readonly option: string
  /** What is expected of it. */
  readonly expected: string
  /** What to use in its place, when the name belongs to another library. */
  readonly instead?: string | undefined
}

/**
 * A check of one option. It returns undefined when the value is accepted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Check {
  (value: unknown): Problem | undefined
  /**
   * Whether the option must be given.
   *
   * @default false
   */
  readonly isRequired?: boolean | undefined
}

/**
 * The options of a constructor, with the check of each.
 *
 * @category models
 * @since 0.1.0
 */
export interface Table {
  readonly [option: string]: Check
}

/**
 * A table that has every option of a type.
 *
 * @category models
 * @since 0.1.0
 */
export type TableOf<A> = { readonly [K in keyof Required<A>]: Check }

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A constructor cannot use its options.
 *
 * @category errors
 * @since 0.1.0
 */
export class ClaudeConfigError extends Data.TaggedError("ClaudeConfigError")<{
  /** The option at fault, such as `timeouts.idle`; `runtime` if a layer does not work on this runtime. */
  readonly option: string
  /** What is wrong with it, and what to do. It quotes no value. */
  readonly message: string
  /** What is expected of the option. */
  readonly expected?: string | undefined
  /** What to use in its place, when the name belongs to another library. */
  readonly instead?: string | undefined
}> {}

// -----------------------------------------------------------------------------
// checks
// -----------------------------------------------------------------------------

/**
 * Accepts what a predicate accepts.
 *
 * @category checks
 * @since 0.1.0
 */
export const that = (expected: string, is: (value: unknown) => boolean): Check => (value) =>
  is(value) ? undefined : { option: "", expected }

/**
 * Accepts what a check accepts, and nothing else: the option must be given.
 *
 * @category checks
 * @since 0.1.0
 */
export const required = (check: Check): Check =>
  Object.assign((value: unknown): Problem | undefined => check(value), { isRequired: true })

/**
 * Accepts functions.
 *
 * @category checks
 * @since 0.1.0
 */
export const callable: Check = that("a function", Predicate.isFunction)

/**
 * Accepts some texts and no others.
 *
 * @category checks
 * @since 0.1.0
 */
export const choice = (...values: ReadonlyArray<string>): Check =>
  that(
    values.map((value) => JSON.stringify(value)).join(" or "),
    (value) => typeof value === "string" && values.includes(value)
  )

/**
 * Accepts true and false.
 *
 * @category checks
 * @since 0.1.0
 */
export const flag: Check = that("true or false", (value) => typeof value === "boolean")

/**
 * Accepts a text, unless it holds a key of the API: that belongs to the options
 * for credentials, which are never printed.
 *
 * @category checks
 * @since 0.1.0
 */
export const text = (expected: string, pattern: RegExp = /^/): Check => (value) =>
  typeof value !== "string" || !pattern.test(value)
    ? { option: "", expected }
    : value.includes("sk-ant-")
    ? { option: "", expected: "a value without a key: give the key as `apiKey`" }
    : undefined

/**
 * Accepts a number in a range. Without `infinite`, it has to be finite.
 *
 * @category checks
 * @since 0.1.0
 */
export const number = (
  expected: string,
  range: { readonly min: number; readonly max?: number; readonly integer?: boolean; readonly infinite?: boolean }
): Check =>
  that(expected, (value) =>
    typeof value === "number" && value >= range.min && value <= (range.max ?? Infinity) &&
    (Number.isFinite(value) ? range.integer !== true || Number.isInteger(value) : range.infinite === true))

/**
 * Accepts a duration that is not negative: milliseconds, a text such as
 * `"30 seconds"`, or a `Duration`.
 *
 * @category checks
 * @since 0.1.0
 */
export const duration: Check = that(
  "a duration that is not negative, such as \"30 seconds\", a number of milliseconds or Duration.infinity",
  (value) => Option.exists(durationOf(value), (duration) => Duration.toMillis(duration) >= 0)
)

/**
 * Accepts a list whose items a check accepts.
 *
 * @category checks
 * @since 0.1.0
 */
export const list = (item: Check): Check => (value) => {
  if (!Array.isArray(value)) return { option: "", expected: "a list" }
  for (let i = 0; i < value.length; i++) {
    const problem = item(value[i])
    if (problem !== undefined) return within(`[${i}]`, problem)
  }
  return undefined
}

/**
 * Accepts an object whose fields a check accepts. `name` says what a field stands
 * for: its name is foreign, and is not quoted.
 *
 * @category checks
 * @since 0.1.0
 */
export const record = (field: Check): Check => (value) => {
  if (!Predicate.isObject(value)) return { option: "", expected: "an object" }
  for (const [name, item] of Object.entries(value)) {
    const problem = item === undefined ? undefined : field(item)
    if (problem !== undefined) return within(nameOf(name), problem)
  }
  return undefined
}

/**
 * Accepts an object whose fields are the options of a table, and no others.
 *
 * @category checks
 * @since 0.1.0
 */
export const options = (table: Table, names: { readonly [name: string]: string } = {}): Check => (value) =>
  find(value, table, names)

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

/**
 * Returns the first problem with some options. Options that are undefined are
 * accepted unless they are required. `names` maps names of another library to what
 * is used in their place.
 *
 * **Example** (Naming our option)
 *
 * ```ts
 * import * as OptionCheck from "@effect-claude/core/OptionCheck"
 *
 * const table = { baseUrl: OptionCheck.text("a URL") }
 * const problem = OptionCheck.find({ baseURL: "https://…" }, table, { baseURL: "`baseUrl`" })
 *
 * problem && OptionCheck.format(problem) // => "baseURL: this name belongs to another library. Use `baseUrl`."
 * ```
 *
 * @category checking
 * @since 0.1.0
 */
export const find = (
  value: unknown,
  table: Table,
  names: { readonly [name: string]: string } = {}
): Problem | undefined => {
  const given: unknown = value ?? {}
  if (!Predicate.isObject(given) || value === null) return { option: "", expected: "an object with options" }
  for (const [name, option] of Object.entries(given)) {
    if (option === undefined) continue
    const check = Object.hasOwn(table, name) ? table[name] : undefined
    const problem = check === undefined ? unknown(name, table, names) : check(option)
    if (problem !== undefined) return check === undefined ? problem : within(name, problem)
  }
  for (const [name, check] of Object.entries(table)) {
    if (check.isRequired !== true || (Object.hasOwn(given, name) && Reflect.get(given, name) !== undefined)) continue
    const problem = check(undefined)
    if (problem !== undefined) return within(name, problem)
  }
  return undefined
}

/**
 * Dies with the first problem of the options that a table has, and leaves others
 * alone. For options beside the fields of a request, which is checked when it is
 * sent.
 *
 * @category checking
 * @since 0.1.0
 */
export const knownOrDie = (value: unknown, table: Table): Effect.Effect<void> =>
  orDie(
    Predicate.isObject(value)
      ? Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(table, name)))
      : value,
    table
  )

/**
 * Fails with the first problem of some options.
 *
 * @category checking
 * @since 0.1.0
 */
export const check = (
  value: unknown,
  table: Table,
  names: { readonly [name: string]: string } = {}
): Effect.Effect<void, ClaudeConfigError> => {
  const problem = find(value, table, names)
  return problem === undefined
    ? Effect.void
    : Effect.fail(new ClaudeConfigError({ ...problem, message: format(problem) }))
}

/**
 * Dies with the `ClaudeConfigError` of `check`, for constructors whose typed callers
 * cannot give a wrong option.
 *
 * @category checking
 * @since 0.1.0
 */
export const orDie = (
  value: unknown,
  table: Table,
  names: { readonly [name: string]: string } = {}
): Effect.Effect<void> => Effect.orDie(check(value, table, names))

/**
 * Fails with a problem of one option. What looks like a secret is taken out of its
 * text.
 *
 * @category checking
 * @since 0.1.0
 */
export const refuse = (option: string, problem: string): Effect.Effect<never, ClaudeConfigError> =>
  Effect.fail(new ClaudeConfigError({ option, message: Secret.clean(`${option}: ${problem}.`) }))

/**
 * Writes a problem as a sentence.
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = ({ expected, instead, option }: Problem): string =>
  `${option === "" ? "options" : option}: ${instead === undefined ? `expected ${expected}` : expected}.` +
  (instead === undefined ? "" : ` Use ${instead}.`)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const within = (name: string, problem: Problem): Problem => ({
  ...problem,
  option: problem.option === "" || problem.option.startsWith("[")
    ? `${name}${problem.option}`
    : `${name}.${problem.option}`
})

const unknown = (name: string, table: Table, names: { readonly [name: string]: string }): Problem => {
  const option = nameOf(name)
  const foreign = Object.hasOwn(names, name) ? names[name] : undefined
  if (foreign !== undefined) return { option, expected: "this name belongs to another library", instead: foreign }
  const near = Object.keys(table).find((known) => fold(known) === fold(name))
  return near === undefined
    ? { option, expected: `one of the options ${Object.keys(table).join(", ")}` }
    : { option, expected: "the name is spelled otherwise", instead: `\`${near}\`` }
}

const fold = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "")

/** A foreign name, as it may be printed. */
const nameOf = (name: string): string => /^[\w-]{1,60}$/.test(name) ? Secret.clean(name) : "[a name]"

const durationOf = (value: unknown): Option.Option<Duration.Duration> =>
  isInput(value) ? Duration.fromInput(value) : Option.none()

const isInput = (value: unknown): value is Duration.Input =>
  Duration.isDuration(value) || (typeof value === "number" && !Number.isNaN(value)) || typeof value === "bigint" ||
  typeof value === "string" ||
  (Predicate.isObject(value) && Object.keys(value).length > 0 && Object.keys(value).every((unit) => units.has(unit))) ||
  (Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "number"))

const units: ReadonlySet<string> = new Set([
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
])
