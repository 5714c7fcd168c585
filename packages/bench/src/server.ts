/**
 * The server, in a process of its own: it answers `/<name>/v1/messages` with the
 * traffic of that name, and `/held/…` with a stream that it holds open until
 * every one of a thousand has begun.
 *
 * @since 0.1.0
 */
import * as Http from "node:http"
import * as Traffic from "./Traffic.ts"

const made = new Map<string, Traffic.Traffic>()

const trafficOf = (name: string): Traffic.Traffic | undefined => {
  const found = made.get(name)
  const make = Traffic.streams[name]
  if (found !== undefined || make === undefined) return found
  const traffic = make()
  made.set(name, traffic)
  return traffic
}

const held: Array<() => void> = []
let expected = 0

const sendAll = (response: Http.ServerResponse, writes: ReadonlyArray<Uint8Array>, from: number): void => {
  for (let i = from; i < writes.length; i++) {
    if (!response.write(writes[i])) {
      response.once("drain", () => sendAll(response, writes, i + 1))
      return
    }
  }
  response.end()
}

const server = Http.createServer((request, response) => {
  request.resume()
  request.on("end", () => {
    const name = (request.url ?? "").split("/")[1] ?? ""
    const reply = Traffic.replies[name]
    if (reply !== undefined) {
      response.writeHead(200, { "content-type": "application/json", "request-id": "req_bench" })
      response.end(reply.body)
      return
    }
    const count = /^held-(\d+)$/.exec(name)?.[1]
    const traffic = trafficOf(count === undefined ? name : "small-stream")
    if (traffic === undefined) {
      response.writeHead(404)
      response.end()
      return
    }
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "request-id": "req_bench" })
    if (count === undefined) {
      sendAll(response, traffic.writes, 0)
      return
    }
    expected = Number(count)
    // The first events, up to the first text; the rest once everybody has come.
    for (const write of traffic.writes.slice(0, 3)) response.write(write)
    held.push(() => sendAll(response, traffic.writes, 3))
    if (held.length === expected) setTimeout(() => held.splice(0).forEach((go) => go()), 1500)
  })
})

server.requestTimeout = 0
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`)
})
process.on("disconnect", () => process.exit(0))
