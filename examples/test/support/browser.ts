/**
 * A Chromium without a window, if this machine has one. None is ever downloaded.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { type Browser as Chromium, chromium, type Page } from "playwright-core"

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge"]

const places = [
  ...(process.env["PATH"] ?? "").split(delimiter).flatMap((path) => names.map((name) => join(path, name))),
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"
]

/** Where the first one is, in `CHROMIUM` or in the usual places. */
export const found = process.env["CHROMIUM"] ?? places.find((place) => existsSync(place))

export class Browser extends Context.Service<Browser, Chromium>()("examples/test/Browser") {}

/** One browser, with a profile of its own that is thrown away. */
export const layer = Layer.effect(
  Browser,
  Effect.acquireRelease(
    Effect.promise(() =>
      chromium.launch({
        ...(found === undefined ? {} : { executablePath: found }),
        chromiumSandbox: false,
        args: [
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync"
        ]
      })
    ),
    (browser) => Effect.promise(() => browser.close())
  )
)

/** A page of somebody who shares nothing with the others. */
export const visitor = (url: string): Effect.Effect<Page, never, Browser | Scope.Scope> =>
  Effect.gen(function*() {
    const browser = yield* Browser
    const context = yield* Effect.acquireRelease(
      Effect.promise(() => browser.newContext()),
      (context) => Effect.promise(() => context.close())
    )
    const page = yield* Effect.promise(() => context.newPage())
    yield* Effect.promise(() => page.goto(url))
    return page
  })
