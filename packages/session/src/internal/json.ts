/**
 * The stored form of a history, and how earlier forms are read.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Entry } from "../History.ts"

/** The version that is written. */
export const version = 1

const UserEntry = Wire.struct("UserEntry", {
  type: Schema.Literal("user"),
  content: Schema.Array(Content.Content),
  continues: Schema.optional(Schema.Boolean)
})

const ReplyEntry = Wire.struct("ReplyEntry", {
  type: Schema.Literal("reply"),
  message: Message.Message,
  setAside: Schema.optional(Schema.Boolean)
})

const AssistantEntry = Wire.struct("AssistantEntry", {
  type: Schema.Literal("assistant"),
  content: Schema.Array(Content.Content)
})

const SystemEntry = Wire.struct("SystemEntry", {
  type: Schema.Literal("system"),
  turn: MessageRequest.SystemParam
})

/** An entry as it is stored. */
export const EncodedEntry = Schema.Union([UserEntry, ReplyEntry, AssistantEntry, SystemEntry])

/** An entry as it is stored. */
export type EncodedEntry = typeof EncodedEntry.Type

/** A history as it is stored. */
export const Encoded = Wire.struct("EncodedHistory", {
  version: Schema.Literal(version),
  entries: Schema.Array(EncodedEntry)
})

/** A history as it is stored. */
export interface Encoded extends Schema.Schema.Type<typeof Encoded> {}

/** An entry, as it is stored. */
export const fromEntry = (entry: Entry): EncodedEntry => {
  switch (entry._tag) {
    case "User":
      return entry.continues === true
        ? { type: "user", content: entry.content, continues: true }
        : { type: "user", content: entry.content }
    case "Reply":
      return entry.setAside
        ? { type: "reply", message: entry.message, setAside: true }
        : { type: "reply", message: entry.message }
    case "Assistant":
      return { type: "assistant", content: entry.content }
    case "System":
      return { type: "system", turn: entry.turn }
  }
}

/** An entry, from how it is stored. */
export const toEntry = (entry: EncodedEntry): Entry => {
  switch (entry.type) {
    case "user":
      return { _tag: "User", content: entry.content, continues: entry.continues }
    case "reply":
      return { _tag: "Reply", message: entry.message, setAside: entry.setAside ?? false }
    case "assistant":
      return { _tag: "Assistant", content: entry.content }
    case "system":
      return { _tag: "System", turn: entry.turn }
  }
}

const Messages = Schema.Array(MessageRequest.MessageParam)

/** Reads a stored history; a bare array of turns is what came before versions. */
export const decode = (
  u: unknown
): Result.Result<
  Encoded | { readonly messages: ReadonlyArray<MessageRequest.MessageParam> },
  ReadonlyArray<ClaudeError.Violation>
> => {
  if (Array.isArray(u)) {
    return parse(Messages, u).pipe(Result.map((messages) => ({ messages })))
  }
  const found = Predicate.hasProperty(u, "version") ? u.version : undefined
  if (typeof found === "number" && found > version) {
    return Result.fail([{
      rule: "version",
      path: "version",
      problem: `The history was written in version ${found} of the format; this library reads up to ${version}.`,
      fix: "Read it with the version that wrote it, or a later one."
    }])
  }
  return parse(Encoded, u)
}

const parse = <A>(schema: Schema.Codec<A, A>, u: unknown): Result.Result<A, ReadonlyArray<ClaudeError.Violation>> =>
  Result.mapError(Schema.decodeUnknownResult(schema)(u), (error) => {
    // The parser's own words quote what was said, so only the place is told; of several, the deepest.
    const paths = places(error.issue).issues.map(({ path = [] }) => path.map(pathSegment))
    const depth = Math.max(...paths.map((path) => path.length))
    return paths.filter((path) => path.length === depth).map((path) => ({
      rule: "shape",
      path: path.length === 0 ? "history" : path.join("."),
      problem: "It does not have the form of a stored history.",
      fix: "Give what History.encode returned, or an array of turns."
    }))
  })

const places = SchemaIssue.makeFormatterStandardSchemaV1()

const pathSegment = (segment: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof segment === "object" ? segment.key : segment)
