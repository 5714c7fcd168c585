/** Counting what a program does, where a clock would only measure the machine. */
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"

/**
 * How many effects a program runs: a tracer is shown every primitive before the
 * run loop of a fiber evaluates it. (A continuation that is handed its value by
 * the primitive before it is none of its own.)
 */
export const effectsIn = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.suspend(() => {
    let count = 0
    const tracer = Tracer.make({
      span: (options) => new Tracer.NativeSpan(options),
      context: (primitive, fiber) => {
        count++
        return primitive["~effect/Effect/evaluate"](fiber)
      }
    })
    return Effect.map(Effect.withTracer(self, tracer), () => count)
  })

type Cost = (self: { readonly length: number }, args: ReadonlyArray<unknown>, result: unknown) => number

const length = (u: unknown): number => typeof u === "string" ? u.length : 0

/** Methods that go through characters, and how many it takes them to come to their result. */
const costs: ReadonlyArray<readonly [owner: object, method: string, cost: Cost]> = [
  [String.prototype, "charCodeAt", () => 1],
  [String.prototype, "slice", (_self, _args, result) => length(result)],
  [
    String.prototype,
    "indexOf",
    (self, [, from], at) => (typeof at === "number" && at !== -1 ? at + 1 : self.length) - Number(from ?? 0)
  ],
  [String.prototype, "startsWith", (_self, [text]) => length(text)],
  [Array.prototype, "join", (_self, _args, result) => length(result)],
  [JSON, "parse", (_self, [text]) => length(text)]
]

/** How many characters a program goes through, and how many texts it parses. It must not wait. */
export const charactersIn = (run: () => void): { readonly characters: number; readonly parsed: number } => {
  let characters = 0
  let parsed = 0
  const before = costs.map(([owner, method]) => Object.getOwnPropertyDescriptor(owner, method)!)
  costs.forEach(([owner, method, cost], i) => {
    const original: unknown = before[i]!.value
    if (typeof original !== "function") return
    Object.defineProperty(owner, method, {
      ...before[i],
      value(this: { readonly length: number }, ...args: Array<unknown>): unknown {
        const result: unknown = Reflect.apply(original, this, args)
        characters += cost(this, args, result)
        if (owner === JSON) parsed++
        return result
      }
    })
  })
  try {
    run()
  } finally {
    costs.forEach(([owner, method], i) => Object.defineProperty(owner, method, before[i]!))
  }
  return { characters, parsed }
}
