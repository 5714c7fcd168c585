import { assert, describe, it } from "@effect/vitest"
import { extract } from "../extract-examples.mjs"

const markdown = (...lines) => extract("docs/guide.md", lines.join("\n"))
const fence = "```"

describe("extract-examples", () => {
  describe("markdown", () => {
    it("keeps an example on the lines it has in its document", () => {
      const { outputs } = markdown("# Guide", "", "Text.", "", `${fence}ts`, "const a = 1", "a", fence)

      assert.strictEqual(outputs[0].path, "docs/guide.1.ts")
      assert.strictEqual(outputs[0].code.split("\n")[5], "const a = 1")
    })

    it("names the test after the heading above it", () => {
      const { outputs } = markdown("# Guide", "## Streaming", `${fence}ts`, "1", fence)

      assert.include(outputs[1].code, "test(\"Streaming (line 3)\"")
    })

    it("goes on from the fence before, when told to", () => {
      const { outputs } = markdown(`${fence}ts`, "const a = 1", fence, `${fence}ts continues`, "a + 1", fence)

      assert.include(outputs[1].code, "const a = 1")
      assert.include(outputs[1].code, "a + 1")
    })

    it("does not run what is only to be checked", () => {
      const { checked, outputs, run } = markdown(`${fence}ts no-run`, "1", fence)

      assert.deepStrictEqual({ checked, run, files: outputs.length }, { checked: 1, run: 0, files: 1 })
    })

    it("writes a named file where others of its directory can import it", () => {
      const { checked, outputs, run } = markdown(
        `${fence}ts file=first.ts`,
        "export const a = 1",
        fence,
        `${fence}ts file=first.test.ts`,
        `import { a } from "./first.ts"`,
        fence
      )

      assert.deepStrictEqual(outputs.map(({ path }) => path), ["docs/first.ts", "docs/first.test.ts"])
      assert.deepStrictEqual({ checked, run }, { checked: 1, run: 1 })
    })

    it("leaves out what says why, and refuses what does not", () => {
      assert.deepStrictEqual(markdown(`${fence}ts skip (needs a browser)`, "1", fence).problems, [])
      assert.lengthOf(markdown(`${fence}ts skip`, "1", fence).problems, 1)
    })

    it("refuses code that would not be checked", () => {
      assert.lengthOf(markdown(`${fence}typescript`, "1", fence).problems, 1)
      assert.lengthOf(markdown(`${fence}ts norun`, "1", fence).problems, 1)
      assert.lengthOf(markdown(`${fence}ts`, "1").problems, 1)
    })

    it("leaves other languages alone", () => {
      assert.deepStrictEqual(markdown(`${fence}sh`, "npm i", fence).outputs, [])
    })

    it("runs a program as a program", () => {
      const { outputs } = markdown(`${fence}ts`, "NodeRuntime.runMain(program)", fence)

      assert.include(outputs[1].code, "$doctest.program(")
    })
  })

  describe("assertions", () => {
    const line = (...code) => {
      const { outputs, problems } = markdown(`${fence}ts`, ...code, fence)
      assert.deepStrictEqual(problems, [])
      return outputs[0].code.split("\n").slice(1).join("\n").trimEnd()
    }

    it("asserts an expression", () => {
      assert.strictEqual(line("f(1) // => 2"), ";$doctest.equals((f(1)), 2, \"docs/guide.md:2\") // => 2")
    })

    it("asserts an expression of several lines", () => {
      assert.include(line("f(", "  1", ") // => 2"), ";$doctest.equals((f(\n  1\n)), 2, \"docs/guide.md:4\")")
    })

    it("takes what is expected from the line below as well", () => {
      assert.include(line("f(1)", "// => 2", "g()"), ";$doctest.equals((f(1)), 2, \"docs/guide.md:2\")\n// => 2\ng()")
    })

    it("asserts a constant by its name", () => {
      assert.include(line("const x = f() // => 2"), "const x = f();$doctest.equals(x, 2, \"docs/guide.md:2\")")
    })

    it("asserts inside of what is itself asserted", () => {
      const code = line("run(() => {", "  f() // => 1", "}) // => 2")

      assert.include(code, ";$doctest.equals((f()), 1, \"docs/guide.md:3\")")
      assert.include(code, "})), 2, \"docs/guide.md:4\")")
    })

    it("refuses one that stands in the middle of a statement", () => {
      assert.lengthOf(markdown(`${fence}ts`, "f( // => 1", ")", fence).problems, 1)
    })
  })

  describe("doc comments", () => {
    const source = (...lines) => extract("packages/core/src/Usage.ts", lines.join("\n"))

    it("takes the example that a title introduces", () => {
      const { outputs, problems } = source(
        "/**",
        " * Adds.",
        " *",
        " * **Example** (Adding (all) parts)",
        " *",
        ` * ${fence}ts`,
        " * add(1, 2) // => 3",
        ` * ${fence}`,
        " */"
      )

      assert.deepStrictEqual(problems, [])
      assert.include(outputs[0].code.split("\n")[6], "$doctest.equals((add(1, 2)), 3")
      assert.include(outputs[1].code, "test(\"Adding (all) parts (line 6)\"")
      assert.include(outputs[1].code, "from \"../../../runtime.ts\"")
    })

    it("refuses one without a title", () => {
      assert.lengthOf(source("/**", ` * ${fence}ts`, " * 1", ` * ${fence}`, " */").problems, 1)
    })

    it("lets what is no code stand without one", () => {
      assert.deepStrictEqual(source("/**", ` * ${fence}text`, " * data: {}", ` * ${fence}`, " */").problems, [])
    })

    it("does not take a fence in code for documentation", () => {
      assert.deepStrictEqual(source("const text = `", `${fence}ts`, "1", fence, "`").outputs, [])
    })
  })
})
