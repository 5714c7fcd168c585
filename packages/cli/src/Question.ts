/**
 * A question as the command line asks it: words, what is piped in, images and
 * documents, made into a request.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { attachment } from "./Attachment.ts"
import { usage } from "./Failure.ts"
import * as Files from "./Files.ts"
import { Screen } from "./Screen.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a request is made of.
 *
 * @category models
 * @since 0.1.0
 */
export interface Question {
  readonly prompt: ReadonlyArray<string>
  readonly model: string
  readonly system: Option.Option<string>
  readonly image: ReadonlyArray<string>
  readonly pdf: ReadonlyArray<string>
  readonly maxTokens: number
  readonly temperature?: Option.Option<number> | undefined
  readonly schema?: Option.Option<string> | undefined
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Makes the request.
 *
 * @category conversions
 * @since 0.1.0
 */
export const compose = Effect.fnUntraced(function*(input: Question) {
  const attached = [
    ...(yield* Effect.forEach(input.image, (source) => attachment("image", source))),
    ...(yield* Effect.forEach(input.pdf, (source) => attachment("pdf", source)))
  ]
  const words = input.prompt.join(" ")
  const piped = yield* standardInput
  const prompt = [words, piped].filter((part) => part.trim() !== "").join("\n\n")
  if (prompt === "") {
    return yield* usage(
      "There is nothing to ask.",
      "Write the question after `ask`, or send it on standard input. `effect-claude chat` is for talking."
    )
  }
  const file = Option.getOrUndefined(input.schema ?? Option.none())
  const schema = file === undefined ? undefined : yield* strictSchema(file)
  const temperature = Option.getOrUndefined(input.temperature ?? Option.none())
  const request: MessageRequest.MessageRequest = {
    model: input.model,
    max_tokens: input.maxTokens,
    ...(Option.isSome(input.system) ? { system: input.system.value } : undefined),
    ...(temperature === undefined ? undefined : { temperature }),
    ...(schema === undefined ? undefined : { output_config: { format: { type: "json_schema", schema } } }),
    messages: [MessageRequest.user(attached.length === 0 ? prompt : [...attached, Content.text(prompt)])]
  }
  return request
})

/** Reads a JSON Schema and narrows it to what structured output takes. Warns about what that leaves out. */
const strictSchema = Effect.fnUntraced(function*(file: string) {
  const { err } = yield* Screen
  const schema = yield* Files.json(file)
  if (!Predicate.isReadonlyObject(schema)) {
    return yield* usage(`${file} is not a JSON Schema: it is not an object.`, "Write the schema of an object.")
  }
  const strict = JsonSchemaTransform.strict(schema)
  for (const { message, path } of strict.problems) {
    yield* err.warn(`${file}${path.length === 0 ? "" : ` at ${path.join(".")}`}: ${message}`)
  }
  return strict.schema
})

/**
 * What is piped in. A terminal has nothing to say before it is asked.
 *
 * @category input
 * @since 0.1.0
 */
export const standardInput = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  if (yield* stdio.stdinIsTerminal) return ""
  return yield* Stream.mkString(Stream.decodeText(stdio.stdin))
})
