// Records the demo as the moving picture in the README: runs it as a user would, and draws each piece of its output at
// the time it came. Whoever asked for less motion sees the end of it.
//
// Usage: node packages/tools/record-demo.mjs           writes docs/images/demo.svg
//        node packages/tools/record-demo.mjs --check   fails if the demo says something else than the picture
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { read, report, root } from "./workspace.mjs"

const picture = "docs/images/demo.svg"
/** What the demo wraps at where it is not in a terminal. */
const columns = 80
const [cell, leading, padding, bar] = [8.43, 20, 20, 34]

/** The classes that select graphic renditions turn on. */
const renditions = { 1: "bold", 2: "dim", 33: "yellow" }

/** What was printed, as lines of characters that know when they came and how they look. */
export const linesOf = (pieces) => {
  const lines = [[]]
  let style = ""
  for (const { at, text } of pieces) {
    // oxlint-disable-next-line eslint/no-control-regex -- escape sequences begin with a control character
    for (const [part, code] of text.matchAll(/\u001b\[(\d*)m|[^]/gu)) {
      if (code !== undefined) style = renditions[code] ?? ""
      else if (part === "\n") lines.push([])
      else lines.at(-1).push({ at, style, text: part })
    }
  }
  return lines.at(-1).length === 0 ? lines.slice(0, -1) : lines
}

/** Breaks a line at its spaces, and what is longer than a row anywhere. */
export const wrap = (line, width) => {
  if (line.length <= width) return [line]
  const space = line.slice(0, width + 1).findLastIndex(({ text }) => text === " ")
  const end = space > 0 && line.slice(0, space).some(({ text }) => text !== " ") ? space : width
  return [line.slice(0, end), ...wrap(line.slice(line[end].text === " " ? end + 1 : end), width)]
}

/** Joins what came at once and looks the same. */
const runsOf = (row) =>
  row.reduce((runs, { at, style, text }) => {
    const last = runs.at(-1)
    if (last?.at === at && last.style === style) last.text += text
    else runs.push({ at, style, text })
    return runs
  }, [])

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")

/** Draws rows of text in a window. */
export const draw = (title, rows) => {
  const width = Math.ceil(columns * cell) + 2 * padding
  const height = bar + rows.length * leading + padding
  const drawn = rows.map((row, index) => {
    const runs = runsOf(row).map(({ at, style, text }) =>
      `<tspan${style === "" ? "" : ` class="${style}"`} style="animation-delay:${at}ms">${escape(text)}</tspan>`
    )
    return `<text x="${padding}" y="${bar + (index + 0.7) * leading}" xml:space="preserve">${runs.join("")}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${
    escape(title)
  }">
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8d4cf; white-space: pre }
tspan { animation: appear 1ms steps(1) backwards }
.bold { font-weight: 700; fill: #fff }
.dim { fill: #97918a }
.yellow { fill: #e5b95c }
@keyframes appear { from { fill-opacity: 0 } }
@media (prefers-reduced-motion: reduce) { tspan { animation: none } }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="#1d1b1a" stroke="#4a4641"/>
<g fill="#5a554f"><circle cx="20" cy="18" r="5.5"/><circle cx="39" cy="18" r="5.5"/><circle cx="58" cy="18" r="5.5"/></g>
${drawn.join("\n")}
</svg>
`
}

/** The text of a drawing, without what differs from run to run: the port, the drawn waits, the ids of requests. */
export const textOf = (svg) =>
  [...svg.matchAll(/<text [^>]*>(?<row>.*)<\/text>/g)]
    .map(({ groups }) => unescape(groups.row.replace(/<[^>]*>/g, "")))
    .join("\n")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:…")
    .replace(/aiting\s+\d\.\d+ s/g, "aiting … s")
    .replace(/req_\w+/g, "req_…")

const command = "npx -y pnpm@12 demo"

/** Runs the demo offline, and notes what it prints when. */
const record = () =>
  new Promise((resolve, reject) => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ANTHROPIC_|^NO_COLOR$/.test(name)))
    const child = spawn(process.execPath, ["packages/cli/src/demo.ts"], {
      cwd: root,
      env: { ...env, FORCE_COLOR: "1" },
      stdio: ["ignore", "pipe", "inherit"]
    })
    const pieces = [{ at: 0, text: `\u001b[2m$\u001b[0m ${command}\n` }]
    let shown
    child.stdout.setEncoding("utf8").on("data", (text) => {
      shown ??= performance.now() - 800 // how long a start takes says more about this machine than about the demo
      pieces.push({ at: Math.round(performance.now() - shown), text })
    })
    child.on("error", reject)
    child.on("close", (code) => code === 0 ? resolve(pieces) : reject(new Error(`The demo ended with code ${code}`)))
  })

const main = async () => {
  const lines = linesOf(await record())
  const svg = draw(`What ${command} prints`, lines.flatMap((line) => wrap(line, columns)))
  if (process.argv.includes("--check")) {
    const current = textOf(read(picture)) === textOf(svg)
    report("recording", current ? [] : [`${picture} shows an older demo: run pnpm pictures`])
  } else {
    Fs.mkdirSync(Path.join(root, Path.dirname(picture)), { recursive: true })
    Fs.writeFileSync(Path.join(root, picture), svg)
    process.stdout.write(`${picture}: ${lines.length} lines, ${(svg.length / 1024).toFixed(0)} KB\n`)
  }
}

if (import.meta.main) await main()
