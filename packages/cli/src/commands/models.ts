/**
 * `models`: which models there are, what they hold and what they cost.
 *
 * The catalogue of this version needs no key; `--live` asks the API, which
 * always knows better.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Flags from "../Flags.ts"
import { lazily } from "../internal/lazily.ts"

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const models = Command.make(
  "models",
  {
    model: Argument.String("model").pipe(
      Argument.withDescription("Show only this one, with all that is known of it"),
      Argument.optional
    ),
    live: Flag.Boolean("live").pipe(
      Flag.withDescription("Ask the API which models this key can use"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    ),
    json: Flags.json
  },
  lazily(() => import("../handlers/models.ts").then(({ models }) => models))
).pipe(
  Command.withDescription("List models: context window, longest answer, prices, and what is being retired"),
  Command.withShortDescription("List models, their limits and prices"),
  Command.withExamples([
    { command: "effect-claude models", description: "What this version knows, without a key" },
    { command: "effect-claude models --live", description: "What this key can use" },
    { command: "effect-claude models claude-opus-4-6", description: "All that is known of one" }
  ])
)
