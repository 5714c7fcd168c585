/**
 * The models of the API and their capabilities.
 *
 * Lists are streams that request the next page when it is needed.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Model from "@effect-claude/core/Model"
import * as Page from "@effect-claude/core/Page"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Claude } from "./Claude.ts"
import * as Pagination from "./internal/request/pagination.ts"
import * as Path from "./internal/request/path.ts"
import * as Raw from "./Raw.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `list`.
 *
 * @category options
 * @since 0.1.0
 */
export interface ListOptions {
  /**
   * Models per page, from 1 to 1,000.
   *
   * @default the API's, 20
   */
  readonly limit?: number | undefined
  /**
   * The lifecycle states of the models to list.
   *
   * @default the API's, active and deprecated ones
   */
  readonly lifecycle?: ReadonlyArray<"active" | "deprecated" | "retired"> | undefined
  /** The id of the model after which the list begins. */
  readonly after?: string | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Lists models, newest first.
 *
 * **Example** (Finding models that take images)
 *
 * ```ts
 * import * as Models from "@effect-claude/http/Models"
 * import * as Stream from "effect/Stream"
 *
 * const seeing = Models.list().pipe(
 *   Stream.filter((model) => model.capabilities?.image_input?.supported === true),
 *   Stream.map((model) => model.id)
 * )
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const list = (options?: ListOptions): Stream.Stream<Model.ModelInfo, ClaudeError, Claude> =>
  Pagination.byId(({ after_id }) =>
    Raw.json({
      operation: "models.list",
      method: "GET",
      path: "/v1/models",
      query: { limit: options?.limit, after_id, lifecycle: options?.lifecycle }
    }, pageOfModels), options?.after)

/**
 * Returns one model, by its id or an alias.
 *
 * @category calls
 * @since 0.1.0
 */
export const get = (id: string): Effect.Effect<Model.ModelInfo, ClaudeError, Claude> =>
  Effect.flatMap(
    Path.segment("id", id),
    (segment) => Raw.json({ operation: "models.get", method: "GET", path: `/v1/models/${segment}` }, Model.ModelInfo)
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const pageOfModels = Page.page(Model.ModelInfo)
