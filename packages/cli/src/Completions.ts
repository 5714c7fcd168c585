/**
 * The flag `--completions`, which prints completions for the tab key of a shell:
 * commands, their flags and the global ones, and their values.
 *
 * @since 0.1.0
 */
import type * as Shells from "effect/cli/Completions"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

// -----------------------------------------------------------------------------
// flag
// -----------------------------------------------------------------------------

/**
 * The flag `--completions`, which prints them for a shell.
 *
 * @category global
 * @since 0.1.0
 */
export const flag: GlobalFlag.Action<Option.Option<Shells.Shell>> = GlobalFlag.Action({
  flag: GlobalFlag.Completions.flag,
  run: (shell, { command }) =>
    Option.match(shell, {
      onNone: () => Effect.void,
      onSome: (name) =>
        Effect.flatMap(Effect.promise(() => import("./handlers/completions.ts")), ({ print }) => print(name, command))
    })
})
