// Counts the files that one call enters, and how often it moves from one file to another: how long the way is that a
// reader has to follow. Functions are instrumented when their module is loaded, so no clock is involved and the counts
// are the same on every machine.
//
// The server is a plain one of Node, so that only the client is counted. Calls are measured without rules: a table of rules is
// one stop for a reader, however many rules it has. A check by the standard rules is measured by itself.
//
// Usage: node packages/tools/trip.mjs [route]
import * as Fs from "node:fs"
import * as Http from "node:http"
import * as Module from "node:module"
import { fileURLToPath } from "node:url"
import ts from "typescript-6"
import { trip as limits } from "./limits.mjs"
import { report } from "./workspace.mjs"

const source = /\/packages\/(?:core|http|session|ai)\/src\/.*\.ts$/

/** Returns JavaScript in which every function first calls `enter` with its file and name. */
export const instrument = (file, code, enter = "__enter") => {
  const tree = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const edits = []
  const visit = (node, outer) => {
    const own = node.name !== undefined && ts.isIdentifier(node.name) ? node.name.text : undefined
    const label = own === undefined || !isNamed(node) ? outer : isMember(node) && outer !== "" ? `${outer}.${own}` : own
    if (ts.isFunctionLike(node) && node.body !== undefined) {
      const call = `${enter}(${JSON.stringify({ file, name: label })})`
      if (ts.isBlock(node.body)) edits.push([node.body.getStart() + 1, `${call};`])
      else edits.push([node.body.getStart(), `(${call},(`], [node.body.end, "))"])
    }
    ts.forEachChild(node, (child) => visit(child, label))
  }
  visit(tree, "")
  return edits.toSorted(([a], [b]) => b - a).reduce(
    (out, [at, text]) => out.slice(0, at) + text + out.slice(at),
    code
  )
}

const isMember = (node) =>
  ts.isMethodDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node)

const isNamed = (node) =>
  isMember(node) || ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)

/** Counts files and moves between them in a log of entered functions. */
export const measure = (log) => ({
  files: new Set(log.map(({ file }) => file)).size,
  moves: log.filter(({ file }, index) => index > 0 && file !== log[index - 1].file).length
})

/** What exceeds its limit. */
export const exceeded = (measured, limits) =>
  Object.entries(limits).flatMap(([call, parts]) =>
    Object.entries(parts).flatMap(([part, counts]) =>
      Object.entries(counts).flatMap(([kind, limit]) => {
        const count = measured[call]?.[part]?.[kind]
        if (count === undefined) return [`${call} was not measured`]
        return count <= limit ? [] : [`${call}, ${part}: ${count} ${kind}, of at most ${limit}`]
      })
    )
  )

/** Runs each call once warm and once recorded, and returns the functions it entered. */
const record = async () => {
  let log
  globalThis.__enter = (entry) => log?.push(entry)
  Module.registerHooks({
    load: (url, context, next) => {
      if (!url.startsWith("file:") || !source.test(url)) return next(url, context)
      const path = fileURLToPath(url)
      const code = Module.stripTypeScriptTypes(Fs.readFileSync(path, "utf8"))
      const file = path.replaceAll("\\", "/").replace(/^.*\/packages\//, "")
      return { format: "module", source: instrument(file, code), shortCircuit: true }
    }
  })
  const Effect = await import("effect/Effect")
  const Redacted = await import("effect/Redacted")
  const Rules = await import("@effect-claude/core/Rules")
  const ClaudeNode = await import("@effect-claude/http/node/ClaudeNode")
  const Messages = await import("@effect-claude/http/Messages")
  const MessageStream = await import("@effect-claude/http/MessageStream")
  const Session = await import("@effect-claude/session/Session")

  const request = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [{ role: "user", content: "hi" }] }
  const logs = {}
  const program = Effect.gen(function*() {
    const session = yield* Session.make({ model: request.model, max_tokens: request.max_tokens })
    const calls = {
      "Messages.create": Messages.create(request),
      "Messages.stream": MessageStream.final(Messages.stream(request)),
      "Session.send": session.send("hi"),
      "Rules.check": Effect.sync(() => Rules.check(request))
    }
    for (const call of Object.values(calls)) yield* call
    for (const [name, call] of Object.entries(calls)) {
      log = logs[name] = []
      yield* call
      log = undefined
    }
    return logs
  })
  const server = Http.createServer(reply)
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  const baseUrl = `http://127.0.0.1:${server.address().port}`
  const claude = ClaudeNode.layer({ apiKey: Redacted.make("sk-ant-test-0000"), baseUrl, rules: Rules.none })
  try {
    return await Effect.runPromise(Effect.provide(program, claude))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Replies to any request with one short message, as JSON or as a stream. */
const reply = async (request, response) => {
  let body = ""
  for await (const chunk of request) body += chunk
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null, usage }
  if (JSON.parse(body).stream !== true) {
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ ...message, content: [{ type: "text", text: "Hi!" }], stop_reason: "end_turn" }))
    return
  }
  response.setHeader("content-type", "text/event-stream")
  const events = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi!" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage },
    { type: "message_stop" }
  ]
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""))
}

const printRoute = (log) => {
  let last
  for (const { file, name } of log) {
    if (file !== last) process.stdout.write(`\n  ${file}:`)
    process.stdout.write(` ${name || "(anonymous)"}`)
    last = file
  }
  process.stdout.write("\n")
}

const main = async () => {
  const logs = await record()
  const measured = Object.fromEntries(
    Object.entries(logs).map(([call, log]) => [
      call,
      { all: measure(log), http: measure(log.filter(({ file }) => file.startsWith("http/"))) }
    ])
  )
  for (const [call, { all, http }] of Object.entries(measured)) {
    const ofHttp = http.files === 0 ? "" : `; of them http ${http.files} files, ${http.moves} moves`
    process.stdout.write(`${call}: ${all.files} files, ${all.moves} moves${ofHttp}\n`)
    if (process.argv[2] === "route") printRoute(logs[call])
  }
  report("trip", exceeded(measured, limits))
}

if (import.meta.main) await main()
