/**
 * What a browser loads for a program that streams one answer, and how long Node
 * takes from nothing to its first text.
 *
 * @since 0.1.0
 */
import * as Esbuild from "esbuild"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { markPure } from "../../tools/pure.mjs"

const here = Path.dirname(fileURLToPath(import.meta.url))

/**
 * The programs, by name: each reads its base URL from the command line.
 *
 * @category constants
 * @since 0.1.0
 */
export const programs = {
  ours: "hello/ours.ts",
  official: "hello/official.ts",
  "ai-sdk": "hello/aiSdk.ts",
  baseline: "hello/baseline.ts"
} as const

/**
 * The name of a program.
 *
 * @category models
 * @since 0.1.0
 */
export type Program = keyof typeof programs

/** Our sources as `pnpm build` turns them into what is published: with calls marked that may be left out. */
const asBuilt: Esbuild.Plugin = {
  name: "as-built",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]packages[\\/]\w+[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      contents: markPure(path, Fs.readFileSync(path, "utf8")),
      loader: "ts"
    }))
}

/**
 * Bundles a program and returns its path and its size in bytes, minified and gzipped.
 *
 * @category bundling
 * @since 0.1.0
 */
export const bundle = async (
  name: Program,
  platform: "browser" | "node"
): Promise<{ readonly file: string; readonly gzip: number }> => {
  const file = Path.join(Fs.mkdtempSync(Path.join(Os.tmpdir(), "hello-")), `${name}.mjs`)
  await Esbuild.build({
    entryPoints: [Path.join(here, programs[name])],
    bundle: true,
    minify: true,
    format: "esm",
    platform,
    target: "es2022",
    conditions: ["import"],
    outfile: file,
    legalComments: "none",
    // Some bundles hold CommonJS that asks for Node's own modules.
    ...(platform === "node"
      ? {
        banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" }
      }
      : undefined),
    logLevel: "error",
    plugins: [asBuilt],
    external: platform === "browser" ? ["node:*"] : []
  })
  return { file, gzip: gzipSync(Fs.readFileSync(file), { level: 9 }).byteLength }
}

/**
 * Runs a bundled program once, and returns the CPU milliseconds it took from
 * its start to its end.
 *
 * @category bundling
 * @since 0.1.0
 */
export const coldStart = (file: string, url: string): number => {
  const out = execFileSync(process.execPath, [file, url], { encoding: "utf8" })
  const cpu = /cpu=(\d+(?:\.\d+)?)/.exec(out)?.[1]
  if (cpu === undefined) throw new Error(`${file} did not say what it used: ${out}`)
  return Number(cpu)
}
