/**
 * Warns about a model that is retired, or retires soon.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ModelCatalog from "../../ModelCatalog.ts"
import { parseRfc3339 } from "../time.ts"

const day = 24 * 60 * 60 * 1000

/** A warning begins this many days before the model retires. */
const notice = 90

/** Creates a function that warns about each model once. */
export const announcer = (
  catalog: ModelCatalog.ModelCatalog
): (model: string) => Effect.Effect<void> | undefined => {
  const announced = new Set<string>()
  return (model) => {
    if (announced.has(model)) return undefined
    const entry = Option.getOrUndefined(ModelCatalog.find(catalog, model))
    const retiresAt = entry?.retiresOn === undefined ? undefined : parseRfc3339(`${entry.retiresOn}T00:00:00Z`)
    if (entry?.retiresOn === undefined || retiresAt === undefined) return undefined
    const { replacement, retiresOn } = entry
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const days = Math.ceil((retiresAt - now) / day)
      if (days > notice || announced.has(model)) return Effect.void
      announced.add(model)
      const when = days <= 0 ? `retired on ${retiresOn}` : `retires on ${retiresOn}, in ${days} days`
      return Effect.logWarning(`The model ${model} ${when}.${replacement === undefined ? "" : ` Use ${replacement}.`}`)
    })
  }
}
