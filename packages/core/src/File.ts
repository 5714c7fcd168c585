/**
 * Files: uploaded once, and used by id in any number of requests.
 *
 * Only files that tools created can be downloaded. Uploaded files cannot.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The metadata of a file.
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
