/**
 * What the program loads before it knows which command runs. Counted from its
 * bundle, with no clock.
 */
import { assert, describe, it } from "@effect/vitest"
import { bundleProgram } from "../../tools/program.mjs"

describe("the program", () => {
  it("loads no client, session or scripted API before a command needs it", { timeout: 60_000 }, async () => {
    const { metafile: { outputs } } = await bundleProgram({ write: false })
    const loaded = new Set<string>()
    const load = (file: string): void => {
      if (loaded.has(file)) return
      loaded.add(file)
      for (const { external, kind, path } of outputs[file]!.imports) {
        if (external !== true && kind === "import-statement") load(path)
      }
    }
    load("dist/bin.js")
    const modules = Array.from(loaded).flatMap((file) => Object.keys(outputs[file]!.inputs))
    const bytes = Array.from(loaded).reduce((sum, file) => sum + outputs[file]!.bytes, 0)

    assert.isAbove(Object.keys(outputs).length, 20)
    assert.deepStrictEqual(
      modules.filter((path) => /\/(?:http|session|testing)\/src\/|\/undici\/|\/src\/handlers\//.test(`/${path}`)),
      []
    )
    assert.isBelow(bytes, 900_000)
  })
})
