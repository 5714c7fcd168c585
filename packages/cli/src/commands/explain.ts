/**
 * `explain`: what an error means, why it usually happens, and what to do.
 *
 * It needs no key and no network. Without a subject it shows the whole registry.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flags from "../Flags.ts"
import { lazily } from "../internal/lazily.ts"

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const explain = Command.make(
  "explain",
  {
    subject: Argument.String("subject").pipe(
      Argument.withDescription("A status (422), a tag (RateLimitError), a type (overloaded_error) or an error_code"),
      Argument.variadic()
    ),
    json: Flags.json
  },
  lazily(() => import("../handlers/explain.ts").then(({ explain }) => explain))
).pipe(
  Command.withDescription(
    "Explain a status, an error tag, an error type or an error code: what it means, why it usually happens, what to do, and whether a retry can help. Without an argument, list everything that can be explained"
  ),
  Command.withShortDescription("Explain an error: 422, RateLimitError, overloaded_error …"),
  Command.withExamples([
    { command: "effect-claude explain 422", description: "Explain a status" },
    { command: "effect-claude explain RateLimitError", description: "Explain a tag a program caught" },
    { command: "effect-claude explain", description: "List everything" }
  ])
)
