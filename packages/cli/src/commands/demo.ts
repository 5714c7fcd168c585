/**
 * `demo`: everything the SDK does and every way the API fails, one screen each,
 * against the scripted API inside.
 *
 * No key, no network, no cost. A scene that does not come out as it should ends
 * the demonstration with an error, so it is a test as well.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { lazily } from "../internal/lazily.ts"

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const demo = Command.make(
  "demo",
  {
    scene: Argument.String("scene").pipe(
      Argument.withDescription(
        "The scenes to show: features, scenarios, errors, or one by its name. Without any, they are listed"
      ),
      Argument.variadic()
    ),
    all: Flag.Boolean("all").pipe(
      Flag.withAlias("a"),
      Flag.withDescription("Show everything"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    ),
    wait: Flag.Boolean("wait").pipe(
      Flag.withDescription("Wait for Enter after each scene; on a terminal, unless --no-wait says otherwise"),
      Flag.withDefault(true)
    )
  },
  lazily(() => import("../handlers/demo.ts").then(({ demo }) => demo))
).pipe(
  Command.withDescription(
    "See everything at work: what the SDK does, the scenarios a newcomer meets, and every error there is, made to happen. A scripted API inside answers: no key, no network, no cost"
  ),
  Command.withShortDescription("See everything at work, without a key"),
  Command.withExamples([
    { command: "effect-claude demo", description: "List the scenes" },
    { command: "effect-claude demo stream retry", description: "Show some" },
    { command: "effect-claude demo errors", description: "Show every error" },
    { command: "effect-claude demo --all --no-wait", description: "Show everything without a pause" }
  ])
)
