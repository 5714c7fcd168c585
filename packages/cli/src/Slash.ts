/**
 * The commands of a conversation: what begins with a slash.
 *
 * A command that cannot do what it is asked says why and changes nothing.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as Message from "@effect-claude/core/Message"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import type { Claude } from "@effect-claude/http/Claude"
import * as History from "@effect-claude/session/History"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Conversation from "./Conversation.ts"
import { type Failure, usage } from "./Failure.ts"
import * as Files from "./Files.ts"
import * as Layout from "./Layout.ts"
import * as Markdown from "./Markdown.ts"
import * as Render from "./Render.ts"
import { Screen } from "./Screen.ts"
import * as TerminalText from "./TerminalText.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A command. It returns the conversation to go on with, or none to leave.
 *
 * @category models
 * @since 0.1.0
 */
export interface Slash {
  /** What may follow the name. */
  readonly argument?: string | undefined
  readonly description: string
  readonly run: (
    conversation: Conversation.Conversation,
    argument: string
  ) => Effect.Effect<
    Option.Option<Conversation.Conversation>,
    Failure,
    Claude | Screen | FileSystem.FileSystem | Path.Path
  >
}

// -----------------------------------------------------------------------------
// commands
// -----------------------------------------------------------------------------

const say = Effect.fnUntraced(function*(text: string) {
  const { err } = yield* Screen
  yield* err.note(text)
})

const tell = (text: string) => Effect.flatMap(Screen, ({ out }) => out.line(text))

/** Says something, and goes on as before. */
const stay = <E, R>(conversation: Conversation.Conversation, effect: Effect.Effect<void, E, R>) =>
  Effect.as(effect, Option.some(conversation))

const commands: { readonly [name: string]: Slash } = {
  help: {
    description: "list these commands",
    run: (conversation) =>
      stay(
        conversation,
        Effect.flatMap(Screen, ({ out, width }) =>
          Effect.flatMap(width, (columns) =>
            out.line(Layout.pairs(
              Object.entries(commands).map(([name, { argument, description }]) => [
                `/${name}${argument === undefined ? "" : ` ${argument}`}`,
                description
              ]),
              columns,
              out.style.cyan
            ))))
      )
  },
  model: {
    argument: "[id]",
    description: "show the model, or go on with another",
    run: Effect.fnUntraced(function*(conversation, id) {
      if (id === "") {
        yield* say(`${conversation.settings.model}. Known models: ${yield* knownModels}.`)
        return Option.some(conversation)
      }
      const catalog = yield* ModelCatalog.Current
      if (Option.isNone(ModelCatalog.find(catalog, id))) {
        yield* say(`${id} is not in the catalogue of this version; the API decides whether it exists.`)
      }
      yield* say(`Going on with ${id}.`)
      return Option.some(yield* Conversation.change(conversation, { model: id }))
    })
  },
  system: {
    argument: "[text | none]",
    description: "show what the model is told beforehand, or change it",
    run: Effect.fnUntraced(function*(conversation, text) {
      if (text === "") {
        yield* say(conversation.settings.system ?? "The model is told nothing beforehand.")
        return Option.some(conversation)
      }
      const system = text === "none" ? undefined : text
      yield* say(
        system === undefined ? "The model is told nothing beforehand now." : "The model is told that from now on."
      )
      return Option.some(yield* Conversation.change(conversation, { system }))
    })
  },
  thinking: {
    argument: "[on | off]",
    description: "let the model think first and show what it thinks, or not",
    run: Effect.fnUntraced(function*(conversation, argument) {
      if (argument !== "" && argument !== "on" && argument !== "off") {
        return yield* usage(`/thinking wants on or off, not ${argument}.`)
      }
      const thinking = argument === "" ? !conversation.settings.thinking : argument === "on"
      yield* say(
        thinking
          ? "The model thinks first, and what it thinks is shown. Thinking is paid for like the answer."
          : "Thinking is not asked for, and not shown. Some models think all the same."
      )
      return Option.some(yield* Conversation.change(conversation, { thinking }))
    })
  },
  tokens: {
    description: "show how full the context window is",
    run: (conversation) =>
      stay(
        conversation,
        Effect.gen(function*() {
          const { out, width } = yield* Screen
          const cells = Math.min(30, Math.floor((yield* width) / 3))
          const { used, window } = yield* Conversation.context(conversation)
          const { tokens } = yield* Conversation.spent(conversation)
          if (window === undefined) {
            yield* out.line(`${Render.count(used)} tokens; the size of this model's window is not known here.`)
          } else {
            const share = `${(100 * used / window).toFixed(1)} %`
            yield* out.line(`${out.style.cyan(Layout.bar(used / window, cells))} ${share}`)
            yield* out.line(`${Render.count(used)} of ${Render.count(window)} tokens`)
          }
          yield* out.note(`All turns together: ${Render.tokens(tokens)}.`)
        })
      )
  },
  cost: {
    description: "show what the conversation has cost",
    run: (conversation) =>
      stay(
        conversation,
        Effect.gen(function*() {
          const { out, width } = yield* Screen
          const { cost, tokens } = yield* Conversation.spent(conversation)
          const catalog = yield* ModelCatalog.Current
          if (Option.isNone(cost)) return yield* out.line("Not known: one of the models used has no price here.")
          const classes = ([
            ["input", tokens.input, cost.value.input],
            ["cache read", tokens.cacheRead, cost.value.cacheRead],
            [
              "cache write",
              tokens.cacheWrite5m + tokens.cacheWrite1h,
              cost.value.cacheWrite5m + cost.value.cacheWrite1h
            ],
            ["output", tokens.output, cost.value.output],
            ["web search", tokens.webSearches, cost.value.webSearch]
          ] as const).filter(([, n]) => n > 0)
          yield* out.line(Layout.table(
            [{ title: "class" }, { title: "count", align: "right" }, { title: "cost", align: "right" }],
            [
              ...classes.map(([name, n, usd]) => [name, Render.count(n), Render.money(usd)]),
              ["together", "", Render.money(Cost.total(cost.value))]
            ],
            yield* width,
            out.style
          ))
          yield* out.note(`An estimate from list prices of ${catalog.asOf}; the invoice is right.`)
        })
      )
  },
  history: {
    description: "show the conversation so far",
    run: (conversation) => stay(conversation, Effect.flatMap(conversation.session.history, showHistory))
  },
  save: {
    argument: "<file>",
    description: "write the conversation to a file; `/save! <file>` replaces one",
    run: (conversation, argument) => save(conversation, argument, false)
  },
  load: {
    argument: "<file>",
    description: "go on with a conversation from a file",
    run: Effect.fnUntraced(function*(conversation, file) {
      if (file === "") return yield* usage("/load wants the name of a file.")
      const changes = yield* Effect.fromResult(Conversation.decode(yield* Files.json(yield* atHome(file))))
      yield* say(`Going on with ${file}: ${turns(changes.history)}.`)
      return Option.some(yield* Conversation.change(conversation, changes))
    })
  },
  undo: {
    argument: "[n]",
    description: "take back the latest exchange, or the latest n",
    run: Effect.fnUntraced(function*(conversation, argument) {
      const count = argument === "" ? 1 : Number(argument)
      if (!Number.isInteger(count) || count < 1) return yield* usage(`/undo wants a number, not ${argument}.`)
      const history = yield* conversation.session.history
      if (history.size === 0) {
        yield* say("There is nothing to take back.")
        return Option.some(conversation)
      }
      const changed = yield* Conversation.undo(conversation, count)
      yield* say(`Taken back. ${turns(yield* changed.session.history)} left.`)
      return Option.some(changed)
    })
  },
  fork: {
    argument: "[n]",
    description: "go on in a copy, or in branch n; nothing said there changes the others",
    run: Effect.fnUntraced(function*(conversation, argument) {
      if (argument === "") {
        const forked = yield* Conversation.fork(conversation)
        yield* say(
          `This is branch ${forked.branch + 1}, a copy of branch ${conversation.branch + 1}. /fork ${
            conversation.branch + 1
          } goes back.`
        )
        return Option.some(forked)
      }
      const changed = yield* Conversation.switchTo(conversation, Number(argument) - 1)
      if (Option.isNone(changed)) {
        return yield* usage(
          `There is no branch ${argument}.`,
          `There are ${conversation.branches.length}; /fork makes one.`
        )
      }
      yield* say(`This is branch ${argument}: ${turns(yield* changed.value.session.history)}.`)
      return changed
    })
  },
  clear: {
    description: "begin anew, with the same model and instructions",
    run: Effect.fnUntraced(function*(conversation) {
      yield* say("A new conversation.")
      return Option.some(yield* Conversation.change(conversation, { history: History.empty }))
    })
  },
  quit: { description: "leave (also Ctrl-D)", run: () => Effect.succeedNone }
}

/** What a shell does with a path that begins with a tilde. */
const atHome = (path: string): Effect.Effect<string> =>
  Effect.orElseSucceed(
    Effect.map(
      Config.orElse(Config.NonEmptyString("HOME"), () => Config.NonEmptyString("USERPROFILE")),
      (home) => path.replace(/^~(?=[\\/])/, () => home)
    ),
    () => path
  )

const save = Effect.fnUntraced(function*(conversation: Conversation.Conversation, file: string, replace: boolean) {
  if (file === "") return yield* usage("/save wants the name of a file.")
  const encoded = yield* Conversation.encode(conversation)
  yield* Effect.mapError(
    Files.write(yield* atHome(file), `${JSON.stringify(encoded, null, 2)}\n`, { replace, mode: 0o600 }),
    (failure) => replace ? failure : usage(failure.message, failure.remedy?.replace("use --force", "say /save!"))
  )
  yield* say(`Written to ${file}, for your eyes only. /load ${file}, or chat --load ${file}, goes on with it.`)
  return Option.some(conversation)
})

const knownModels = Effect.map(ModelCatalog.Current, ({ models }) => models.slice(0, 8).map(({ id }) => id).join(", "))

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/**
 * Whether a line is a command. A path or a date is none.
 *
 * @category running
 * @since 0.1.0
 */
export const is = (line: string): boolean => /^\/[a-z]*!?(?:\s|$)/.test(line.trim())

/**
 * Runs a command.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (
  conversation: Conversation.Conversation,
  line: string
): ReturnType<Slash["run"]> => {
  const [, name = "", bang = "", argument = ""] = /^\/([a-z]*)(!?)\s*([^]*)$/.exec(line.trim()) ?? []
  if (name === "save" && bang === "!") return save(conversation, argument, true)
  if (name === "exit" || name === "q") return Effect.succeedNone
  const command = Object.hasOwn(commands, name) && bang === "" ? commands[name] : undefined
  return command === undefined
    ? Effect.fail(usage(`There is no command /${name}${bang}.`, "/help lists what there is."))
    : command.run(conversation, argument)
}

/**
 * Returns what may follow what was typed: names of commands, and of models.
 *
 * @category completion
 * @since 0.1.0
 */
export const complete = (line: string): ReadonlyArray<string> => {
  const candidates = line.startsWith("/model ")
    ? ModelCatalog.released.models.map(({ id }) => `/model ${id}`)
    : line.startsWith("/thinking ")
    ? ["/thinking on", "/thinking off"]
    : line.startsWith("/")
    ? Object.keys(commands).map((name) => `/${name}`)
    : []
  return candidates.filter((candidate) => candidate.startsWith(line))
}

// -----------------------------------------------------------------------------
// showing
// -----------------------------------------------------------------------------

/**
 * How long a conversation is, in words.
 *
 * @category showing
 * @since 0.1.0
 */
export const turns = ({ exchanges }: History.History): string =>
  exchanges === 1 ? "1 exchange" : `${exchanges} exchanges`

/**
 * Shows what was said.
 *
 * @category showing
 * @since 0.1.0
 */
export const showHistory = Effect.fnUntraced(function*(history: History.History) {
  const { out, width } = yield* Screen
  const options = { width: yield* width, style: out.style }
  const textOf = (content: ReadonlyArray<{ readonly type: string; readonly text?: unknown }>) =>
    content.map((block) => block.type === "text" && typeof block.text === "string" ? block.text : `[${block.type}]`)
      .join("\n")
  if (history.size === 0) return yield* tell("Nothing was said yet.")
  for (const [index, entry] of History.entries(history).entries()) {
    switch (entry._tag) {
      case "User":
        if (index > 0) yield* out.line()
        yield* out.line(`${out.style.bold(out.style.cyan("› "))}${TerminalText.sanitize(textOf(entry.content))}`)
        break
      case "Reply":
        yield* out.write(Markdown.render(Message.text(entry.message), options))
        break
      case "Assistant":
        yield* out.write(Markdown.render(textOf(entry.content), options))
        break
      case "System":
        yield* out.line(out.style.dim("(instructions in the middle of the conversation)"))
    }
  }
})
