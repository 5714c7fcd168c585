import { defineConfig } from "vitest/config"

const packages = ["core", "http", "session", "testing", "cli", "bench"]

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      ...packages.map((name) => ({
        test: {
          name,
          include: [`packages/${name}/test/**/*.test.ts`],
          setupFiles: ["./vitest.setup.ts"],
          sequence: { concurrent: true }
        }
      })),
      { test: { name: "doctest", include: [".doctest/**/*.test.ts"], setupFiles: ["./vitest.setup.ts"] } }
    ]
  }
})
