/**
 * The runtimes that the Node transport works on.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ClaudeConfig from "../../ClaudeConfig.ts"

/** The versions of the runtime and of what it consists of, as in `process.versions`. */
export interface Versions {
  readonly node?: string | undefined
  readonly bun?: string | undefined
}

/** The versions of this runtime. */
export const Versions: Context.Reference<Versions> = Context.Reference<Versions>(
  "@effect-claude/http/node/internal/runtime/Versions",
  { defaultValue: (): Versions => globalThis.process?.versions ?? {} }
)

/** Fails on a runtime that undici does not work on. */
export const check: Effect.Effect<void, ClaudeConfig.ClaudeConfigError> = Effect.flatMap(Versions, ({ bun, node }) => {
  if (bun !== undefined) return refuse(`This is Bun ${bun}, and \`ClaudeNode\` works on Node only. ${elsewhere}`)
  if (node === undefined) return refuse(`This runtime is not Node, and \`ClaudeNode\` works on Node only. ${elsewhere}`)
  const [major = 0, minor = 0] = node.split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19) ? Effect.void : refuse(
    `This is Node ${node}, and \`ClaudeNode\` needs Node 22.19 or newer. Update Node. ${elsewhere}`
  )
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const elsewhere = "`Claude.layerFetch` works on every runtime with `fetch`."

const refuse = (message: string): Effect.Effect<never, ClaudeConfig.ClaudeConfigError> =>
  Effect.fail(new ClaudeConfig.ClaudeConfigError({ option: "runtime", message }))
