/**
 * `cert der-to-pem`: makes of a certificate what command-line programs can use,
 * and shows what is in it.
 *
 * What was written is read again and compared before it is called done.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { lazily } from "../internal/lazily.ts"

const derToPem = Command.make(
  "der-to-pem",
  {
    file: Argument.String("file").pipe(Argument.withDescription("The certificate, in DER; one in PEM is only checked")),
    out: Argument.String("out").pipe(
      Argument.withDescription("Where to write the PEM: next to it, with the ending .pem, unless said otherwise"),
      Argument.optional
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withAlias("f"),
      Flag.withDescription("Replace the output file if it exists"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    )
  },
  lazily(() => import("../handlers/cert.ts").then(({ derToPem }) => derToPem))
).pipe(
  Command.withDescription(
    "Turn a certificate from DER, as browsers, Windows and inspecting proxies export it, into PEM, as Node and curl want it"
  ),
  Command.withShortDescription("Turn a DER certificate into PEM, and check it"),
  Command.withExamples([
    { command: "effect-claude cert der-to-pem burp.der", description: "Write burp.pem" },
    {
      command: "effect-claude ask hello --proxy http://127.0.0.1:8080 --ca burp.pem",
      description: "Then look at the traffic in the proxy"
    }
  ])
)

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const cert = Command.make("cert").pipe(
  Command.withDescription("Certificates: what an inspecting proxy needs"),
  Command.withSubcommands([derToPem])
)
