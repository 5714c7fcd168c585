/**
 * The web page of `chat-server.ts` as people meet it: opened in a browser, typed
 * to, and looked at, while a scripted API answers the server behind it. Needs a
 * Chromium; `CHROMIUM` says where it is if it is in an unusual place.
 */
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import * as Browser from "./support/browser.ts"

const example = fileURLToPath(new URL("../chat-server.ts", import.meta.url))

if (Browser.found === undefined) {
  process.stderr.write("examples: there is no Chromium here, so the tests in a browser are LEFT OUT (set CHROMIUM)\n")
}

/** The example in a process of its own, whose answers come from a script. */
const serve = Effect.fnUntraced(function*(script: Script.Script) {
  const api = yield* ClaudeServer.make(script)
  const env = { ...process.env, PORT: "0", ANTHROPIC_API_KEY: "sk-ant-test", ANTHROPIC_BASE_URL: api.url }
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [example], { env, stdio: ["ignore", "pipe", "inherit"] })),
    (child) => Effect.callback<void>((resume) => void child.once("exit", () => resume(Effect.void)).kill())
  )
  const url = yield* Effect.callback<string>((resume) => {
    child.stdout.setEncoding("utf8").once("data", (line: string) => resume(Effect.succeed(line.slice(5).trim())))
  })
  return { api, url }
})

const say = (page: Page, words: string) =>
  Effect.promise(async () => {
    await page.getByRole("textbox", { name: "Say something" }).fill(words)
    await page.getByRole("button", { name: "Send" }).click()
  })

/** Waits until the page shows a line of some kind, and gives its text. */
const line = (page: Page, kind: string, text: RegExp) =>
  Effect.promise(async () => {
    const found = page.locator(`.${kind}`, { hasText: text }).last()
    await found.waitFor()
    return await found.innerText()
  })

/** Waits until nothing is being written any more, and gives what was. */
const answer = (page: Page) =>
  Effect.promise(async () => {
    await page.getByRole("button", { name: "Send" }).waitFor()
    return await page.locator(".claude").last().innerText()
  })

/** Notes what the last answer shows each time the page is painted. */
const watchPaints = (page: Page) =>
  Effect.promise(() =>
    page.evaluate(`
      globalThis.painted = new Set()
      const look = () => {
        painted.add(document.querySelector(".claude:last-of-type")?.textContent ?? "")
        requestAnimationFrame(look)
      }
      look()
    `)
  )

const painted = (page: Page) => Effect.promise(() => page.evaluate<Array<string>>("[...painted]"))

describe.skipIf(Browser.found === undefined)("chat-server", { timeout: 60_000 }, () => {
  layer(Browser.layer, { excludeTestServices: true, timeout: "1 minute" })((it) => {
    it.effect("shows an answer while it is written", () =>
      Effect.gen(function*() {
        const text = "One two three four five six seven eight nine ten."
        const { url } = yield* serve(Script.reply(text).pipe(Script.chunked("perEvent"), Script.slow("60 millis")))
        const page = yield* Browser.visitor(url)
        yield* watchPaints(page)
        yield* say(page, "Count to ten.")

        assert.strictEqual(yield* answer(page), text)
        const between = (yield* painted(page)).filter((shown) => shown !== "" && shown !== text)
        assert.isAtLeast(between.length, 2)
        for (const shown of between) assert.isTrue(text.startsWith(shown), shown)
      }))

    it.effect("keeps the conversations of two people apart", () =>
      Effect.gen(function*() {
        const { url } = yield* serve(Script.model())
        const [ada, bob] = [yield* Browser.visitor(url), yield* Browser.visitor(url)]
        yield* say(ada, "My name is Ada.")
        assert.include(yield* answer(ada), "Ada")
        yield* say(bob, "What is my name?")
        assert.notInclude(yield* answer(bob), "Ada")
        yield* say(ada, "What is my name?")

        assert.include(yield* answer(ada), "Your name is Ada")
        assert.notInclude(yield* Effect.promise(() => bob.innerText("body")), "Ada")
      }))

    it.effect("gives the request to Claude up when the page is closed", () =>
      Effect.gen(function*() {
        const { api, url } = yield* serve(
          Script.stall(Script.reply("A story without an end."), { after: { events: 4 } })
        )
        const page = yield* Browser.visitor(url)
        yield* say(page, "Tell me a story.")
        yield* line(page, "claude", /A/)
        assert.deepStrictEqual([yield* api.open, yield* api.aborted], [1, 0])
        yield* Effect.promise(() => page.close())
        yield* api.awaitSockets(0)

        assert.deepStrictEqual([yield* api.open, yield* api.aborted], [0, 1])
      }))

    it.effect("goes on as if nothing had been asked when an answer is stopped", () =>
      Effect.gen(function*() {
        const { api, url } = yield* serve(
          Script.sequence(
            Script.stall(Script.reply("A story without an end."), { after: { events: 4 } }),
            Script.reply("Hello!")
          )
        )
        const page = yield* Browser.visitor(url)
        yield* say(page, "Tell me a story.")
        yield* line(page, "claude", /A/)
        yield* Effect.promise(() => page.getByRole("button", { name: "Stop" }).click())
        yield* line(page, "note", /Stopped/)
        yield* say(page, "Hello?")

        assert.strictEqual(yield* answer(page), "Hello!")
        const [, second] = yield* api.requests
        assert.deepNestedPropertyVal(second, "body.messages.length", 1)
      }))

    it.effect("says in words what failed, and takes the next question", () =>
      Effect.gen(function*() {
        const { url } = yield* serve(Script.sequence(
          Script.status(400, { message: "messages: the moon is full" }),
          Script.cutAfter(Script.reply("This breaks off in the middle."), { events: 4 }),
          Script.reply("Hello!")
        ))
        const page = yield* Browser.visitor(url)
        yield* say(page, "Hello?")
        assert.include(yield* line(page, "wrong", /400/), "the moon is full")
        yield* say(page, "Hello?")
        assert.notMatch(yield* line(page, "wrong", /stream|answer/i), /[{}]|undefined|Error:/)
        assert.include(yield* Effect.promise(() => page.innerText("main")), "This")
        yield* say(page, "Hello?")

        assert.strictEqual(yield* answer(page), "Hello!")
      }))

    it.effect("keeps the newest words in sight", () =>
      Effect.gen(function*() {
        const { url } = yield* serve(Script.forever(Script.reply("One.\nTwo.\nThree.\nFour.")))
        const page = yield* Browser.visitor(url)
        yield* Effect.promise(() => page.setViewportSize({ width: 400, height: 300 }))
        for (const words of ["Once.", "Twice."]) {
          yield* say(page, words)
          yield* answer(page)
        }

        const [newest, form] = yield* Effect.promise(() =>
          Promise.all([page.locator(".claude").last().boundingBox(), page.locator("form").boundingBox()])
        )
        assert(newest !== null && form !== null)
        assert.isAtLeast(newest.y, 0)
        assert.isAtMost(newest.y + newest.height, form.y)
      }))

    it.effect("shows HTML as text, whoever wrote it", () =>
      Effect.gen(function*() {
        const markup = `<img src="x" onerror="document.title = 'run'"><b>bold</b>`
        const { url } = yield* serve(Script.reply(`Take ${markup}`))
        const page = yield* Browser.visitor(url)
        yield* say(page, markup)

        assert.strictEqual(yield* answer(page), `Take ${markup}`)
        assert.strictEqual(yield* line(page, "user", /img/), markup)
        assert.strictEqual(yield* Effect.promise(() => page.locator("main b, main img").count()), 0)
        assert.strictEqual(yield* Effect.promise(() => page.title()), "Chat")
      }))
  })
})
