/** Small damages to JSON values, and where a check finds them. */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

const Damage = Schema.Struct({
  at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  kind: Schema.Literals(["replace", "replace", "replace", "remove", "add"]),
  by: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: replacements().length - 1 }))
})

function replacements(): ReadonlyArray<unknown> {
  return [
    undefined,
    null,
    true,
    7,
    NaN,
    "",
    "text",
    "custom",
    "object",
    [],
    {},
    [undefined],
    ["text", 7, null],
    [{ type: "text" }, { type: "tomorrow" }],
    { type: "text" },
    { type: "text", text: 7 },
    { type: "tomorrow", x: 1 },
    { type: null, name: "untagged" },
    { type: 7 },
    { role: "user", content: [{ type: "text", text: "" }] }
  ]
}

type Path = ReadonlyArray<string | number>

const pathsOf = (u: unknown, path: Path = []): ReadonlyArray<Path> =>
  typeof u !== "object" || u === null
    ? [path]
    : [
      path,
      ...Object.entries(u).flatMap(([key, value]) => pathsOf(value, [...path, Array.isArray(u) ? Number(key) : key]))
    ]

const change = (u: unknown, path: Path, f: (u: unknown) => ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const [key, ...rest] = path
  if (key === undefined) return f(u)
  if (Array.isArray(u)) return [u.flatMap((item, index) => index === key ? change(item, rest, f) : [item])]
  if (typeof u !== "object" || u === null) return [u]
  return [
    Object.fromEntries(
      Object.entries(u).flatMap(([name, value]) =>
        name === key ? change(value, rest, f).map((changed) => [name, changed]) : [[name, value]]
      )
    )
  ]
}

/** Replaces, removes or adds something somewhere. */
export const mutations: Arbitrary.Arbitrary<(u: unknown) => unknown> = Arbitrary.schema(Damage).pipe(
  Arbitrary.map(({ at, by, kind }) => (u) => {
    const paths = pathsOf(u)
    const path = paths[at % paths.length]!
    const other = replacements()[by]
    return change(u, path, (value) => {
      if (kind === "replace") return [other]
      if (kind === "remove") return []
      if (Array.isArray(value)) return [[...value, other]]
      return [
        typeof value === "object" && value !== null ? { ...value, "x-added": other, type: other } : [value, other]
      ]
    })[0]
  })
)

/**
 * The paths of issues, each once. A schema also reports the members of a union
 * that expect another kind of value, at the place of the union: a path that leads
 * to another one is left out.
 */
export const placesOf = (
  issues: ReadonlyArray<{ readonly path?: ReadonlyArray<unknown> | undefined }>
): ReadonlyArray<string> => {
  const paths = [...new Set(issues.map(({ path = [] }) => JSON.stringify(path)))]
  const leadsTo = (path: string) => path === "[]" ? "[" : `${path.slice(0, -1)},`
  return paths.filter((path) => !paths.some((other) => other !== path && other.startsWith(leadsTo(path)))).toSorted()
}
