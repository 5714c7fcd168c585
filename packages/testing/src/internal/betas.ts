/**
 * The betas of the scripted API.
 *
 * @since 0.1.0
 */
import * as Betas from "@effect-claude/core/Betas"

/** Betas that core no longer names, and that the API still accepts. */
const older = [
  "advanced-tool-use-2025-11-20",
  "claude-code-20250219",
  "effort-2025-11-24",
  "fine-grained-tool-streaming-2025-05-14",
  "max-tokens-3-5-sonnet-2024-07-15",
  "mcp-client-2025-04-04",
  "oauth-2025-04-20",
  "oidc-federation-2026-04-01",
  "structured-outputs-2025-12-15",
  "tool-examples-2025-10-29",
  "tool-search-tool-2025-10-19",
  "tools-2024-04-04",
  "tools-2024-05-16",
  "web-fetch-2025-09-10",
  "web-search-2025-03-05"
]

const known: ReadonlySet<string> = new Set([...Betas.Beta.known, ...older])

/** Returns the first beta of a header that the API does not know. */
export const unknown = (
  header: string | undefined,
  isBeta: ((beta: string) => boolean) | undefined
): string | undefined => Betas.fromHeader(header).find((beta) => !known.has(beta) && isBeta?.(beta) !== true)
