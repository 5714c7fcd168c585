/**
 * Lists as streams that ask for the next page when it is needed.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as Page from "@effect-claude/core/Page"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** Follows pages by ids: the next begins after the last item, for as long as there is more. */
export const byId = <A, R>(
  get: (query: { readonly after_id: string | undefined }) => Effect.Effect<Page.Page<A>, ClaudeError, R>,
  after: string | undefined
): Stream.Stream<A, ClaudeError, R> =>
  Stream.paginate(after, (after_id) =>
    Effect.map(get({ after_id }), (page) => {
      const next = page.last_id
      const more = page.has_more && page.data.length > 0 && typeof next === "string" && next !== after_id
      return [page.data, more ? Option.some(next) : Option.none()] as const
    }))

/** Follows pages by cursor, until there is no next one. An empty page may have a next one. */
export const byCursor = <A, R>(
  get: (query: { readonly page: string | undefined }) => Effect.Effect<Page.PageCursor<A>, ClaudeError, R>
): Stream.Stream<A, ClaudeError, R> =>
  Stream.paginate<string | undefined, A, ClaudeError, R>(
    undefined,
    (page) =>
      Effect.map(get({ page }), ({ data, next_page: next }) => {
        const more = typeof next === "string" && next !== "" && next !== page
        return [data, more ? Option.some(next) : Option.none()] as const
      })
  )
