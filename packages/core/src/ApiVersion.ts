/**
 * The versions of the API, and what each version refuses.
 *
 * A version is the value of the `anthropic-version` header. Within a version,
 * the API only adds features. A new version may also remove some. `removals`
 * lists them, and `Rules` refuses a request that uses one.
 *
 * The default is `2023-06-01` and does not change in a minor release.
 *
 * Source: the API's notes on `2026-10-21`.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Turns from "./internal/turns.ts"
import type { MessageRequest } from "./MessageRequest.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * A version of the API. Editors complete the known versions, and any string is
 * accepted.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ApiVersion = Wire.openEnum("ApiVersion", ["2023-06-01", "2026-10-21"])

/**
 * A version of the API.
 *
 * @category models
 * @since 0.1.0
 */
export type ApiVersion = typeof ApiVersion.Type

/**
 * The version that is sent by default.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard = "2023-06-01" satisfies ApiVersion

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A part of a request that a version refuses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refused {
  /** Where in the request, such as `messages[2].content[0]`. */
  readonly path: string
  /** What the version refuses. */
  readonly problem: string
  /** How to correct the request. */
  readonly fix: string
}

/**
 * A feature that a version removed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Removal {
  /** The feature, as a phrase before "is refused by". */
  readonly what: string
  /** How to correct the request. */
  readonly fix: string
  /** Returns the places where a request uses the feature. */
  readonly find: (request: Partial<MessageRequest>) => ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// tables
// -----------------------------------------------------------------------------

const field = (name: "temperature" | "top_p" | "top_k"): Removal => ({
  what: `\`${name}\``,
  fix: `Leave \`${name}\` out: sampling is at temperature 1. Or pin anthropic-version 2023-06-01.`,
  find: (request) => request[name] === undefined || request[name] === null ? [] : [name]
})

/**
 * The features that each version removed.
 *
 * @category tables
 * @since 0.1.0
 */
export const removals: { readonly [version: string]: ReadonlyArray<Removal> } = {
  "2026-10-21": [
    field("temperature"),
    field("top_p"),
    field("top_k"),
    {
      what: "a document directly in an assistant turn",
      fix: "Put the document into a user turn; inside a tool's result it stays allowed.",
      find: (request) => Turns.blocks(request).filter(isAssistantDocument).map(({ path }) => path)
    },
    {
      what: "text with citations in a user turn",
      fix: "Send the text without `citations`; in assistant turns they stay allowed.",
      find: (request) => Turns.blocks(request).filter(({ role }) => role === "user").flatMap(citedText)
    }
  ]
}

// -----------------------------------------------------------------------------
// lookups
// -----------------------------------------------------------------------------

/**
 * Returns the parts of a request that a version refuses. Empty for a version
 * that is not known.
 *
 * **Example** (Asking before changing the version)
 *
 * ```ts
 * import * as ApiVersion from "@effect-claude/core/ApiVersion"
 *
 * const refused = ApiVersion.refused({ temperature: 0.2 }, "2026-10-21")
 *
 * refused.map(({ path }) => path) // => ["temperature"]
 * ```
 *
 * @category lookups
 * @since 0.1.0
 */
export const refused = (request: Partial<MessageRequest>, version: ApiVersion): ReadonlyArray<Refused> =>
  (Object.hasOwn(removals, version) ? removals[version]! : []).flatMap((removal) =>
    removal.find(request).map((path) => ({
      path,
      problem: `${removal.what} is refused by version ${version} of the API`,
      fix: removal.fix
    }))
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const isAssistantDocument = ({ block, role }: Turns.Located): boolean =>
  role === "assistant" && block["type"] === "document"

/** Cited text is refused in turns and in search results. */
const citedText = ({ block, path }: Turns.Located): ReadonlyArray<string> => {
  if (block["type"] === "text") return hasCitations(block) ? [`${path}.citations`] : []
  if (block["type"] !== "search_result" || !Array.isArray(block["content"])) return []
  return block["content"].flatMap((inner: unknown, index) =>
    Predicate.isObject(inner) && hasCitations(inner) ? [`${path}.content[${index}].citations`] : []
  )
}

const hasCitations = (block: { readonly [field: string]: unknown }): boolean =>
  Array.isArray(block["citations"]) && block["citations"].length > 0
