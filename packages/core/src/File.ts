/**
 * Files: uploaded once, referred to by id from any number of requests.
 *
 * Only what tools wrote can be downloaded; what was uploaded cannot.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * What is known of a file.
 *
 * @category schemas
 * @since 0.1.0
 */
export class FileMetadata extends Wire.Class<FileMetadata>()("FileMetadata", {
  id: Schema.String,
  type: Schema.Literal("file"),
  filename: Schema.String,
  mime_type: Schema.String,
  size_bytes: Schema.Finite,
  created_at: Schema.String,
  downloadable: Wire.nullish(Schema.Boolean),
  expires_at: Wire.nullish(Schema.String),
  scope: Wire.nullish(
    Wire.struct("FileScope", { id: Schema.String, type: Wire.openEnum("FileScopeType", ["session"]) })
  )
}) {}

/**
 * A file that was deleted.
 *
 * @category schemas
 * @since 0.1.0
 */
export class DeletedFile extends Wire.Class<DeletedFile>()("DeletedFile", {
  id: Schema.String,
  type: Schema.optional(Schema.Literal("file_deleted"))
}) {}
