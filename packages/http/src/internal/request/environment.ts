/**
 * Variables of the configuration.
 *
 * @since 0.1.0
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"

/** Reads a variable without the space around it. An empty one counts as absent. */
export const read = (name: string): Effect.Effect<string | undefined, ConfigProvider.SourceError> =>
  Effect.map(
    Effect.flatMap(ConfigProvider.ConfigProvider, (provider) => provider.load([name])),
    (node) => {
      const text = node?.value?.trim() ?? ""
      return text === "" ? undefined : text
    }
  )
