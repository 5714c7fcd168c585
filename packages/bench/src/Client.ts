/**
 * What every client under measurement can do.
 *
 * Each returns how many characters it found, so that nobody is fast by leaving
 * something out.
 *
 * @since 0.1.0
 */

/**
 * A client under measurement.
 *
 * @category models
 * @since 0.1.0
 */
export interface Client {
  /** Reads a stream, event by event. */
  readonly stream: (baseUrl: string) => Promise<number>
  /** Reads a stream into one message. */
  readonly fold: (baseUrl: string) => Promise<number>
  /** Asks for a plain answer. */
  readonly create: (baseUrl: string) => Promise<number>
  /** Reads a stream up to its first text, and leaves it. */
  readonly first: (baseUrl: string) => Promise<number>
  /** Reads a stream whose pieces are in memory, event by event. */
  readonly memory: (writes: ReadonlyArray<Uint8Array>) => Promise<number>
  /** Ends what the client keeps open. */
  readonly close: () => Promise<void>
}

/**
 * The request every client sends.
 *
 * @category constants
 * @since 0.1.0
 */
export const request = {
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [{ role: "user" as const, content: "Hello" }]
}

/**
 * A body that hands out one piece for each read.
 *
 * @category constructors
 * @since 0.1.0
 */
export const body = (writes: ReadonlyArray<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let next = 0
  return new ReadableStream({
    pull: (controller) => {
      const write = writes[next++]
      if (write === undefined) controller.close()
      else controller.enqueue(write as Uint8Array<ArrayBuffer>)
    }
  }, { highWaterMark: 0 })
}

/**
 * A `fetch` that answers every request with a stream of these pieces.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fetchOf = (writes: ReadonlyArray<Uint8Array>): typeof fetch => () =>
  Promise.resolve(new Response(body(writes), { headers: { "content-type": "text/event-stream" } }))
