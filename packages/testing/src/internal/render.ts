/**
 * From a step of a script to the bytes of an answer.
 *
 * @since 0.1.0
 */
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Option from "effect/Option"
import * as ScriptedModel from "../ScriptedModel.ts"
import * as Answer from "./answer.ts"
import * as Errors from "./errors.ts"
import { type Json, record, string } from "./json.ts"
import * as Message from "./message.ts"
import * as Random from "./random.ts"
import type { Effect, FailureSpec, MessageSpec, Place, Step } from "./script.ts"
import * as Sse from "./sse.ts"
import * as Tokens from "./tokens.ts"

/** What an answer depends on besides the script. */
export interface Context {
  readonly body: Json
  readonly requestId: string
  /** The headers every answer of the API has. */
  readonly headers: { readonly [name: string]: string }
  /** The input side of `usage`. */
  readonly usage: Json
  readonly draw: Random.Draw
}

/** Renders a step and what happens to it on the way. */
export const render = (step: Step, effects: ReadonlyArray<Effect>, context: Context): Answer.Answer =>
  effects.reduce((answer, effect) => apply(answer, effect, context), renderStep(step, context))

const renderStep = (step: Step, context: Context): Answer.Answer => {
  switch (step._tag) {
    case "Message":
      return message(complete(step.message, context), context)
    case "Model": {
      const completion = ScriptedModel.respond(context.body, step.options)
      return message(complete({ ...completion }, context), context)
    }
    case "Events": {
      const folded = context.body["stream"] === true ? undefined : fold(step.events)
      return folded === undefined ? stream(step.events, context) : json(200, folded, context)
    }
    case "Failure":
      return failure(step.failure, context)
    case "Raw":
      return body(step.status, step.contentType, step.body, {
        ...(step.isForeign === true ? undefined : context.headers),
        ...step.headers
      })
    case "Wire":
      return {
        delay: 0,
        head: undefined,
        length: undefined,
        frames: step.bytes.length === 0 ? [] : [Answer.bytes(step.bytes)],
        end: "close",
        malformed: "wire"
      }
    case "Silence":
      return { delay: 0, head: undefined, length: undefined, frames: [], end: "hang" }
    case "Unreachable":
      return { delay: 0, head: undefined, length: undefined, frames: [], end: "reset", unreachable: step.code }
    case "NoHeaders":
      return { delay: 0, head: undefined, length: undefined, frames: [], end: step.end }
  }
}

/** Answers with JSON. */
export const json = (status: number, body: unknown, context: Pick<Context, "headers">): Answer.Answer =>
  text(status, "application/json", JSON.stringify(body), context.headers)

/** Answers with the error envelope. */
export const failure = (spec: FailureSpec, context: Pick<Context, "headers" | "requestId">): Answer.Answer =>
  json(spec.status, Errors.envelope(spec, context.requestId), { headers: { ...context.headers, ...spec.headers } })

const text = (
  status: number,
  contentType: string,
  body: string,
  headers: { readonly [name: string]: string }
): Answer.Answer => raw(status, contentType, encoder.encode(body), headers)

const body = (
  status: number,
  contentType: string,
  body: string | Uint8Array,
  headers: { readonly [name: string]: string }
): Answer.Answer => {
  const bytes = typeof body === "string" ? encoder.encode(body) : body
  const answer = raw(status, contentType, bytes, headers)
  return contentType.startsWith("text/event-stream")
    ? { ...answer, length: undefined, frames: Answer.rechunk([Sse.framed(bytes)], "perEvent") }
    : answer
}

/** Answers with bytes of any type. */
export const raw = (
  status: number,
  contentType: string,
  bytes: Uint8Array,
  headers: { readonly [name: string]: string }
): Answer.Answer => ({
  delay: 0,
  head: { status, headers: contentType === "" ? headers : { ...headers, "content-type": contentType } },
  length: bytes.length,
  frames: bytes.length === 0 ? [] : [Answer.bytes(bytes)],
  end: "complete"
})

const stream = (events: ReadonlyArray<Sse.Event>, context: Context): Answer.Answer => ({
  delay: 0,
  head: {
    status: 200,
    headers: {
      ...context.headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache"
    }
  },
  length: undefined,
  frames: events.map((event) => Sse.encode(event, context.draw)),
  end: "complete"
})

const message = (message: Json, context: Context): Answer.Answer =>
  context.body["stream"] === true
    ? stream(Message.events(message, context.draw), context)
    : json(200, message, context)

/** The message a finished stream folds to. */
const fold = (events: ReadonlyArray<Sse.Event>): unknown => {
  const state = MessageAccumulator.stepAll(MessageAccumulator.initial, events.filter(StreamEvent.is))
  return state.done ? Option.getOrUndefined(MessageAccumulator.snapshot(state)) : undefined
}

/** Fills in what only the request can tell. */
const complete = (spec: MessageSpec, context: Context): Json => {
  const { content, id, model, stop_reason, stop_sequence, usage, ...rest } = spec
  const blocks = content.map((block): Json & { readonly type: string } => {
    const fields: Json & { readonly type: string } = { ...block }
    return block.type === "tool_use" && fields["id"] === undefined
      ? { ...fields, type: block.type, id: Random.id(context.draw, "toolu") }
      : fields
  })
  const thinking = blocks.filter((block) => block.type === "thinking").reduce(
    (n, block) => n + Tokens.ofBlock(block),
    0
  )
  return {
    model: string(model) ?? string(context.body["model"]) ?? "claude-scripted",
    id: string(id) ?? Random.id(context.draw, "msg"),
    type: "message",
    role: "assistant",
    content: blocks,
    stop_reason: string(stop_reason) ?? (blocks.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn"),
    stop_sequence: stop_sequence ?? null,
    stop_details: null,
    ...rest,
    usage: {
      ...context.usage,
      output_tokens: Tokens.ofContent(blocks),
      ...(thinking === 0 ? undefined : { output_tokens_details: { thinking_tokens: thinking } }),
      service_tier: "standard",
      inference_geo: "global",
      ...record(usage)
    }
  }
}

// -----------------------------------------------------------------------------
// travel
// -----------------------------------------------------------------------------

const apply = (answer: Answer.Answer, effect: Effect, context: Context): Answer.Answer => {
  switch (effect._tag) {
    case "Cut": {
      const [frames] = Answer.splitAt(answer.frames, offsetOf(answer, effect.place))
      const length = answer.length === undefined || effect.end !== "complete" ? answer.length : Answer.sizeOf(frames)
      return { ...answer, frames, length, end: effect.end }
    }
    case "ErrorEvent": {
      if (!isStream(answer)) return answer.head?.status === 200 ? failure(effect.failure, context) : answer
      const [frames] = Answer.splitAt(answer.frames, offsetOf(answer, effect.place))
      const event = Sse.encode(Errors.envelope({ details: undefined, ...effect.failure }, undefined), context.draw)
      return { ...answer, frames: [...frames, event], end: "complete" }
    }
    case "Chunked":
      return { ...answer, frames: Answer.rechunk(answer.frames, effect.chunking) }
    case "Slow":
      return {
        ...answer,
        frames: answer.frames.flatMap((frame) => frame._tag === "Bytes" ? [Answer.wait(effect.millis), frame] : [frame])
      }
    case "Delay":
      return { ...answer, delay: answer.delay + effect.millis }
    case "Pause": {
      const [before, after] = Answer.splitAt(answer.frames, offsetOf(answer, effect.place))
      return { ...answer, frames: [...before, Answer.wait(effect.millis), ...after] }
    }
    case "Headers": {
      if (answer.head === undefined) return answer
      const headers: { [name: string]: string } = { ...answer.head.headers }
      for (const [name, value] of Object.entries(effect.headers)) {
        if (value === undefined) delete headers[name.toLowerCase()]
        else headers[name.toLowerCase()] = value
      }
      return { ...answer, head: { ...answer.head, headers } }
    }
    case "Malformed":
      return { ...answer, malformed: effect.malformed }
    case "Gzip":
      return { ...answer, gzip: true }
    case "Interleave":
      return isStream(answer) ? { ...answer, frames: Sse.interleaved(answer.frames) } : answer
    case "Informational":
      return { ...answer, informational: effect.statuses }
  }
}

const offsetOf = (answer: Answer.Answer, place: Place): number =>
  place === "headers" ? 0 : "bytes" in place ? place.bytes : Answer.offsetOfEvent(answer.frames, place.events)

const isStream = (answer: Answer.Answer): boolean =>
  answer.head?.headers["content-type"]?.startsWith("text/event-stream") === true

const encoder = new TextEncoder()
