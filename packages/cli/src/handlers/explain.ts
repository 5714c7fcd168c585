/**
 * `explain`: what an error means, why it usually happens, and what to do.
 *
 * It needs no key and no network. Without a subject it shows the whole registry.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ExitCode from "../ExitCode.ts"
import { usage } from "../Failure.ts"
import * as Layout from "../Layout.ts"
import { Screen } from "../Screen.ts"
import type { Style } from "../Style.ts"

/**
 * What `explain` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly subject: ReadonlyArray<string>
  readonly json: boolean
}

/**
 * Runs `explain`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const explain = Effect.fnUntraced(function*({ json, subject }: Input) {
  const { out, tableWidth, width } = yield* Screen
  const asked = subject.join(" ")
  if (asked === "") {
    return yield* out.line(json ? JSON.stringify(registry, null, 2) : overview(yield* tableWidth, out.style))
  }
  const explained = explanationsOf(subject)
  if (explained.length === 0) {
    const near = nearest(asked)
    return yield* usage(
      `Nothing here is called ${asked}.`,
      near.length === 0
        ? "`effect-claude explain` lists all there is."
        : `Did you mean ${near.join(", or ")}? \`effect-claude explain\` lists all there is.`
    )
  }
  const columns = yield* width
  yield* out.line(
    json
      ? JSON.stringify(explained.length === 1 ? explained[0] : explained, null, 2)
      : explained.map((one) => show(one, columns, out.style)).join("\n\n")
  )
})

/** One explanation for each word, where each is the name of something; otherwise what all of them together say. */
const explanationsOf = (words: ReadonlyArray<string>): ReadonlyArray<ErrorGuide.Explanation> => {
  const each = words.map(ErrorGuide.explain)
  return each.every(Option.isSome)
    ? each.map(({ value }) => value)
    : Option.toArray(ErrorGuide.explain(words.join(" ")))
}

// -----------------------------------------------------------------------------
// one
// -----------------------------------------------------------------------------

/**
 * Shows one explanation.
 *
 * @category conversions
 * @since 0.1.0
 */
export const show = (explanation: ErrorGuide.Explanation, width: number, style: Style): string => {
  const { causes, codes, description, remedy, retryable, statuses, subject, tag, types } = explanation
  const facts = ([
    [
      "retry",
      retryable
        ? "can help: wait, with growing pauses and some chance in them"
        : "cannot help: the same request fails again"
    ],
    ["caught as", `Effect.catchTag("${tag}", …)`],
    ["status", statuses.length === 0 ? "none: it does not come from the server" : statuses.join(", ")],
    ["error.type", types.join(", ")],
    ["error_code", codes.join(", ")],
    ["exit code", String(ExitCode.byTag[tag])]
  ] as const).filter(([, value]) => value !== "")
  return [
    `${style.bold(subject)}${subject === tag ? "" : style.dim(`  ${tag}`)}`,
    "",
    Layout.paragraph(description, width),
    ...(causes.length === 0 || (causes.length === 1 && causes[0] === description) ? [] : [
      "",
      style.dim("Usual causes"),
      ...causes.map((cause) => Layout.paragraph(cause, width, "  • "))
    ]),
    "",
    style.dim("What to do"),
    Layout.paragraph(remedy, width, `  ${style.green("→")} `),
    "",
    Layout.pairs(facts, width, style.dim)
  ].join("\n")
}

// -----------------------------------------------------------------------------
// all
// -----------------------------------------------------------------------------

const statuses = Object.keys(ErrorGuide.byStatus)

const tags = Object.keys(ClaudeError.classes)

const codes = Object.keys(ErrorGuide.byCode)

const registry = {
  statuses: statuses.flatMap((status) => Option.toArray(ErrorGuide.explain(status))),
  tags: tags.flatMap((tag) => Option.toArray(ErrorGuide.explain(tag))),
  codes: codes.flatMap((code) => Option.toArray(ErrorGuide.explain(code)))
}

const overview = (width: number, style: Style): string => {
  const retry = ({ retryable }: ErrorGuide.Explanation) => retryable ? "yes" : "no"
  const table = (title: string, explanations: ReadonlyArray<ErrorGuide.Explanation>) =>
    Layout.table(
      [{ title, paint: style.bold }, { title: "retry" }, { title: "what it means" }],
      explanations.map((each) => [each.subject, retry(each), each.description]),
      width,
      style
    )
  return [
    table("status", registry.statuses),
    table("error", registry.tags),
    table("error_code", registry.codes),
    style.dim("`effect-claude explain <any of these>` says why it happens and what to do.")
  ].join("\n\n")
}

// -----------------------------------------------------------------------------
// near misses
// -----------------------------------------------------------------------------

/** Names that share enough with what was typed. */
const nearest = (asked: string): ReadonlyArray<string> => {
  const pairsOf = (text: string) => {
    const letters = text.toLowerCase().replace(/[^a-z0-9]/g, "")
    return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)))
  }
  const wanted = pairsOf(asked)
  return [...tags, ...codes, ...statuses]
    .map((name) => {
      const pairs = pairsOf(name)
      const shared = Array.from(wanted).filter((pair) => pairs.has(pair)).length
      return { name, score: 2 * shared / (wanted.size + pairs.size) }
    })
    .filter(({ score }) => score > 0.45)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({ name }) => name)
}
