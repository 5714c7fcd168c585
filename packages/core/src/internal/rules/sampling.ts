/**
 * Checks of the values of sampling parameters.
 *
 * @since 0.1.0
 */
import type { MessageRequest } from "../../MessageRequest.ts"
import * as Turns from "../turns.ts"
import type { Finding } from "./model.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

/** Sampling parameters are within their ranges. Older clients send -1 for "not set", which was accepted. */
export const samplingRange = (request: Request): Found => [
  ...outside("temperature", request.temperature, isShare, "a number from 0 to 1"),
  ...outside("top_p", request.top_p, isShare, "a number from 0 to 1"),
  ...outside("top_k", request.top_k, isCount, "a whole number of at least 0")
]

const isShare = (value: number): boolean => value >= 0 && value <= 1

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0

const outside = (path: string, value: unknown, is: (value: number) => boolean, range: string): Found =>
  typeof value !== "number" || value === -1 || is(value) ? Turns.none : [{
    path,
    problem: `${value} is not ${range}`,
    fix: `Give ${range}, or leave \`${path}\` out.`
  }]

const leastTopP = 0.95

/** While the model thinks, sampling parameters keep their defaults. */
export const thinkingSampling = (request: Request): Found => {
  const { temperature, thinking, top_k, top_p } = request
  if (thinking?.type !== "enabled" && thinking?.type !== "adaptive") return Turns.none
  return [
    ...fixed("temperature", typeof temperature === "number" && temperature !== 1, "temperature is 1"),
    ...fixed("top_p", typeof top_p === "number" && top_p < leastTopP, `top_p is at least ${leastTopP}`),
    ...fixed("top_k", typeof top_k === "number", "top_k is not set")
  ]
}

const fixed = (path: string, isBroken: boolean, rule: string): Found =>
  isBroken ? [{ path, problem: `while the model thinks, ${rule}`, fix: `Leave \`${path}\` out.` }] : Turns.none
