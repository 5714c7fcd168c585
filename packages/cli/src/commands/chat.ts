/**
 * `chat`: a conversation in the terminal.
 *
 * Ctrl-C stops the answer and keeps the conversation valid; once more leaves.
 * What fails is said, and the conversation goes on as it was before.
 *
 * @since 0.1.0
 */
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
export const chat = Command.make("chat", {
  model: Flags.modelIfGiven,
  system: Flags.system,
  maxTokens: Flags.maxTokens,
  thinking: Flags.thinking,
  load: Flag.String("load").pipe(
    Flag.withAlias("l"),
    Flag.withDescription("Go on with a conversation that /save wrote"),
    Flag.withMetavar("<file>"),
    Flag.optional
  )
}, lazily(() => import("../handlers/chat.ts").then(({ chat }) => chat))).pipe(
  Command.withDescription(
    "Talk with Claude. Answers are shown as they are written; the conversation is kept until you leave, and longer with /save"
  ),
  Command.withShortDescription("Talk, turn by turn"),
  Command.withExamples([
    { command: "effect-claude chat", description: "Talk" },
    { command: "effect-claude chat --offline", description: "Try it without a key" },
    {
      command: "effect-claude chat -m claude-opus-5-5 -s \"Answer in verse.\"",
      description: "Choose the model, and how it answers"
    }
  ])
)
