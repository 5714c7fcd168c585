// Shows that the published packages work for someone who has none of this repository.
//
// Builds, packs each public package, lints the tarballs (publint, are-the-types-wrong), installs them into a plain npm
// project in a temporary folder with `effect` and the other peers from the registry, type-checks a consumer of every
// public module under moduleResolution nodenext and bundler, and runs it.
//
// Usage: node packages/tools/pack-check.mjs [--keep]
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { promisify } from "node:util"
import { bin, glob, modulesOf, publicPackages, read, root, shell } from "./workspace.mjs"

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-claude-pack-"))
const consumer = Path.join(folder, "consumer")

const run = async (command, args, cwd = root) => {
  try {
    return (await promisify(execFile)(command, args, { cwd, maxBuffer: 1 << 26, shell })).stdout
  } catch (error) {
    throw new Error(
      `${Path.basename(command)} ${args.join(" ")}\n${error.stdout ?? ""}${error.stderr ?? error.message}`,
      { cause: error }
    )
  }
}

const started = performance.now()
const step = async (title, work) => {
  const before = performance.now()
  const result = await work()
  process.stdout.write(`${title} (${((performance.now() - before) / 1000).toFixed(1)} s)\n`)
  return result
}

/** A package that has no module yet has nothing to show. */
const ready = publicPackages.filter((pkg) => modulesOf(pkg).length > 0)

const subpaths = (pkg) => modulesOf(pkg).map((path) => path.replace(/\.ts$/, ""))

/** A tarball may hold sources and builds, and nothing that only this repository needs. */
const contents = async (pkg, tarball) => {
  const files = (await run("tar", ["-tzf", tarball])).split("\n").filter((file) => file !== "")
  const stray = files.filter((file) =>
    !/^package\/(?:src\/.*\.ts|dist\/.*\.(?:js|d\.ts)(?:\.map)?|[A-Z]+(?:\.md)?|package\.json)$/.test(file)
  )
  const missing = subpaths(pkg).filter((path) =>
    !files.includes(`package/dist/${path}.js`) || !files.includes(`package/dist/${path}.d.ts`)
  )
  if (!files.includes("package/LICENSE")) missing.push("LICENSE")
  if (stray.length + missing.length > 0) {
    throw new Error(
      `${pkg.manifest.name}: stray ${stray.join(", ") || "none"}; missing ${missing.join(", ") || "none"}`
    )
  }
}

const pack = async (pkg) => {
  // The pnpm that runs this script, or the one the README names.
  const pnpm = process.env.npm_execpath
  const command = pnpm === undefined
    ? ["npx", "-y", "pnpm@12"]
    : /\.[cm]?js$/.test(pnpm)
    ? [process.execPath, pnpm]
    : [pnpm]
  const before = new Set(Fs.readdirSync(folder))
  await run(command[0], [...command.slice(1), "pack", "--pack-destination", folder], Path.join(root, pkg.dir))
  const tarball = Fs.readdirSync(folder).find((file) => file.endsWith(".tgz") && !before.has(file))
  if (tarball === undefined) throw new Error(`${pkg.manifest.name} packed nothing`)
  return { pkg, tarball: Path.join(folder, tarball) }
}

const lintTarball = async ({ pkg, tarball }) => {
  await contents(pkg, tarball)
  await run(bin("publint"), ["run", tarball, "--strict"])
  await run(bin("attw"), [
    tarball,
    "--profile",
    "esm-only",
    "--entrypoints",
    ".",
    ...subpaths(pkg).map((path) => `./${path}`)
  ])
}

const writeConsumer = (packed) => {
  Fs.mkdirSync(consumer)
  const json = (name, value) => Fs.writeFileSync(Path.join(consumer, name), JSON.stringify(value, null, 2))
  const effect = JSON.parse(read("node_modules/effect/package.json")).version
  json("package.json", {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: {
      ...Object.fromEntries(packed.map(({ pkg, tarball }) => [pkg.manifest.name, `file:${tarball}`])),
      effect,
      "@effect/platform-node": "^4.1.0",
      undici: "^8.12.4",
      "@types/node": "^24.0.0"
    },
    // The packages depend on each other by version; until they are published, these are the ones meant.
    overrides: Object.fromEntries(packed.map(({ pkg, tarball }) => [pkg.manifest.name, `file:${tarball}`]))
  })
  const options = { target: "ES2022", lib: ["ES2023", "DOM", "DOM.Iterable"], strict: true, noEmit: true }
  const exact = { ...options, exactOptionalPropertyTypes: true }
  const nodeNext = { module: "NodeNext", moduleResolution: "NodeNext", types: ["node"] }
  const bundler = { module: "ESNext", moduleResolution: "Bundler" }
  const tsconfig = (name, include, compilerOptions) =>
    json(`tsconfig.${name}.json`, { include: [include], compilerOptions })
  tsconfig("nodenext", "*.ts", { ...exact, ...nodeNext })
  // As the templates of bundlers have it: declarations of packages are used, not checked.
  tsconfig("bundler", "*.ts", { ...options, ...bundler, types: ["node"], skipLibCheck: true })
  tsconfig("portable", "portable.ts", { ...exact, ...bundler, types: [] })
  tsconfig("older", "*.ts", { ...exact, ...nodeNext, skipLibCheck: true })

  const imports = (names) =>
    names.map((name, index) => `import * as M${index} from "${name}"\nmodules.set("${name}", M${index})`)
  const program = (names) =>
    [
      "const modules = new Map<string, object>()",
      ...imports(names),
      "console.log(`${modules.size} modules`)",
      ""
    ].join("\n")
  const libraries = packed.filter(({ pkg }) => pkg.manifest.bin === undefined).map(({ pkg }) => pkg)
  const namesOf = (pkg) => [pkg.manifest.name, ...subpaths(pkg).map((path) => `${pkg.manifest.name}/${path}`)]
  const portable = libraries.filter(({ name }) => name !== "testing").flatMap(namesOf)
  Fs.writeFileSync(Path.join(consumer, "index.ts"), program(libraries.flatMap(namesOf)))
  Fs.cpSync(Path.join(root, "packages/tools/consumer.ts"), Path.join(consumer, "consumer.ts"))
  Fs.writeFileSync(Path.join(consumer, "portable.ts"), program(portable.filter((name) => !name.includes("/node/"))))
}

/** What the exports maps close stays closed, though it is in the tarballs. */
const closed = () => {
  const internals = ready.flatMap((pkg) =>
    glob(`${pkg.dir}/src/**/internal/**/*.ts`).map((file) =>
      `${pkg.manifest.name}/${file.slice(`${pkg.dir}/src/`.length).replace(/\.ts$/, "")}`
    )
  )
  const barrels = ready.map(({ manifest }) => `${manifest.name}/index`)
  return `
for (const path of ${JSON.stringify([...internals, ...barrels])}) {
  const code = await import(path).then(() => "none", (error) => error.code)
  if (code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw new Error(path + " is reachable: " + code)
}
`
}

/** A program that checks what it receives, and makes no use of schemas. */
const small = `
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Effect from "effect/Effect"

const hello = Messages.create({ model: "m", max_tokens: 1, messages: [MessageRequest.user("Hello")] })
Effect.runPromise(hello.pipe(Effect.map(Message.text), Effect.provide(Claude.layerFetch())))
`

/** What is published lets a bundler leave out what a program does not use: the calls in it are marked. */
const shaken = async () => {
  const { build } = createRequire(Path.join(root, "packages/bench/package.json"))("esbuild")
  const { metafile } = await build({
    stdin: { contents: small, resolveDir: consumer },
    bundle: true,
    minify: true,
    format: "esm",
    metafile: true,
    write: false
  })
  const [{ bytes, inputs }] = Object.values(metafile.outputs)
  const unused = Object.keys(inputs).filter((file) =>
    inputs[file].bytesInOutput > 0 &&
    /effect\/dist\/Schema|core\/dist\/(?:Wire\.|ModelCatalog|internal\/(?:describe|models|rules))/.test(file)
  )
  if (unused.length > 0) throw new Error(`a bundle that needs none of them holds ${unused.join(", ")}`)
  return bytes
}

try {
  await step("build", () => run(process.execPath, [Path.join(root, "packages/tools/build.mjs")]))
  const packed = []
  await step("pack", async () => {
    for (const pkg of ready) packed.push(await pack(pkg))
  })
  await step("publint, are-the-types-wrong", () => Promise.all(packed.map(lintTarball)))
  writeConsumer(packed)
  await step(
    "npm install, outside the workspace",
    () =>
      run(
        "npm",
        ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", "--prefer-offline"],
        consumer
      )
  )
  // A second copy would have services and errors of its own, which the first does not recognise.
  const copies = Fs.globSync("node_modules/**/node_modules/{effect,@effect-claude/*}/package.json", { cwd: consumer })
  if (copies.length > 0) throw new Error(`installed more than once: ${copies.join(", ")}`)
  await step("types under nodenext and bundler", async () => {
    await Promise.all([
      run(bin("tsc"), ["-p", "tsconfig.nodenext.json"], consumer),
      run(bin("tsc"), ["-p", "tsconfig.bundler.json"], consumer)
    ])
  })
  await step("types without Node's, and under TypeScript 6", async () => {
    const older = Path.join(root, "node_modules/typescript-6/lib/tsc.js")
    await Promise.all([
      run(bin("tsc"), ["-p", "tsconfig.portable.json"], consumer),
      run(process.execPath, [older, "-p", "tsconfig.older.json"], consumer)
    ])
  })
  await step(`run on Node ${process.versions.node}`, async () => {
    process.stdout.write(await run(process.execPath, ["index.ts"], consumer))
    const output = await run(process.execPath, ["consumer.ts"], consumer)
    if (output !== "created: one\nstreamed: two\nrefused: 401 true\n") throw new Error(`consumer.ts printed\n${output}`)
    Fs.writeFileSync(Path.join(consumer, "closed.mjs"), closed())
    await run(process.execPath, ["closed.mjs"], consumer)
  })
  await step("a bundle of what is used", shaken)
  if (ready.some(({ name }) => name === "cli")) {
    await step("the command line", () => run("npm", ["exec", "--", "effect-claude", "--version"], consumer))
  }
  process.stdout.write(`packages: ok in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
} finally {
  if (process.argv.includes("--keep")) process.stdout.write(`${folder}\n`)
  else Fs.rmSync(folder, { recursive: true, force: true })
}
