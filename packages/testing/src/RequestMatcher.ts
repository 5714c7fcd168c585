/**
 * What a test expects of a request, with a readable account of what it got
 * instead.
 *
 * A matcher is data: it combines with others, decides (`matches`), explains
 * (`mismatches`), and asserts (`expect`) with an error that lists every
 * difference by its path.
 *
 * **Example** (Explaining what is wrong with a request)
 *
 * ```ts
 * import * as RequestMatcher from "@effect-claude/testing/RequestMatcher"
 *
 * const matcher = RequestMatcher.all(
 *   RequestMatcher.endpoint("POST", "/v1/messages"),
 *   RequestMatcher.body({ model: "claude-opus-5", stream: true })
 * )
 *
 * const mismatches = RequestMatcher.mismatches(matcher, {
 *   index: 0,
 *   at: 0,
 *   method: "POST",
 *   url: "/v1/messages",
 *   path: "/v1/messages",
 *   query: {},
 *   headers: {},
 *   body: { model: "claude-sonnet-5", stream: true }
 * })
 *
 * mismatches // => ['body.model: expected "claude-opus-5", got "claude-sonnet-5"']
 * ```
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import * as Diff from "./internal/diff.ts"
import { array, record, records, string, textOf } from "./internal/json.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What is expected of a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestMatcher extends Pipeable {
  /** What is expected, in words. */
  readonly description: string
  /** Says what is wrong with a request, in a line for each thing. */
  readonly explain: (request: RecordedRequest) => ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * No request is as expected.
 *
 * @category errors
 * @since 0.1.0
 */
export class Mismatch extends Data.TaggedError("Mismatch")<{
  /** What was expected, in words. */
  readonly expected: string
  /** What is wrong with each request that was looked at. */
  readonly found: ReadonlyArray<{ readonly request: RecordedRequest; readonly mismatches: ReadonlyArray<string> }>
}> {
  override get message(): string {
    const found = this.found.map(({ mismatches, request }) =>
      [`  request ${request.index + 1}, ${request.method} ${request.url}`, ...mismatches.map((line) => `    ${line}`)]
        .join("\n")
    )
    return `Expected a request with ${this.expected}; ${found.length === 0 ? "there was none." : "found"}` +
      found.map((each) => `\n${each}`).join("")
  }
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a matcher from what it expects, in words, and a function that says
 * what is wrong.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  description: string,
  explain: (request: RecordedRequest) => ReadonlyArray<string>
): RequestMatcher => ({
  description,
  explain,
  pipe() {
    return pipeArguments(this, arguments)
  }
})

/**
 * Expects a method and a path.
 *
 * @category constructors
 * @since 0.1.0
 */
export const endpoint = (method: string, path: string): RequestMatcher =>
  make(`${method} ${path}`, (request) => [
    ...compare("method", method, request.method),
    ...compare("path", path, request.path)
  ])

/**
 * Expects a header: a value, a pattern, or with `undefined` its absence.
 *
 * @category constructors
 * @since 0.1.0
 */
export const header = (name: string, value: string | RegExp | undefined): RequestMatcher =>
  make(
    value === undefined ? `no header ${name}` : `header ${name}: ${String(value)}`,
    (request) => compare(`headers.${name.toLowerCase()}`, value, request.headers[name.toLowerCase()])
  )

/**
 * Expects a body with at least these fields. Lists have to be the same length.
 *
 * @category constructors
 * @since 0.1.0
 */
export const body = (fields: { readonly [field: string]: unknown }): RequestMatcher =>
  make(`a body with ${Diff.show(fields)}`, (request) => lines(Diff.differences(fields, request.body, "body", true)))

/**
 * Expects exactly this body.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bodyEquals = (body: unknown): RequestMatcher =>
  make(`the body ${Diff.show(body)}`, (request) => lines(Diff.differences(body, request.body, "body", false)))

/**
 * Expects something of the text of the last turn by the user.
 *
 * @category constructors
 * @since 0.1.0
 */
export const prompt = (text: string | RegExp): RequestMatcher =>
  make(`the prompt ${String(text)}`, (request) => compare("the last user turn", text, lastPrompt(request)))

/**
 * Expects turns with these roles, in order.
 *
 * @category constructors
 * @since 0.1.0
 */
export const roles = (...roles: ReadonlyArray<string>): RequestMatcher =>
  make(
    `the roles ${roles.join(", ")}`,
    (request) => compare("roles", roles.join(", "), turns(request).map((turn) => String(turn["role"])).join(", "))
  )

/**
 * Expects a tool to be offered.
 *
 * @category constructors
 * @since 0.1.0
 */
export const tool = (name: string): RequestMatcher =>
  make(`the tool ${name}`, (request) => {
    const names = records(record(request.body)["tools"]).map((tool) => String(tool["name"] ?? tool["type"]))
    return names.includes(name) ? [] : [`body.tools: expected ${name}, got ${Diff.show(names)}`]
  })

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Expects everything.
 *
 * @category combinators
 * @since 0.1.0
 */
export const all = (...matchers: ReadonlyArray<RequestMatcher>): RequestMatcher =>
  make(
    matchers.map(({ description }) => description).join(" and "),
    (request) => matchers.flatMap((matcher) => matcher.explain(request))
  )

/**
 * Expects one thing or another.
 *
 * @category combinators
 * @since 0.1.0
 */
export const any = (...matchers: ReadonlyArray<RequestMatcher>): RequestMatcher =>
  make(matchers.map(({ description }) => description).join(" or "), (request) => {
    const explained = matchers.map((matcher) => matcher.explain(request))
    return explained.some((lines) => lines.length === 0) ? [] : explained.flat()
  })

/**
 * Expects the contrary.
 *
 * @category combinators
 * @since 0.1.0
 */
export const not = (self: RequestMatcher): RequestMatcher =>
  make(
    `not ${self.description}`,
    (request) => self.explain(request).length > 0 ? [] : [`expected not ${self.description}`]
  )

// -----------------------------------------------------------------------------
// matching
// -----------------------------------------------------------------------------

/**
 * Turns a matcher into a predicate, for `Script.when` and for filtering.
 *
 * @category matching
 * @since 0.1.0
 */
export const matches = (self: RequestMatcher) => (request: RecordedRequest): boolean =>
  self.explain(request).length === 0

/**
 * Says what is wrong with a request, in a line for each thing.
 *
 * @category matching
 * @since 0.1.0
 */
export const mismatches = (matcher: RequestMatcher, request: RecordedRequest): ReadonlyArray<string> =>
  matcher.explain(request)

/**
 * Returns the first request that is as expected, or fails with what is wrong
 * with each.
 *
 * @category matching
 * @since 0.1.0
 */
export const expect = (
  requests: Effect.Effect<ReadonlyArray<RecordedRequest>>,
  matcher: RequestMatcher
): Effect.Effect<RecordedRequest, Mismatch> =>
  Effect.flatMap(requests, (requests) => {
    const request = requests.find((request) => matcher.explain(request).length === 0)
    return request === undefined
      ? Effect.fail(
        new Mismatch({
          expected: matcher.description,
          found: requests.map((request) => ({ request, mismatches: matcher.explain(request) }))
        })
      )
      : Effect.succeed(request)
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const turns = (request: RecordedRequest) => records(record(request.body)["messages"])

const lastPrompt = (request: RecordedRequest): string | undefined => {
  const last = turns(request).findLast((turn) => turn["role"] === "user")
  return last === undefined ? undefined : string(last["content"]) ?? textOf(array(last["content"]))
}

const compare = (path: string, expected: string | RegExp | undefined, actual: string | undefined) => {
  const isSame = expected instanceof RegExp
    ? actual !== undefined && actual.search(expected) !== -1
    : expected === actual
  return isSame
    ? []
    : [
      `${path}: expected ${expected instanceof RegExp ? String(expected) : Diff.show(expected)}, got ${
        Diff.show(actual)
      }`
    ]
}

const lines = (differences: ReadonlyArray<Diff.Difference>): ReadonlyArray<string> =>
  differences.map(({ actual, expected, path }) => `${path}: expected ${Diff.show(expected)}, got ${Diff.show(actual)}`)
