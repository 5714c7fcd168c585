/**
 * Pages of lists, in the two ways the API has.
 *
 * @since 0.1.0
 */

type Query = { readonly [name: string]: string }

/** A page that goes by the ids of its first and last items: batches, models, and files in their first shape. */
export const byId = <A extends { readonly id: string }>(items: ReadonlyArray<A>, query: Query) => {
  const limit = limitOf(query)
  const after = items.findIndex(({ id }) => id === query["after_id"])
  const before = items.findIndex(({ id }) => id === query["before_id"])
  const start = before === -1 ? after + 1 : Math.max(0, before - limit)
  const end = before === -1 ? start + limit : before
  const data = items.slice(start, end)
  return {
    data,
    has_more: before === -1 ? end < items.length : start > 0,
    first_id: data[0]?.id ?? null,
    last_id: data[data.length - 1]?.id ?? null
  }
}

/** A page that goes by an opaque cursor: files. */
export const byCursor = <A extends { readonly id: string }>(items: ReadonlyArray<A>, query: Query) => {
  const limit = limitOf(query)
  const start = Number(/^page_(\d+)$/.exec(query["page"] ?? "")?.[1] ?? 0)
  const end = start + limit
  return { data: items.slice(start, end), next_page: end < items.length ? `page_${end}` : null }
}

const limitOf = (query: Query): number => Math.min(1000, Math.max(1, Math.trunc(Number(query["limit"] ?? 20)) || 20))
