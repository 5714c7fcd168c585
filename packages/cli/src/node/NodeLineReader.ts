/**
 * The keyboard on Node, with line editing, recall and completion.
 *
 * The terminal is in raw mode for as long as the input is open, so Ctrl-C
 * arrives here and is no signal. While no line is asked for, what is typed is
 * kept and not echoed into what is being printed.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Readline from "node:readline"
import { Writable } from "node:stream"
import type * as Tty from "node:tty"
import { type Input, LineReader, type Lines, type Options } from "../LineReader.ts"

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The streams of a terminal, or what stands in for them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Streams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined }
  readonly output: NodeJS.WritableStream & Partial<Pick<Tty.WriteStream, "isTTY" | "columns" | "rows">>
}

/**
 * Layer that reads from the given streams.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (streams: Streams): Layer.Layer<LineReader> =>
  Layer.succeed(LineReader, LineReader.of({ open: (options) => open(streams, options) }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** An output that can be silenced, for what readline echoes while somebody else prints. */
class Echo extends Writable {
  muted = false
  readonly #to: Streams["output"]
  readonly #onResize = () => this.emit("resize")

  constructor(to: Streams["output"]) {
    super({ decodeStrings: false })
    this.#to = to
    to.on("resize", this.#onResize)
  }

  get columns(): number | undefined {
    return this.#to.columns
  }

  get rows(): number | undefined {
    return this.#to.rows
  }

  override _write(chunk: string | Uint8Array, _: BufferEncoding, done: () => void): void {
    // At once and in order with what others print.
    if (!this.muted) this.#to.write(chunk)
    done()
  }

  override _destroy(_: Error | null, done: () => void): void {
    this.#to.off("resize", this.#onResize)
    done()
  }
}

const open = Effect.fnUntraced(function*({ input, output }: Streams, options: Options | undefined) {
  const isTerminal = input.isTTY === true && output.isTTY === true
  const inputs = yield* Queue.unbounded<Input>()
  const echo = new Echo(output)
  let asked = false
  let stopped = Deferred.makeUnsafe<void>()

  const reader = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Readline.createInterface({
        input,
        output: echo,
        terminal: isTerminal,
        historySize: 500,
        removeHistoryDuplicates: true,
        escapeCodeTimeout: 50,
        completer: (line: string) => [options?.complete?.(line) ?? [], line]
      })
    ),
    (reader) =>
      Effect.sync(() => {
        reader.close()
        echo.destroy()
        if ("unref" in input && typeof input.unref === "function") input.unref()
      })
  )
  // Until a line is asked for, nothing is to be seen of what is typed.
  echo.muted = isTerminal
  reader.on("line", (text) => Queue.offerUnsafe(inputs, { _tag: "Line", text }))
  reader.once("close", () => {
    if (asked && isTerminal) echo.write("\n")
    Queue.offerUnsafe(inputs, { _tag: "End" })
  })
  // Coming back from Ctrl-Z, readline waits to be asked to go on.
  reader.on("SIGCONT", () => reader.resume())
  reader.on("SIGINT", () => {
    if (!asked) return Deferred.doneUnsafe(stopped, Effect.void)
    const cleared = reader.line !== ""
    // To the end of the line, then everything before it.
    reader.write(null, { ctrl: true, name: "e" })
    reader.write(null, { ctrl: true, name: "u" })
    if (!cleared && isTerminal) echo.write("\n")
    Queue.offerUnsafe(inputs, { _tag: "Interrupt", cleared })
  })

  const ask = (prompt: string) => {
    asked = true
    echo.muted = false
    if (!isTerminal) return
    reader.setPrompt(prompt)
    reader.prompt(true)
  }
  const quiet = Effect.sync(() => {
    asked = false
    echo.muted = isTerminal
  })

  const lines: Lines = {
    isTerminal,
    next: (prompt) =>
      Effect.gen(function*() {
        ask(prompt)
        const first = yield* Queue.take(inputs)
        if (first._tag !== "Line" || !isTerminal) return first
        // Lines that arrive together were pasted together.
        const texts = [first.text]
        yield* Effect.yieldNow
        while ((yield* Queue.size(inputs)) > 0) {
          const more = yield* Queue.peek(inputs)
          if (more._tag !== "Line") break
          yield* Queue.take(inputs)
          texts.push(more.text)
        }
        const line: Input = { _tag: "Line", text: texts.join("\n") }
        return line
      }).pipe(Effect.ensuring(quiet)),
    interrupt: Effect.suspend(() => {
      stopped = Deferred.makeUnsafe<void>()
      return Deferred.await(stopped)
    })
  }
  return lines
})
