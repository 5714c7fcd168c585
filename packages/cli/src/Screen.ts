/**
 * Where the commands print: answers on standard output, everything said about
 * them on standard error.
 *
 * What can be piped on stays clean, and colours appear only where somebody
 * looks: on a terminal, unless `NO_COLOR` asks for none.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as Terminal from "effect/Terminal"
import * as Layout from "./Layout.ts"
import * as Style from "./Style.ts"
import * as TerminalText from "./TerminalText.ts"

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * One of the two outputs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Output {
  /** Writes text. A terminal gets what `TerminalText.door` lets through. */
  readonly write: (text: string) => Effect.Effect<void>
  /** Writes text and ends the line. */
  readonly line: (text?: string) => Effect.Effect<void>
  /** Erases the current line and writes text in its place. Only for a terminal. */
  readonly overwrite: (text: string) => Effect.Effect<void>
  /** Erases the screen. Only for a terminal. */
  readonly clear: Effect.Effect<void>
  /** Writes a remark: dimmed, and wrapped on a terminal. */
  readonly note: (text: string) => Effect.Effect<void>
  /** Writes a warning: with a mark before it, and wrapped on a terminal. */
  readonly warn: (text: string) => Effect.Effect<void>
  /** The styles this output shows. */
  readonly style: Style.Style
  /** Whether somebody may be looking, so that a line can be written over. */
  readonly isTerminal: boolean
}

/**
 * The two outputs, and how wide a line may be.
 *
 * @category services
 * @since 0.1.0
 */
export class Screen extends Context.Service<Screen, {
  /** Standard output: what was asked for. */
  readonly out: Output
  /** Standard error: what is said about it. */
  readonly err: Output
  /** The width text is wrapped at: that of the terminal, and at most 100. */
  readonly width: Effect.Effect<number>
  /** The width tables are fitted to: that of the terminal, and none where the output is none. */
  readonly tableWidth: Effect.Effect<number>
}>()("effect-claude/Screen") {
  /** Layer that prints through the `Stdio` of the context. */
  static readonly layer: Layer.Layer<Screen, never, Stdio.Stdio | Terminal.Terminal> = Layer.effect(
    Screen,
    Effect.gen(function*() {
      const stdio = yield* Stdio.Stdio
      const terminal = yield* Terminal.Terminal
      const { forceColor, noColor, term } = yield* Effect.orDie(environment)
      const colors = (isTerminal: boolean) =>
        noColor === "" && ((forceColor !== "" && forceColor !== "0" && forceColor !== "false") ||
          (isTerminal && term !== "dumb"))
      const width = Effect.map(terminal.columns, (columns) => Math.min(100, columns > 0 ? columns : 80))
      const output = (isTerminal: boolean, sink: ReturnType<Stdio.Stdio["stdout"]>): Output => {
        // A write fails when the reader of a pipe has left. Nothing is left to do then.
        const print = (text: string) =>
          text === "" ? Effect.void : Effect.catch(Stream.run(Stream.succeed(text), sink), () => Effect.interrupt)
        let clean = isTerminal ? TerminalText.door() : identity
        const write = (text: string) => Effect.suspend(() => print(clean(text)))
        const style = Style.when(colors(isTerminal))
        const wrapped = (text: string, mark: string) =>
          Effect.map(
            isTerminal ? width : Effect.succeed(Infinity),
            (columns) => Layout.paragraph(TerminalText.sanitize(text), columns, mark)
          )
        return {
          write,
          overwrite: (text) =>
            Effect.suspend(() => {
              clean = TerminalText.door()
              return Effect.andThen(print("\r\u001b[K"), write(text))
            }),
          clear: print("\u001b[2J\u001b[H"),
          line: (text = "") => write(`${text}\n`),
          note: (text) => Effect.flatMap(wrapped(text, ""), (lines) => write(`${style.dim(lines)}\n`)),
          warn: (text) => Effect.flatMap(wrapped(text, style.yellow("! ")), (lines) => write(`${lines}\n`)),
          style,
          isTerminal: isTerminal && term !== "dumb"
        }
      }
      const isTerminal = yield* stdio.stdoutIsTerminal
      return Screen.of({
        out: output(isTerminal, stdio.stdout()),
        err: output(yield* stdio.stderrIsTerminal, stdio.stderr()),
        width,
        tableWidth: isTerminal
          ? Effect.map(terminal.columns, (columns) => columns > 0 ? columns : 80)
          : Effect.succeed(Infinity)
      })
    })
  )
}

const environment = Config.all({
  noColor: Config.withDefault(Config.String("NO_COLOR"), ""),
  forceColor: Config.withDefault(Config.String("FORCE_COLOR"), ""),
  term: Config.withDefault(Config.String("TERM"), "")
})
