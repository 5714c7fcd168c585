import { globSync } from "node:fs"
import { defineConfig } from "vitest/config"

// No test may reach the API, whatever the shell that runs them knows; documented examples get one of their own.
for (const name of Object.keys(process.env)) {
  if (name.startsWith("ANTHROPIC_")) delete process.env[name]
}

const packages = globSync("packages/*/package.json").map((file) => file.split(/[\\/]/)[1] ?? "").filter((name) =>
  name !== "tools"
).toSorted()

const load = ["packages/*/test/**/*Load.test.ts", "examples/test/*Load.test.ts"]

export default defineConfig({
  test: {
    passWithNoTests: true,
    // Modules are loaded once per worker, not once per file: nothing here keeps state in a module.
    isolate: false,
    silent: "passed-only",
    // A hanging test ends; a loaded machine ends none.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      ...packages.map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`packages/${name}/test/**/*.test.ts`],
          exclude: load,
          setupFiles: ["./vitest.setup.ts"],
          sequence: { concurrent: true }
        }
      })),
      {
        extends: true as const,
        test: {
          name: "load",
          include: load,
          setupFiles: ["./vitest.setup.ts"],
          // What measures memory or sockets runs after all else, alone, and may collect garbage.
          isolate: true,
          fileParallelism: false,
          execArgv: ["--expose-gc"],
          sequence: { groupOrder: 1 }
        }
      },
      {
        extends: true as const,
        test: {
          name: "examples",
          include: ["examples/**/*.test.ts"],
          exclude: [...load, "**/node_modules/**"],
          setupFiles: ["./vitest.setup.ts"]
        }
      },
      { extends: true as const, test: { name: "tools", include: ["packages/tools/test/**/*.test.mjs"] } },
      {
        extends: true as const,
        test: {
          name: "doctest",
          include: [".doctest/**/*.test.ts"],
          globalSetup: ["./packages/tools/doctest-api.ts"],
          setupFiles: ["./packages/tools/doctest-setup.ts"]
        }
      }
    ]
  }
})
