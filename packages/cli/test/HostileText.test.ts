/**
 * What reaches a terminal, whatever command prints it and wherever the text came from.
 */
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Style from "effect-claude/Style"
import { files, layerFiles, run } from "./support/cli.ts"

const hostile = [
  "\u001b]52;c;ZXZpbA==\u0007",
  "\u001b]0;owned\u001b\\",
  "\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\",
  "\u001b[2J\u001b[8mhidden",
  "\u009b31m",
  "ok\rfake",
  "\u202egpj.exe"
].join(" ")

/** Everything a terminal would obey, but for the styles, the erased line and the erased screen that are ours. */
const obeyed = (text: string): ReadonlyArray<string> => {
  const own = [...Array.from(Style.codes, (code) => `\u001b[${code}m`), "\r\u001b[K", "\u001b[2J\u001b[H"]
  const rest = own.reduce((left, sequence) => left.replaceAll(sequence, ""), text)
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return rest.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g) ?? []
}

const reply = Script.reply(hostile)

const journal = JSON.stringify({
  request: { model: hostile, max_tokens: 1, messages: [MessageRequest.user(hostile)] },
  response: { type: "error", error: { type: "api_error", message: hostile } }
})

const commands: ReadonlyArray<readonly [name: string, args: ReadonlyArray<string>, script?: Script.Script]> = [
  ["ask", ["ask", "Hi"], reply],
  ["ask --json", ["ask", "Hi", "--json"], reply],
  ["ask --schema", ["ask", "Hi", "--schema", "schema.json"], reply],
  ["chat", ["chat"], reply],
  ["explain", ["explain", hostile]],
  ["count", ["count", hostile, "--estimate", "--model", hostile]],
  ["count --json", ["count", hostile, "--estimate", "--json", "--model", hostile]],
  ["models", ["models", hostile]],
  ["replay", ["replay", "journal.jsonl"]],
  ["log", ["log", "journal.jsonl"]],
  ["an unknown command", [hostile]],
  ["an unknown flag", ["ask", `--${hostile}`]],
  ["ask --dry-run", ["ask", hostile, "--dry-run"]]
]

describe("a terminal", () => {
  it.effect.each(commands)("is given nothing to obey by %s", ([, args, script]) =>
    Effect.gen(function*() {
      const { paths } = yield* files({
        "schema.json": `{"type":"object","title":${JSON.stringify(hostile)}}`,
        "journal.jsonl": `${journal}\n`
      })
      const { err, out } = yield* run(args.map((arg) => paths[arg] ?? arg), {
        terminal: true,
        script,
        typed: ["Hello", "/quit"]
      })

      assert.notStrictEqual(out + err, "")
      assert.deepStrictEqual(obeyed(out), [])
      assert.deepStrictEqual(obeyed(err), [])
    }).pipe(Effect.provide(layerFiles)))

  it.effect("gets every JSON output whole where it is a file", () =>
    Effect.gen(function*() {
      const { out } = yield* run(["ask", "Hi", "--json"], { script: reply })

      assert.include(JSON.stringify(JSON.parse(out)), JSON.stringify(hostile).slice(1, -1))
    }))
})
