/**
 * `demo`: everything the SDK does and every way the API fails, one screen each,
 * against the scripted API inside.
 *
 * No key, no network, no cost. A scene that does not come out as it should ends
 * the demonstration with an error, so it is a test as well.
 *
 * @since 0.1.0
 */
import * as Script from "@effect-claude/testing/Script"
import * as Effect from "effect/Effect"
import { Connection } from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Failure, usage } from "../Failure.ts"
import * as Layout from "../Layout.ts"
import { LineReader } from "../LineReader.ts"
import { errors } from "../scenes/errors.ts"
import { features } from "../scenes/features.ts"
import { resilience } from "../scenes/resilience.ts"
import { scenarios } from "../scenes/scenarios.ts"
import type { Scene } from "../scenes/Scene.ts"
import { Screen } from "../Screen.ts"
import type { Style } from "../Style.ts"

/**
 * Every scene.
 *
 * @category constants
 * @since 0.1.0
 */
export const scenes: ReadonlyArray<Scene> = [...features, ...resilience, ...scenarios, ...errors]

/**
 * What `demo` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly scene: ReadonlyArray<string>
  readonly all: boolean
  readonly wait: boolean
}

/**
 * Runs `demo`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const demo = Effect.fnUntraced(function*({ all, scene, wait }: Input) {
  const { out, width } = yield* Screen
  if (!all && scene.length === 0) return yield* out.line(list(yield* width, out.style))
  const chosen = all ? scenes : (yield* Effect.forEach(scene, choose)).flat()
  const failed = yield* Effect.scoped(show(chosen, wait && chosen.length > 1 && out.isTerminal))
  if (failed.length > 0) {
    return yield* new Failure({
      message: `${failed.length} of ${chosen.length} scenes did not come out as they should: ${failed.join(", ")}.`,
      exitCode: ExitCode.failed
    })
  }
})

// -----------------------------------------------------------------------------
// choosing
// -----------------------------------------------------------------------------

const groups = [["features", "feature"], ["scenarios", "scenario"], ["errors", "error"]] as const

const choose = Effect.fnUntraced(function*(name: string): Effect.fn.Return<ReadonlyArray<Scene>, Failure> {
  const group = groups.find(([plural, kind]) => name === plural || name === kind)
  if (group !== undefined) return scenes.filter(({ kind }) => kind === group[1])
  const found = scenes.filter((scene) => scene.name.toLowerCase() === name.toLowerCase())
  return found.length > 0
    ? found
    : yield* usage(`There is no scene ${name}.`, "`effect-claude demo` lists them.")
})

const list = (width: number, style: Style): string =>
  [
    ...groups.map(([plural, kind]) =>
      [
        style.dim(plural),
        Layout.pairs(
          scenes.filter((scene) => scene.kind === kind).map((
            { about, name, title }
          ) => [name, title === name ? about.split(". ", 1)[0]! : title]),
          width,
          style.bold
        )
      ].join("\n")
    ),
    style.dim(Layout.paragraph("`effect-claude demo <name> …` shows some of these, --all everything.", width))
  ].join("\n\n").split("\n").map((line) => line.trimEnd()).join("\n")

// -----------------------------------------------------------------------------
// showing
// -----------------------------------------------------------------------------

const show = Effect.fnUntraced(function*(chosen: ReadonlyArray<Scene>, wait: boolean) {
  const { out } = yield* Screen
  const lines = wait ? yield* (yield* LineReader).open() : undefined
  const failed: Array<string> = []
  for (const [index, scene] of chosen.entries()) {
    if (wait) yield* out.clear
    if (!(yield* play(scene, index + 1, chosen.length))) failed.push(scene.name)
    if (lines === undefined || index === chosen.length - 1) continue
    yield* out.line()
    const input = yield* lines.next(out.style.dim("Enter: next · q: leave "))
    if (input._tag !== "Line" || /^\s*q/i.test(input.text)) break
  }
  return failed
})

/** Plays a scene, and returns whether it came out as it should. */
const play = Effect.fnUntraced(function*(scene: Scene, number: number, of: number) {
  const { err, out, width } = yield* Screen
  const { stage } = yield* Connection
  const { style } = out
  const columns = yield* width
  const name = scene.name === scene.title ? "" : `${scene.name} · `
  yield* out.line(style.dim("─".repeat(columns)))
  yield* out.line(
    `${Layout.wrap(scene.title, columns).map(style.bold).join("\n")}  ${style.dim(`${name}${number}/${of}`)}`
  )
  yield* out.line(Layout.paragraph(scene.about, columns))
  yield* out.line()
  if (scene.code !== "") {
    for (const line of scene.code.split("\n")) yield* out.line(`  ${style.cyan(line)}`)
    yield* out.line()
  }
  return yield* scene.run.pipe(
    Effect.provide(stage(scene.script ?? Script.model(), scene.options)),
    Effect.as(true),
    Effect.catchCause((cause) => Effect.as(err.line(`${err.style.red("✗ ")}${String(cause)}`), false))
  )
})
