/**
 * A company's network on loopback, for the example of proxies: the scripted API behind TLS, whose certificate the
 * company's own authority signed, and a proxy that asks for a user name and a password.
 */
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { Effect } from "effect"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Tls from "node:tls"

export const network = Effect.gen(function*() {
  const { url } = yield* ClaudeServer.make(Script.forever(Script.reply("Loud and clear.")))
  const server = Tls.createServer({ cert, key }, (socket) => join(socket, Net.connect(portOf(url), "127.0.0.1")))
  const proxy = Http.createServer()
  proxy.on("connect", ({ headers, url }, socket) => {
    const isKnown = headers["proxy-authorization"] === `Basic ${btoa("ada:open sesame")}`
    socket.write(`HTTP/1.1 ${isKnown ? "200 Welcome" : "407 Who are you?"}\r\n\r\n`)
    if (isKnown) join(socket, Net.connect(portOf(`http://${url}`), "127.0.0.1"))
    else socket.end()
  })
  return {
    api: `https://127.0.0.1:${yield* listening(server)}`,
    proxy: `http://127.0.0.1:${yield* listening(proxy)}`,
    authority
  }
})

const portOf = (url: string) => Number(new URL(url).port)

const join = (one: NodeJS.ReadWriteStream, two: NodeJS.ReadWriteStream) => {
  one.on("error", () => two.end()).pipe(two)
  two.on("error", () => one.end()).pipe(one)
}

const listening = (server: Net.Server) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close())
  )

// Made for this example, and good for nothing else: the key of the authority was thrown away.
const authority = `-----BEGIN CERTIFICATE-----
MIIBUzCB+aADAgECAgQ0Tce/MAoGCCqGSM49BAMCMB0xGzAZBgNVBAMMEkV4YW1w
bGUgQ29tcGFueSBDQTAiGA8yMDI2MDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAw
WjAdMRswGQYDVQQDDBJFeGFtcGxlIENvbXBhbnkgQ0EwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAAThLnBiz7rIMynSvHMeKzIvRxObIq+BvQDZ+EPoXG4eFK3klKsu
UGbuJrbaGgh0pXxNC0gSAUbJAo+ineSFiGTnoyMwITAPBgNVHRMBAf8EBTADAQH/
MA4GA1UdDwEB/wQEAwIABjAKBggqhkjOPQQDAgNJADBGAiEA5TmlV+x6JkKlHtb7
20hMSbdYw5AZUexNQE/MqVfoAbICIQDR9PoCPFPu4FPXUkfRNN6lFLPLQLW3CBt3
1jYZHQQ3ng==
-----END CERTIFICATE-----`

const cert = `-----BEGIN CERTIFICATE-----
MIIBVjCB/qADAgECAgR0ffurMAoGCCqGSM49BAMCMB0xGzAZBgNVBAMMEkV4YW1w
bGUgQ29tcGFueSBDQTAiGA8yMDI2MDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAw
WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQBSy5dgdgMmcsQoKABXcPtHT6+WZTK5TuLHTWVXlDWmcKySQrEONw2mp3Ef3Ok
28umOnDfmhowu9RBoEKVhIv2ozEwLzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQE
AwIAgDAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQCIBV3ovbzCt1p
UTwt/NnzfVtmL/jqHBbW4xQIUGYIKWyJAiAvYxv3LNGsg6uUJgaCRXAe0BEGfrJO
dDq3pweJYZbcKQ==
-----END CERTIFICATE-----`

const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpcE99r0lwMZKlfzt
MIrM72Ec+166gygGtKVb6hWLL2ahRANCAAQBSy5dgdgMmcsQoKABXcPtHT6+WZTK
5TuLHTWVXlDWmcKySQrEONw2mp3Ef3Ok28umOnDfmhowu9RBoEKVhIv2
-----END PRIVATE KEY-----`
