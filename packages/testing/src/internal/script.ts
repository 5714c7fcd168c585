/**
 * The nodes a `Script` is made of, and the one function that takes the next
 * answer off it.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import type { RecordedRequest } from "../RecordedRequest.ts"
import type * as ScriptedModel from "../ScriptedModel.ts"
import type { Chunking, End, Malformed } from "./answer.ts"
import type { Json } from "./json.ts"

/**
 * The brand of scripts.
 *
 * @category type IDs
 * @since 0.1.0
 */
export const TypeId: TypeId = "~@effect-claude/testing/Script"

/**
 * The type of the brand.
 *
 * @category type IDs
 * @since 0.1.0
 */
export type TypeId = "~@effect-claude/testing/Script"

/** What answers one request. */
export type Step =
  | { readonly _tag: "Message"; readonly message: MessageSpec }
  | { readonly _tag: "Events"; readonly events: ReadonlyArray<{ readonly type: string }> }
  | {
    readonly _tag: "Raw"
    readonly status: number
    readonly contentType: string
    readonly body: string | Uint8Array
    readonly headers: { readonly [name: string]: string }
    /** Whether the headers of the API are left out, as of a response that did not come from it. */
    readonly isForeign?: boolean | undefined
  }
  | { readonly _tag: "Failure"; readonly failure: FailureSpec }
  | { readonly _tag: "Model"; readonly options: ScriptedModel.Options }
  | { readonly _tag: "Wire"; readonly bytes: Uint8Array }
  | { readonly _tag: "Silence" }
  | { readonly _tag: "NoHeaders"; readonly end: End }
  | { readonly _tag: "Unreachable"; readonly code: string }

/** A message that still lacks what only the request can tell: model, ids, usage. */
export interface MessageSpec extends Json {
  readonly content: ReadonlyArray<{ readonly type: string } | (Json & { readonly type: string })>
}

/** An error in the API's envelope. */
export interface FailureSpec {
  readonly status: number
  readonly type: string
  readonly message: string
  readonly details?: Json | undefined
  readonly headers: { readonly [name: string]: string }
}

/** A place in a body. */
export type Place = "headers" | { readonly bytes: number } | { readonly events: number }

/** What happens to an answer on its way out. */
export type Effect =
  | { readonly _tag: "Cut"; readonly place: Place; readonly end: End }
  | { readonly _tag: "ErrorEvent"; readonly place: Place; readonly failure: FailureSpec }
  | { readonly _tag: "Chunked"; readonly chunking: Chunking }
  | { readonly _tag: "Slow"; readonly millis: number }
  | { readonly _tag: "Delay"; readonly millis: number }
  | { readonly _tag: "Pause"; readonly place: Place; readonly millis: number }
  | { readonly _tag: "Headers"; readonly headers: { readonly [name: string]: string | undefined } }
  | { readonly _tag: "Malformed"; readonly malformed: Malformed }
  | { readonly _tag: "Gzip" }
  | { readonly _tag: "Interleave" }
  | { readonly _tag: "Informational"; readonly statuses: ReadonlyArray<number> }

export type Node =
  | { readonly _tag: "Once"; readonly step: Step }
  | { readonly _tag: "Sequence"; readonly scripts: ReadonlyArray<Script> }
  | { readonly _tag: "Forever"; readonly script: Script }
  | { readonly _tag: "Times"; readonly script: Script; readonly whole: Script; readonly times: number }
  | { readonly _tag: "Changed"; readonly script: Script; readonly effect: Effect }
  | { readonly _tag: "When"; readonly script: Script; readonly accepts: (request: RecordedRequest) => boolean }
  | { readonly _tag: "Respond"; readonly respond: (request: RecordedRequest) => Script }

/**
 * Answers in the order they are given.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script extends Pipeable {
  readonly [TypeId]: Node
}

export const make = (node: Node): Script => ({
  [TypeId]: node,
  pipe() {
    return pipeArguments(this, arguments)
  }
})

export const once = (step: Step): Script => make({ _tag: "Once", step })

export const empty: Script = make({ _tag: "Sequence", scripts: [] })

/** The answer to one request, and what the script still holds. */
export interface Next {
  readonly step: Step
  readonly effects: ReadonlyArray<Effect>
  readonly rest: Script
}

/** Takes the first answer that fits `request`. None when the script is exhausted or its next step is for another kind of request. */
export const next = (script: Script, request: RecordedRequest): Option.Option<Next> => {
  const node = script[TypeId]
  switch (node._tag) {
    case "Once":
      return fits(node.step, request) ? Option.some({ step: node.step, effects: [], rest: empty }) : Option.none()
    case "Sequence": {
      const first = node.scripts.findIndex((each) => !isEmpty(each))
      if (first === -1) return Option.none()
      return Option.map(next(node.scripts[first]!, request), ({ rest, ...found }) => ({
        ...found,
        rest: sequence([rest, ...node.scripts.slice(first + 1)])
      }))
    }
    case "Forever":
      return Option.map(next(node.script, request), ({ rest, ...found }) => ({
        ...found,
        rest: sequence([rest, script])
      }))
    case "Times":
      if (node.times < 1) return Option.none()
      return Option.map(next(node.script, request), (found) => ({
        ...found,
        rest: make({
          ...node,
          script: isEmpty(found.rest) ? node.whole : found.rest,
          times: node.times - 1
        })
      }))
    case "Changed":
      return Option.map(next(node.script, request), (found) => ({
        step: found.step,
        effects: [...found.effects, node.effect],
        rest: isEmpty(found.rest) ? empty : make({ ...node, script: found.rest })
      }))
    case "When":
      if (!node.accepts(request)) return Option.none()
      return Option.map(next(node.script, request), (found) => ({
        ...found,
        rest: isEmpty(found.rest) ? empty : make({ ...node, script: found.rest })
      }))
    case "Respond":
      return Option.map(next(node.respond(request), request), (found) => ({ ...found, rest: script }))
  }
}

export const sequence = (scripts: ReadonlyArray<Script>): Script => {
  const left = scripts.filter((each) => !isEmpty(each))
  return left.length === 1 ? left[0]! : make({ _tag: "Sequence", scripts: left })
}

export const isEmpty = (script: Script): boolean => {
  const node = script[TypeId]
  switch (node._tag) {
    case "Sequence":
      return node.scripts.every(isEmpty)
    case "Times":
      return node.times < 1 || isEmpty(node.script)
    case "Forever":
    case "Changed":
    case "When":
      return isEmpty(node.script)
    default:
      return false
  }
}

/** Messages are for `POST /v1/messages`; a failure can meet any request. */
const fits = (step: Step, request: RecordedRequest): boolean =>
  step._tag !== "Message" && step._tag !== "Events" && step._tag !== "Model" ||
  request.path.endsWith("/v1/messages")
