import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { NetworkError } from "effect-claude/Network"
import { TestClock } from "effect/testing"
import { X509Certificate } from "node:crypto"
import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import * as Here from "../../src/internal/checksHere.ts"
import { authority, expired } from "../support/certificates.ts"
import { files, layerFiles, type Options, run } from "../support/cli.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

const key = { ANTHROPIC_API_KEY: "sk-ant-api03-0123456789" }

const doctor = (options: Options = {}, flags: ReadonlyArray<string> = [], year = 2029) =>
  Effect.map(
    Effect.andThen(
      TestClock.setTime(Date.UTC(year, 0, 1)),
      run(["doctor", "--json", ...flags], { env: key, ...options })
    ),
    ({ code, err, out }) => {
      const findings: ReadonlyArray<{ subject: string; verdict: string; says: string; remedy?: string }> = JSON.parse(
        out
      )
      return { code, err, out, of: (subject: string) => findings.find((each) => each.subject === subject)! }
    }
  )

describe("doctor", () => {
  it.effect("finds everything in order where it is", () =>
    Effect.gen(function*() {
      const { code, of } = yield* doctor()

      assert.strictEqual(code, 0)
      const subjects = [
        "runtime",
        "environment",
        "key",
        "address",
        "proxy",
        "certificates",
        "name",
        "encryption",
        "connection",
        "clock",
        "access"
      ]
      for (const subject of subjects) assert.strictEqual(of(subject).verdict, "good", subject)
    }))

  it.effect("tells a person the same in words, with a remedy for what is bad", () =>
    Effect.gen(function*() {
      const fine = yield* run(["doctor"], { env: key })
      const bad = yield* run(["doctor"])

      assert.include(fine.out, "✓ access")
      assert.include(fine.out, "All is in order.")
      assert.strictEqual(bad.code, 3)
      assert.match(bad.out, /✗ key[^]*→ Get a key/)
      assert.notInclude(bad.out, "All is in order.")
    }))

  it.effect("needs no key with --offline", () =>
    Effect.gen(function*() {
      const { code, of } = yield* doctor({ env: {} }, ["--offline"])

      assert.strictEqual(code, 0)
      assert.strictEqual(of("key").verdict, "skipped")
      assert.strictEqual(of("access").verdict, "good")
    }))

  it.effect("never shows the key", () =>
    Effect.gen(function*() {
      for (const value of [key.ANTHROPIC_API_KEY, `"${key.ANTHROPIC_API_KEY}"`, "my-0123456789-key", "a 0123456789"]) {
        const { out } = yield* doctor({ env: { ANTHROPIC_API_KEY: value } })

        assert.notInclude(out, "0123456789")
      }
    }))

  describe("key", () => {
    const verdictOf = (env: { readonly [name: string]: string }) =>
      Effect.map(doctor({ env }), ({ code, of }) => ({ code, ...of("key"), access: of("access").verdict }))

    it.effect("is bad when absent, quoted, broken or of the wrong kind", () =>
      Effect.gen(function*() {
        const cases = [
          [{}, "is set"],
          [{ ANTHROPIC_API_KEY: "\"sk-ant-x\"" }, "quotes"],
          [{ ANTHROPIC_API_KEY: "sk-ant-\nx" }, "characters"],
          [{ ANTHROPIC_API_KEY: "sk-ant-admin01-x" }, "admin key"]
        ] as const
        for (const [env, words] of cases) {
          const { access, code, remedy, says, verdict } = yield* verdictOf(env)

          assert.deepStrictEqual([verdict, code, access], ["bad", 3, "skipped"])
          assert.include(says, words)
          assert.isDefined(remedy)
        }
      }))

    it.effect("is good with space around it, and as a token", () =>
      Effect.gen(function*() {
        const spaced = yield* verdictOf({ ANTHROPIC_API_KEY: " sk-ant-x\n" })
        const token = yield* verdictOf({ ANTHROPIC_AUTH_TOKEN: "t" })
        const both = yield* verdictOf({ ...key, ANTHROPIC_AUTH_TOKEN: "t" })

        assert.deepStrictEqual([spaced.verdict, token.verdict, both.verdict], ["good", "good", "good"])
        assert.include(both.says, "not used")
      }))

    it.effect("is doubted when it does not look like one", () =>
      Effect.gen(function*() {
        const { code, verdict } = yield* verdictOf({ ANTHROPIC_API_KEY: "gateway-key" })

        assert.deepStrictEqual([verdict, code], ["warning", 0])
      }))
  })

  describe("environment", () => {
    it.effect("names what is set, custom headers included, and shows no value", () =>
      Effect.gen(function*() {
        const { of, out } = yield* doctor({
          env: {
            ...key,
            ANTHROPIC_BASE_URL: "https://gateway.example",
            ANTHROPIC_CUSTOM_HEADERS: "X-Team: s3cret-1\nsk-ant-s3cret-2: s3cret-3"
          }
        })

        assert.strictEqual(of("environment").verdict, "good")
        assert.strictEqual(
          of("environment").says,
          "ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ANTHROPIC_CUSTOM_HEADERS. Custom headers: x-team, [credential]."
        )
        assert.notInclude(out, "s3cret")
      }))

    it("knows every variable that is read", () => {
      const sources = Fs.globSync(["packages/http/src/**/*.ts", "packages/cli/src/*.ts"], { cwd: root })
      const read = sources.flatMap((file) =>
        Fs.readFileSync(`${root}/${file}`, "utf8").match(/(?<=")ANTHROPIC_[A-Z_]+(?=")/g) ?? []
      )

      assert.deepStrictEqual(Array.from(new Set(read)).toSorted(), Here.used.toSorted())
    })

    it.effect("warns of what is ignored", () =>
      Effect.gen(function*() {
        const line = yield* doctor({ env: { ...key, ANTHROPIC_CUSTOM_HEADERS: "x-team: a\ns3cret" } })
        const variable = yield* doctor({ env: { ...key, ANTHROPIC_LOG: "s3cret" } })

        assert.strictEqual(line.of("environment").verdict, "warning")
        assert.include(line.of("environment").remedy ?? "", "not of the form")
        assert.include(variable.of("environment").remedy ?? "", "Only the official SDK reads ANTHROPIC_LOG")
        assert.notInclude(line.out + variable.out, "s3cret")
      }))

    it.effect("says when nothing is set", () =>
      Effect.gen(function*() {
        assert.include((yield* doctor({ env: {} })).of("environment").says, "No variable")
      }))
  })

  describe("credential", () => {
    const profile = JSON.stringify({ authentication: { type: "user_oauth" } })
    const verdictOf = (env: { readonly [name: string]: string }) =>
      Effect.map(doctor({ env }), ({ of }) => [of("key").verdict, of("key").says])

    it.effect("is a header, workload identity or a profile when there is no key", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { directory } = yield* files({})
        yield* fs.makeDirectory(`${directory}/configs`)
        yield* fs.writeFileString(`${directory}/configs/work.json`, profile)

        assert.deepStrictEqual(yield* verdictOf({ ANTHROPIC_CUSTOM_HEADERS: "Authorization: Bearer s3cret" }), [
          "good",
          "ANTHROPIC_CUSTOM_HEADERS has a header that authorizes requests."
        ])
        assert.deepStrictEqual(
          yield* verdictOf({
            ANTHROPIC_FEDERATION_RULE_ID: "fdrl_1",
            ANTHROPIC_ORGANIZATION_ID: "org-1",
            ANTHROPIC_IDENTITY_TOKEN: "s3cret"
          }),
          ["good", "The environment describes workload identity."]
        )
        assert.deepStrictEqual(
          yield* verdictOf({ ANTHROPIC_CONFIG_DIR: directory, ANTHROPIC_PROFILE: "work" }),
          ["good", "The profile work: the login of a user."]
        )
      }).pipe(Effect.scoped, Effect.provide(layerFiles)))

    it.effect("is bad when the profile that is named does not exist", () =>
      Effect.gen(function*() {
        const [verdict, says] = yield* verdictOf({ ANTHROPIC_CONFIG_DIR: "/nowhere", ANTHROPIC_PROFILE: "work" })

        assert.strictEqual(verdict, "bad")
        assert.include(says, "There is no profile work in /nowhere")
      }))
  })

  describe("address", () => {
    it.effect("is refused when it is no address, is not encrypted or has a query", () =>
      Effect.gen(function*() {
        for (
          const [url, words] of [
            ["api.anthropic.com", "scheme"],
            ["ftp://x.y", "scheme"],
            ["http://gateway.example.com", "Use https"],
            ["http://localhost.example.com", "Use https"],
            ["https://gateway.example.com/v1?team=a", "query"]
          ] as const
        ) {
          const { code, of } = yield* doctor({}, ["--base-url", url])

          assert.deepStrictEqual([of("address").verdict, code], ["bad", 2])
          assert.include(`${of("address").says} ${of("address").remedy}`, words)
        }
      }))

    it.effect("is taken as a layer takes it, without /v1 and without a slash at its end", () =>
      Effect.gen(function*() {
        for (const end of ["", "/", "/v1", "/v1/", "/v1/messages"]) {
          const gateway = yield* doctor({}, ["--base-url", `https://gateway.example.com/a${end}`])
          const api = yield* doctor({}, ["--base-url", `https://api.anthropic.com${end}`])

          assert.strictEqual(gateway.of("address").says, "https://gateway.example.com/a, not the API itself.")
          assert.strictEqual(api.of("address").says, "https://api.anthropic.com, the API itself.")
          assert.deepStrictEqual([gateway.code, api.code], [0, 0])
        }
      }))

    it.effect("is that of the profile when no flag and no variable names one", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { directory } = yield* files({})
        yield* fs.makeDirectory(`${directory}/configs`)
        yield* fs.writeFileString(
          `${directory}/configs/work.json`,
          JSON.stringify({ base_url: "https://profile.example.com/v1", authentication: { type: "user_oauth" } })
        )
        const env = { ANTHROPIC_CONFIG_DIR: directory, ANTHROPIC_PROFILE: "work" }
        const profile = yield* doctor({ env })
        const variable = yield* doctor({ env: { ...env, ANTHROPIC_BASE_URL: "https://variable.example.com" } })
        const flag = yield* doctor({ env }, ["--base-url", "https://flag.example.com"])

        assert.deepStrictEqual([profile, variable, flag].map(({ of }) => of("address").says), [
          "https://profile.example.com, not the API itself.",
          "https://variable.example.com, not the API itself.",
          "https://flag.example.com, not the API itself."
        ])
      }).pipe(Effect.scoped, Effect.provide(layerFiles)))

    it.effect("is not shown where it may be a secret, or hold one", () =>
      Effect.gen(function*() {
        for (const url of [key.ANTHROPIC_API_KEY, "https://ada:0123456789@gateway.example.com", "x:0123456789@y"]) {
          const { code, of, out } = yield* doctor({}, ["--base-url", url])

          assert.deepStrictEqual([of("address").verdict, code], ["bad", 2])
          assert.notInclude(out, "0123456789")
        }
      }))

    it.effect("may be plain http on this machine, and comes from the environment too", () =>
      Effect.gen(function*() {
        const local = yield* doctor({}, ["--base-url", "http://127.0.0.1:8080"])
        const named = yield* doctor({ env: { ...key, ANTHROPIC_BASE_URL: "https://gateway.example.com" } })

        assert.strictEqual(local.of("address").verdict, "good")
        assert.strictEqual(local.of("encryption").verdict, "skipped")
        assert.include(named.of("address").says, "gateway.example.com")
      }))
  })

  describe("proxy", () => {
    it.effect("is taken from the flag before the environment, and its password is not shown", () =>
      Effect.gen(function*() {
        const env = { ...key, HTTPS_PROXY: "http://user:secret@proxy.example.com:3128" }
        const fromEnv = yield* doctor({ env })
        const exempt = { ...env, NO_PROXY: "*" }
        const fromFlag = yield* doctor({ env: exempt }, ["--proxy", "http://127.0.0.1:8080"])

        assert.include(fromEnv.of("proxy").says, "proxy.example.com:3128 (HTTPS_PROXY)")
        assert.notInclude(fromEnv.out, "secret")
        for (const url of ["http://ada:se@cret@p:1", "http://ada:se/cret@p:1", "//ada:secret@p:1", "ada:secret@p:1"]) {
          assert.notInclude((yield* doctor({}, ["--proxy", url])).of("proxy").says, "cret", url)
        }
        assert.include(fromFlag.of("proxy").says, "127.0.0.1:8080 (--proxy)")
        assert.strictEqual(fromFlag.of("name").verdict, "skipped")
      }))

    it.effect("is not used for a host that NO_PROXY names", () =>
      Effect.gen(function*() {
        for (
          const [entry, exempt] of [
            ["api.anthropic.com", true],
            [".anthropic.com", true],
            ["*.anthropic.com", true],
            ["anthropic.com:443", true],
            ["*", true],
            ["localhost, api.anthropic.com", true],
            ["pic.com", false],
            ["localhost", false]
          ] as const
        ) {
          const { of } = yield* doctor({ env: { ...key, HTTPS_PROXY: "http://p:1", NO_PROXY: entry } })

          assert.strictEqual(of("proxy").says.startsWith("None for this host"), exempt, entry)
        }
      }))

    it.effect("is bad when it is no URL, is SOCKS, or does not answer", () =>
      Effect.gen(function*() {
        const down = { connect: () => Effect.fail(new NetworkError({ code: "ECONNREFUSED" })) }
        const wrong = yield* doctor({}, ["--proxy", "socks5://127.0.0.1:1080"])
        const dead = yield* doctor({ network: down }, ["--proxy", "http://127.0.0.1:1"])

        assert.deepStrictEqual([wrong.of("proxy").verdict, wrong.code], ["bad", 2])
        assert.include(dead.of("proxy").says, "ECONNREFUSED")
        assert.strictEqual(dead.code, 6)
      }))
  })

  describe("certificates", () => {
    it.effect("shows those of one's own, and refuses files that hold none", () =>
      Effect.gen(function*() {
        const { paths } = yield* files({ "ca.der": authority, "x.pem": "nothing" })
        const fine = yield* doctor({}, ["--ca", paths["ca.der"]!])
        const none = yield* doctor({}, ["--ca", paths["x.pem"]!])
        const absent = yield* doctor({}, ["--ca", "/absent.pem"])
        const der = yield* doctor({ env: { ...key, NODE_EXTRA_CA_CERTS: paths["ca.der"]! } })

        assert.include(fine.of("certificates").says, "CN=Test Proxy CA")
        assert.include(none.of("certificates").says, "not a certificate")
        assert.include(absent.of("certificates").says, "no such file")
        assert.include(der.of("certificates").remedy, "cert der-to-pem")
        assert.deepStrictEqual([fine.code, none.code, absent.code, der.code], [0, 2, 2, 2])
      }).pipe(Effect.provide(layerFiles)))

    it.effect("refuses with --ca all that connecting would refuse, and of Node's file what it cannot use", () =>
      Effect.gen(function*() {
        const pem = (bytes: Uint8Array) => new X509Certificate(bytes).toString()
        const { paths } = yield* files({
          "ca.pem": pem(authority),
          "server.pem": pem(expired),
          "both.pem": pem(authority) + pem(expired)
        })
        const of = (args: ReadonlyArray<string>, extra = "", year = 2029) =>
          Effect.map(
            doctor({ env: { ...key, NODE_EXTRA_CA_CERTS: extra } }, args, year),
            ({ code, of }) => [code, of("certificates").says] as const
          )
        const flagged = yield* of(["--ca", paths["server.pem"]!])
        const flaggedBoth = yield* of(["--ca", paths["both.pem"]!])
        const extra = yield* of([], paths["server.pem"]!)
        const extraBoth = yield* of([], paths["both.pem"]!)
        const old = yield* of(["--ca", paths["ca.pem"]!], "", 2130)
        const extraOld = yield* of([], paths["ca.pem"]!, 2130)

        assert.deepStrictEqual(
          [flagged, flaggedBoth, extra, extraBoth, old, extraOld].map(([code]) => code),
          [2, 2, 0, 0, 2, 2]
        )
        assert.include(flagged[1], "not an authority")
        assert.include(extraBoth[1], "CN=Test Proxy CA")
        assert.include(old[1], "expired on 2126-10-28")
      }).pipe(Effect.provide(layerFiles)))

    it.effect("objects to checking none at all", () =>
      Effect.gen(function*() {
        const { code, of } = yield* doctor({ env: { ...key, NODE_TLS_REJECT_UNAUTHORIZED: "0" } })

        assert.strictEqual(of("certificates").verdict, "bad")
        assert.strictEqual(code, 2)
      }))
  })

  describe("the way there", () => {
    it.effect("ends where the name is not known", () =>
      Effect.gen(function*() {
        const { code, of } = yield* doctor({
          unreachable: true,
          network: { lookup: () => Effect.fail(new NetworkError({ code: "ENOTFOUND" })) }
        })

        assert.include(of("name").says, "ENOTFOUND")
        assert.strictEqual(of("encryption").verdict, "skipped")
        assert.include(of("connection").says, "ECONNREFUSED")
        assert.strictEqual(of("access").verdict, "skipped")
        assert.strictEqual(code, 6)
      }))

    it.effect("says who signed a certificate that is not trusted, and what to do", () =>
      Effect.gen(function*() {
        const { of } = yield* doctor({
          network: {
            handshake: () =>
              Effect.succeed({
                issuer: "PortSwigger CA",
                validTo: 0,
                distrust: "SELF_SIGNED_CERT_IN_CHAIN",
                protocol: "TLSv1.3"
              })
          }
        })

        assert.include(of("encryption").says, "PortSwigger CA")
        assert.include(of("encryption").says, "only your organization or proxy knows")
        assert.include(of("encryption").remedy, "--ca")
      }))

    it("compares the clocks", () => {
      const at = Date.UTC(2029, 0, 1)
      const clocks = [
        "Mon, 01 Jan 2029 00:00:30 GMT",
        "Mon, 01 Jan 2029 01:00:00 GMT",
        "Sun, 31 Dec 2028 23:00:00 GMT",
        "x",
        undefined
      ]
      const found = clocks.map((date) => Here.clock(date, at))

      assert.deepStrictEqual(found.map(({ verdict }) => verdict), ["good", "warning", "warning", "skipped", "skipped"])
      assert.include(found[1]!.says, "1 h 0 min behind")
      assert.include(found[2]!.says, "1 h 0 min ahead of")
    })

    it.effect("shows whether the API accepts the key", () =>
      Effect.gen(function*() {
        const refused = yield* doctor({ script: Script.status(401) })
        const overloaded = yield* doctor({ script: Script.status(529) })

        assert.deepStrictEqual([refused.of("access").verdict, refused.code], ["bad", 3])
        assert.deepStrictEqual([overloaded.of("access").verdict, overloaded.code], ["bad", 5])
        assert.strictEqual(refused.of("connection").verdict, "good")
      }))
  })
})
