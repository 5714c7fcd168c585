import type { BuildResult } from "esbuild"

/** Bundles the program. With `write: false`, nothing is written. */
export const bundleProgram: (options: { readonly write: boolean }) => Promise<BuildResult<{ metafile: true }>>
