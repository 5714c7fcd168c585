// What the official SDK's types describe is what these schemas describe: its values go in unchanged, and answers and
// events it types are ours. Where the two differ on purpose, the last group says how and why.
import type { Anthropic } from "@anthropic-ai/sdk"
import type * as Batch from "@effect-claude/core/Batch"
import type * as Betas from "@effect-claude/core/Betas"
import type * as Citation from "@effect-claude/core/Citation"
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import type * as File from "@effect-claude/core/File"
import type * as Media from "@effect-claude/core/Media"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as Model from "@effect-claude/core/Model"
import type * as Skill from "@effect-claude/core/Skill"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import type * as Thinking from "@effect-claude/core/Thinking"
import type * as TokenCount from "@effect-claude/core/TokenCount"
import type * as Tool from "@effect-claude/core/Tool"
import type * as Usage from "@effect-claude/core/Usage"
import { describe, expect, it } from "tstyche"

type Beta = Anthropic.Beta.BetaMessage

/** What the SDK has as arrays to write to is for reading here; nothing else differs. */
type Readable<T> = T extends ReadonlyArray<infer Item> ? ReadonlyArray<Readable<Item>>
  : T extends object ? { readonly [Key in keyof T]: Readable<T[Key]> }
  : T

/** The members of a union that are not described by another type. */
type Missing<From, To> = From extends unknown ? From extends To ? never : From : never

/** The values of an open enum that are spelled out. */
type Known<T> = T extends string ? string extends T ? never : T : never

describe("Interop", () => {
  describe("names", () => {
    it("knows every model, beta, reason to stop and effort by name", () => {
      expect<Known<Anthropic.Model>>().type.toBeAssignableTo<(typeof Model.Model.known)[number]>()
      expect<Known<Anthropic.Beta.AnthropicBeta>>().type.toBe<(typeof Betas.Beta.known)[number]>()
      expect<Known<Anthropic.StopReason>>().type.toBeAssignableTo<(typeof Message.StopReason.known)[number]>()
      expect<NonNullable<Anthropic.OutputConfig["effort"]>>().type
        .toBe<(typeof MessageRequest.Effort.known)[number]>()
    })

    it("knows every tool of the server by name", () => {
      expect<Anthropic.ServerToolUseBlock["name"]>().type
        .toBeAssignableTo<(typeof ContentBlock.ServerToolUse.fields.name.known)[number]>()
    })
  })

  describe("requests", () => {
    it("takes a request of the official SDK", () => {
      expect<Anthropic.MessageCreateParamsNonStreaming>().type.toBeAssignableTo<MessageRequest.MessageRequest>()
      expect<Anthropic.MessageCreateParamsStreaming>().type.toBeAssignableTo<MessageRequest.MessageRequest>()
      expect<Anthropic.MessageCountTokensParams>().type.toBeAssignableTo<TokenCount.TokenCountRequest>()
    })

    it("takes every turn, block, citation and source", () => {
      expect<Anthropic.MessageParam>().type.toBeAssignableTo<MessageRequest.MessageParam>()
      expect<Missing<Anthropic.ContentBlockParam, Content.Content>>().type.toBe<never>()
      expect<Missing<Anthropic.TextCitationParam, Citation.Citation>>().type.toBe<never>()
      expect<Missing<Anthropic.ImageBlockParam["source"], Media.ImageSource>>().type.toBe<never>()
      expect<Missing<Anthropic.DocumentBlockParam["source"], Media.DocumentSource>>().type.toBe<never>()
      expect<Missing<Anthropic.BrowserStateChange, Media.BrowserStateChange>>().type.toBe<never>()
    })

    it("takes every tool and option", () => {
      expect<Missing<Anthropic.ToolUnion, Tool.Tool>>().type.toBe<never>()
      expect<Missing<Anthropic.ToolChoice, Tool.ToolChoice>>().type.toBe<never>()
      expect<Missing<Anthropic.ThinkingConfigParam, Thinking.Thinking>>().type.toBe<never>()
      expect<Anthropic.OutputConfig>().type.toBeAssignableTo<MessageRequest.OutputConfig>()
    })

    it("takes the additions that are in beta", () => {
      type Params = Omit<Anthropic.Beta.MessageCreateParams, "messages" | "betas">
      expect<Params>().type.toBeAssignableTo<Omit<MessageRequest.MessageRequest, "messages">>()
      expect<Missing<Anthropic.Beta.BetaToolUnion, Tool.Tool>>().type.toBe<never>()
      expect<Anthropic.Beta.BetaSystemMessageParam>().type.toBeAssignableTo<MessageRequest.SystemParam>()
    })

    it("gives blocks and turns that the official SDK takes", () => {
      expect<ContentBlock.Thinking>().type.toBeAssignableTo<Anthropic.ThinkingBlockParam>()
      expect<ContentBlock.RedactedThinking>().type.toBeAssignableTo<Anthropic.RedactedThinkingBlockParam>()
      expect<Pick<ContentBlock.Text, "type" | "text">>().type.toBeAssignableTo<Anthropic.TextBlockParam>()
      expect<Pick<ContentBlock.ToolUse, "type" | "id" | "name" | "input">>().type
        .toBeAssignableTo<Anthropic.ToolUseBlockParam>()
    })
  })

  describe("answers", () => {
    it("reads an answer of the official SDK, in beta or not", () => {
      expect<Anthropic.Message>().type.toBeAssignableTo<Message.Message>()
      expect<Beta>().type.toBeAssignableTo<Message.Message>()
    })

    it("knows every block and every citation", () => {
      expect<Missing<Anthropic.ContentBlock, ContentBlock.ContentBlock>>().type.toBe<never>()
      expect<Missing<Anthropic.Beta.BetaContentBlock, ContentBlock.ContentBlock>>().type.toBe<never>()
      expect<Missing<Anthropic.TextCitation, Citation.Citation>>().type.toBe<never>()
    })

    it("knows every reason to stop, and what a refusal says", () => {
      expect<Anthropic.StopReason>().type.toBeAssignableTo<Message.StopReason>()
      expect<Anthropic.RefusalStopDetails>().type.toBeAssignableTo<Message.RefusalStopDetails>()
    })

    it("counts what was used alike", () => {
      expect<Anthropic.Usage>().type.toBeAssignableTo<Usage.Usage>()
      expect<Anthropic.Beta.BetaUsage>().type.toBeAssignableTo<Usage.Usage>()
      expect<Anthropic.MessageDeltaUsage>().type.toBeAssignableTo<Usage.MessageDeltaUsage>()
    })

    it("knows every event, in beta or not", () => {
      expect<Missing<Anthropic.RawMessageStreamEvent, StreamEvent.StreamEvent>>().type.toBe<never>()
      expect<Missing<Anthropic.Beta.BetaRawMessageStreamEvent, StreamEvent.StreamEvent>>().type.toBe<never>()
      expect<Missing<Anthropic.RawContentBlockDelta, StreamEvent.Delta>>().type.toBe<never>()
    })
  })

  describe("resources", () => {
    it("reads models, batches, files and skills", () => {
      expect<Anthropic.ModelInfo>().type.toBeAssignableTo<Model.ModelInfo>()
      expect<Anthropic.Beta.BetaModelInfo>().type.toBeAssignableTo<Model.ModelInfo>()
      expect<NonNullable<Model.Capabilities["effort"]>["xhigh"]>().type
        .toBe<Model.Capability | null | undefined>()
      expect<NonNullable<Model.Capabilities["context_management"]>["compact_20260112"]>().type
        .toBe<Model.Capability | null | undefined>()
      expect<Anthropic.Messages.MessageBatch>().type.toBeAssignableTo<Batch.MessageBatch>()
      expect<Anthropic.Messages.MessageBatchIndividualResponse>().type.toBeAssignableTo<Batch.BatchResult>()
      expect<Anthropic.FileMetadata>().type.toBeAssignableTo<File.FileMetadata>()
      expect<Anthropic.Skill>().type.toBeAssignableTo<Skill.Skill>()
      expect<Anthropic.ErrorResponse>().type.toBeAssignableTo<ErrorResponse.ErrorResponse>()
    })
  })

  describe("knowingly different", () => {
    it("fields of answers may be absent, since recorded answers lack them", () => {
      expect<Message.Message>().type.not.toBeAssignableTo<Readable<Anthropic.Message>>()
      expect<Message.Message["stop_details"]>().type.toBe<Message.StopDetails | null | undefined>()
      expect<Anthropic.Message["stop_details"]>().type.toBe<Anthropic.RefusalStopDetails | null>()
    })

    it("unions are open: a match is not exhaustive without what is not known yet", () => {
      type Unmatched = Exclude<ContentBlock.ContentBlock["type"], Anthropic.Beta.BetaContentBlock["type"]>
      expect<Unmatched>().type.not.toBe<never>()
    })

    it("says why another model took over, also in the block that is sent back", () => {
      expect<Anthropic.Beta.BetaFallbackBlock>().type.toBeAssignableTo<ContentBlock.Fallback>()
      expect<Missing<Anthropic.Beta.BetaContentBlockParam, Content.Content>>().type
        .toBe<Anthropic.Beta.BetaFallbackBlockParam>()
    })

    it("accepts sampling parameters, which the API's standard version has", () => {
      expect<"temperature">().type.toBeAssignableTo<keyof MessageRequest.MessageRequest>()
      expect<"temperature">().type.not.toBeAssignableTo<keyof Anthropic.MessageCreateParams>()
    })

    it("leaves to headers what are headers", () => {
      expect<"betas">().type.not.toBeAssignableTo<keyof MessageRequest.MessageRequest>()
    })
  })
})
