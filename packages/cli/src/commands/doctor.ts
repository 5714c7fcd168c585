/**
 * `doctor`: what keeps a program from reaching Claude, and what to do about it.
 *
 * @since 0.1.0
 */
import * as Command from "effect/cli/Command"
import * as Flags from "../Flags.ts"
import { lazily } from "../internal/lazily.ts"

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const doctor = Command.make(
  "doctor",
  { json: Flags.json },
  lazily(() => import("../handlers/doctor.ts").then(({ doctor }) => doctor))
).pipe(
  Command.withDescription(
    "Check what a request meets on its way: key, address, proxy, certificates, name, encryption, connection, clock, access. Each has a verdict, and a remedy where it is bad. The exit code is that of the first that is bad"
  ),
  Command.withShortDescription("Find out why it does not work"),
  Command.withExamples([
    { command: "effect-claude doctor", description: "Check everything" },
    {
      command: "effect-claude doctor --proxy http://127.0.0.1:8080 --ca burp.pem",
      description: "Check the way through an inspecting proxy"
    }
  ])
)
