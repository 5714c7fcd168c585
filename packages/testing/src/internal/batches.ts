/**
 * The message batches of the scripted API: they are answered when they are
 * made, and take their time all the same.
 *
 * @since 0.1.0
 */
import type * as Answer from "./answer.ts"
import * as Errors from "./errors.ts"
import { type Json, record, records, string } from "./json.ts"
import * as Page from "./page.ts"
import * as Random from "./random.ts"
import * as Render from "./render.ts"
import * as Time from "./time.ts"

interface Stored {
  readonly id: string
  readonly createdAt: number
  readonly results: ReadonlyArray<{ readonly custom_id: string; readonly result: Json }>
  readonly origin: string
  canceledAt: number | undefined
}

interface Context extends Pick<Render.Context, "headers" | "requestId" | "draw"> {
  readonly now: number
}

export interface Batches {
  /** Makes a batch; `answer` gives the result of one of its requests. */
  readonly create: (body: Json, origin: string, answer: (params: Json) => Json, context: Context) => Answer.Answer
  readonly list: (query: { readonly [name: string]: string }, context: Context) => Answer.Answer
  readonly get: (id: string, context: Context) => Answer.Answer
  readonly cancel: (id: string, context: Context) => Answer.Answer
  readonly remove: (id: string, context: Context) => Answer.Answer
  readonly results: (id: string, context: Context) => Answer.Answer
}

export const make = (seed: number, duration: number): Batches => {
  const batches = new Map<string, Stored>()

  const endOf = (batch: Stored): number =>
    Math.min(batch.createdAt + duration, (batch.canceledAt ?? Infinity) + duration / 10)

  /** How many requests are done; the rest is in progress, or canceled. */
  const doneAt = (batch: Stored, now: number): number => {
    const until = Math.min(now, batch.canceledAt ?? Infinity) - batch.createdAt
    return duration <= 0
      ? batch.results.length
      : Math.min(batch.results.length, Math.floor(batch.results.length * until / duration))
  }

  const show = (batch: Stored, now: number) => {
    const ended = now >= endOf(batch)
    const finished = batch.results.slice(0, doneAt(batch, now))
    const left = batch.results.length - finished.length
    const count = (type: string) => ended ? finished.filter(({ result }) => result["type"] === type).length : 0
    return {
      id: batch.id,
      type: "message_batch",
      processing_status: ended ? "ended" : batch.canceledAt === undefined ? "in_progress" : "canceling",
      // The counts stay on `processing` until the whole batch has ended.
      request_counts: {
        processing: ended ? 0 : batch.results.length,
        succeeded: count("succeeded"),
        errored: count("errored"),
        canceled: ended ? left : 0,
        expired: 0
      },
      ended_at: ended ? Time.micros(endOf(batch)) : null,
      created_at: Time.micros(batch.createdAt),
      expires_at: Time.micros(batch.createdAt + 86_400_000),
      archived_at: null,
      cancel_initiated_at: batch.canceledAt === undefined ? null : Time.micros(batch.canceledAt),
      results_url: ended ? `${batch.origin}/v1/messages/batches/${batch.id}/results` : null
    }
  }

  const found = (id: string, context: Context, use: (batch: Stored) => Answer.Answer): Answer.Answer => {
    const batch = batches.get(id)
    return batch === undefined
      ? Render.failure(Errors.failure(404, { message: `Message batch not found: ${id}` }), context)
      : use(batch)
  }

  return {
    create: (body, origin, answer, context) => {
      const batch: Stored = {
        id: Random.id(context.draw, "msgbatch"),
        createdAt: context.now,
        origin,
        canceledAt: undefined,
        results: records(body["requests"]).map(({ custom_id, params }) => ({
          custom_id: string(custom_id) ?? "",
          result: answer(record(params))
        }))
      }
      batches.set(batch.id, batch)
      return Render.json(200, { ...show(batch, context.now - 1) }, context)
    },
    list: (query, context) => {
      const newest = [...batches.values()].toReversed().map((batch) => show(batch, context.now))
      return Render.json(200, Page.byId(newest, query), context)
    },
    get: (id, context) => found(id, context, (batch) => Render.json(200, show(batch, context.now), context)),
    cancel: (id, context) =>
      found(id, context, (batch) => {
        if (context.now < endOf(batch)) batch.canceledAt ??= context.now
        return Render.json(200, show(batch, context.now), context)
      }),
    remove: (id, context) =>
      found(id, context, (batch) => {
        if (context.now < endOf(batch)) {
          return Render.failure(
            Errors.failure(400, { message: `Message batch ${id} is still processing and cannot be deleted.` }),
            context
          )
        }
        batches.delete(id)
        return Render.json(200, { id, type: "message_batch_deleted" }, context)
      }),
    results: (id, context) =>
      found(id, context, (batch) => {
        if (context.now < endOf(batch)) {
          return Render.failure(
            Errors.failure(404, { message: `Results of message batch ${id} are not available until it has ended.` }),
            context
          )
        }
        const done = doneAt(batch, context.now)
        const lines = shuffle(
          batch.results.map(({ custom_id, result }, i) => ({
            custom_id,
            result: i < done ? result : { type: "canceled" }
          })),
          Random.make(seed, `results/${id}`)
        )
        return Render.raw(
          200,
          "application/x-jsonl",
          encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
          {
            ...context.headers,
            "content-disposition": `attachment; filename*=utf-8''${id}_results.jsonl`
          }
        )
      })
  }
}

/** Results come in no particular order. */
const shuffle = <A>(items: ReadonlyArray<A>, draw: Random.Draw): ReadonlyArray<A> =>
  items.map((item) => ({ item, at: draw() })).toSorted((a, b) => a.at - b.at).map(({ item }) => item)

const encoder = new TextEncoder()
