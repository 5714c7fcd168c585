/**
 * Pages of lists, in the three styles of the API.
 *
 * Batches and models are paged by the ids of their items (`page`), files,
 * skills and versions by a cursor (`pageCursor`), and some lists by a token
 * (`tokenPage`).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Creates the schema of a page by ids. The next page starts after `last_id`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const page = <S extends Schema.Constraint>(item: S) =>
  Wire.struct("Page", {
    data: Schema.Array(item),
    has_more: Schema.Boolean,
    first_id: Wire.nullish(Schema.String),
    last_id: Wire.nullish(Schema.String)
  })

/**
 * Creates the schema of a page by cursor. `next_page` requests the next page,
 * and is null on the last one. An empty page may have a next page.
 *
 * @category schemas
 * @since 0.1.0
 */
export const pageCursor = <S extends Schema.Constraint>(item: S) =>
  Wire.struct("PageCursor", {
    data: Schema.Array(item),
    next_page: Wire.nullish(Schema.String),
    prev_page: Wire.nullish(Schema.String),
    has_more: Wire.nullish(Schema.Boolean),
    first_id: Wire.nullish(Schema.String),
    last_id: Wire.nullish(Schema.String)
  })

/**
 * Creates the schema of a page by token. `next_page` requests the next page
 * while `has_more` is true.
 *
 * @category schemas
 * @since 0.1.0
 */
export const tokenPage = <S extends Schema.Constraint>(item: S) =>
  Wire.struct("TokenPage", {
    data: Schema.Array(item),
    has_more: Schema.Boolean,
    next_page: Wire.nullish(Schema.String)
  })

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A page by ids.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page<A> {
  readonly data: ReadonlyArray<A>
  readonly has_more: boolean
  readonly first_id?: string | null | undefined
  readonly last_id?: string | null | undefined
}

/**
 * A page by cursor.
 *
 * @category models
 * @since 0.1.0
 */
export interface PageCursor<A> {
  readonly data: ReadonlyArray<A>
  readonly next_page?: string | null | undefined
  readonly prev_page?: string | null | undefined
  readonly has_more?: boolean | null | undefined
  readonly first_id?: string | null | undefined
  readonly last_id?: string | null | undefined
}

/**
 * A page by token.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenPage<A> {
  readonly data: ReadonlyArray<A>
  readonly has_more: boolean
  readonly next_page?: string | null | undefined
}
