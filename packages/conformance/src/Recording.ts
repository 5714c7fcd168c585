/**
 * One recorded exchange with the API, as a file.
 *
 * Reading is tolerant: recorders differ in what they keep, and a file that is
 * not a recording is reported rather than passed over.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const Headers = Schema.Record(Schema.String, Schema.Unknown)

/**
 * One recorded exchange.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Recording = Schema.Struct({
  endpoint: Schema.String,
  url: Schema.optional(Schema.String),
  kind: Schema.String,
  fidelity: Schema.optional(Schema.String),
  request: Schema.optional(Schema.Struct({
    headers: Schema.optional(Headers),
    body: Schema.optional(Schema.Unknown)
  })),
  response: Schema.Struct({
    status: Schema.optional(Schema.Number),
    headers: Schema.optional(Headers),
    body: Schema.optional(Schema.Unknown),
    text: Schema.optional(Schema.String)
  })
})

/**
 * One recorded exchange.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recording extends Schema.Schema.Type<typeof Recording> {}

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns the headers of a response, with names in lower case and one value each.
 *
 * @category accessors
 * @since 0.1.0
 */
export const responseHeaders = (self: Recording): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(self.response.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? String(value[0]) : String(value)
    ])
  )

/**
 * Returns the status of a response: what a fixture without one stands for is a success.
 *
 * @category accessors
 * @since 0.1.0
 */
export const status = (self: Recording): number => self.response.status ?? 200

/**
 * Returns the body of a response as the text it was or would have been.
 *
 * @category accessors
 * @since 0.1.0
 */
export const responseText = (self: Recording): string =>
  self.response.text ?? (self.response.body === undefined ? "" : JSON.stringify(self.response.body))

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * Lists the recordings of a folder and of those below it, in order of their paths.
 *
 * @category reading
 * @since 0.1.0
 */
export const list = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* fs.readDirectory(folder, { recursive: true })
  return names.filter((name) => name.endsWith(".json")).toSorted().map((name) => path.join(folder, name))
})

/**
 * Reads one recording.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* decode(yield* fs.readFileString(file))
})

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Recording))
