// Draws the picture of the packages: who is there is read from the workspace, who needs whom from the manifests.
//
// Usage: node packages/tools/draw-packages.mjs           writes docs/images/packages.svg
//        node packages/tools/draw-packages.mjs --check   fails if the picture is another one
import * as Fs from "node:fs"
import * as Path from "node:path"
import { publicPackages, read, report, root } from "./workspace.mjs"

const picture = "docs/images/packages.svg"

/** Where each package stands, and what it is for, in two lines. */
const boxes = {
  cli: { column: 1, row: 0, lines: ["chat, ask, explain, demo,", "doctor, on the command line"] },
  ai: { column: 0, row: 1, lines: ["Claude behind effect/ai:", "LanguageModel, Tool, Chat"] },
  session: { column: 1, row: 1, lines: ["conversations in Refs: turns,", "tools, budgets, stores"] },
  http: { column: 1, row: 2, lines: ["transport: retries, timeouts,", "streams, limits, resources"] },
  testing: { column: 2, row: 2, lines: ["a scripted Claude API: faults,", "cassettes, retry laws"] },
  core: { column: 1, row: 3, lines: ["the wire as data: schemas,", "errors, folds, prices"] }
}

const [width, height, across, down, margin] = [236, 84, 56, 46, 24]
const left = ({ column }) => margin + column * (width + across)
const top = ({ row }) => margin + row * (height + down)

/** The packages of this workspace that a package is built on. */
const needsOf = ({ manifest }, packages) =>
  packages.filter((other) => other.manifest.name in (manifest.dependencies ?? {})).map(({ name }) => name)

/** An arrow is left out where others lead the same way. */
export const withoutDetours = (needs) => {
  const reaches = (from, to) => needs[from].some((next) => next === to || reaches(next, to))
  return Object.fromEntries(
    Object.entries(needs).map(([name, nexts]) => [
      name,
      nexts.filter((to) => !nexts.some((next) => next !== to && reaches(next, to)))
    ])
  )
}

/** Into the middle column from the side, out of it above the rest: so no arrow runs through a box. */
const arrow = (from, to) => {
  const [center, side] = [left(from) + width / 2, Math.sign(to.column - from.column)]
  const outwards = to.column !== 1
  if (side === 0) return `M${center} ${top(from) + height}V${top(to) - 7}`
  if (outwards) {
    return `M${center + (side * width) / 2} ${top(from) + height / 2}H${left(to) + width / 2}V${top(to) - 7}`
  }
  return `M${center} ${top(from) + height}V${top(to) + height / 2}H${left(to) + width / 2 - side * (width / 2 + 7)}`
}

const box = ({ name, manifest }) => {
  const at = boxes[name]
  const [x, y] = [left(at), top(at)]
  const lines = at.lines.map((line, index) => `<text x="${x + 16}" y="${y + 48 + index * 19}">${line}</text>`)
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/><text class="name" x="${x + 16}" y="${
    y + 26
  }">${manifest.name}</text>${lines.join("")}`
}

/** Draws packages above those they are built on. */
export const draw = (packages) => {
  const needs = withoutDetours(
    Object.fromEntries(packages.map((pkg) => [pkg.name, needsOf(pkg, packages)]))
  )
  const arrows = packages.flatMap(({ name }) => needs[name].map((to) => arrow(boxes[name], boxes[to])))
  const [w, h] = [3 * width + 2 * across + 2 * margin, 4 * height + 3 * down + 2 * margin]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="The packages, each above those it is built on">
<style>
text { font: 13.5px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #5c5650 }
.name { font: 600 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #23211f }
rect { fill: #faf7f3; stroke: #c9beb1 }
path { fill: none; stroke: #9c4a28; stroke-width: 1.6 }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="5.5" markerHeight="5.5" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#9c4a28;stroke:none"/></marker></defs>
<rect width="${w}" height="${h}" rx="10" style="fill:#fff;stroke:none"/>
${arrows.map((d) => `<path d="${d}" marker-end="url(#tip)"/>`).join("\n")}
${packages.map(box).join("\n")}
</svg>
`
}

const main = () => {
  const unplaced = publicPackages.filter(({ name }) => !(name in boxes))
  if (unplaced.length > 0) {
    report("packages", unplaced.map(({ name }) => `${name} has no place in packages/tools/draw-packages.mjs`))
    return
  }
  const svg = draw(publicPackages)
  if (process.argv.includes("--check")) {
    report("packages", read(picture) === svg ? [] : [`${picture} shows other packages: run pnpm pictures`])
  } else {
    Fs.mkdirSync(Path.join(root, Path.dirname(picture)), { recursive: true })
    Fs.writeFileSync(Path.join(root, picture), svg)
    process.stdout.write(`${picture}: ${publicPackages.length} packages\n`)
  }
}

if (import.meta.main) main()
