/**
 * What is answered besides messages: token counts, models, batches, files and skills.
 *
 * @since 0.1.0
 */
import type { RecordedRequest } from "../RecordedRequest.ts"
import type * as Answer from "./answer.ts"
import * as Batches from "./batches.ts"
import type * as Endpoint from "./endpoint.ts"
import * as Errors from "./errors.ts"
import * as Files from "./files.ts"
import type { Json } from "./json.ts"
import * as Models from "./models.ts"
import * as Page from "./page.ts"
import * as Render from "./render.ts"
import * as Skills from "./skills.ts"
import * as Tokens from "./tokens.ts"

export interface Options {
  readonly batchDuration: number
  readonly files: ReadonlyArray<Files.Given>
}

export interface Context extends Render.Context {
  readonly now: number
  /** Where the client found the API, such as `http://127.0.0.1:5000`. */
  readonly origin: string
  readonly bytes: Uint8Array
  /** The result of one request of a batch. */
  readonly answer: (params: Json) => Json
}

export interface Resources {
  /** Answers a request, or undefined where it is not for a resource. */
  readonly answer: (
    endpoint: Endpoint.Match,
    request: RecordedRequest,
    context: Context
  ) => Answer.Answer | undefined
}

const inLifecycle = (asked: ReadonlyArray<string>) => ({ lifecycle }: { readonly lifecycle: string }): boolean =>
  asked.length === 0 || asked.includes(lifecycle)

export const make = (seed: number, options: Options): Resources => {
  const batches = Batches.make(seed, options.batchDuration)
  const files = Files.make(seed, options.files)
  const skills = Skills.make(seed)
  return {
    answer: (endpoint, request, context) => {
      if (endpoint._tag !== "Endpoint") return undefined
      const { id, version } = endpoint
      const contentType = request.headers["content-type"]
      const asks = (beta: string) => request.headers["anthropic-beta"]?.includes(beta) === true
      // A list is written as `name[]`, once for each of its items.
      const all = (name: string) => new URLSearchParams(request.url.split("?")[1]).getAll(`${name}[]`)
      const inSkills = { ...context, isBeta: asks("skills-2025-") }
      switch (endpoint.name) {
        case "messages":
          return undefined
        case "countTokens":
          return Render.json(200, { input_tokens: Tokens.ofRequest(context.body) }, context)
        case "listModels":
          return Render.json(200, Page.byId(Models.list.filter(inLifecycle(all("lifecycle"))), request.query), context)
        case "getModel": {
          const known = Models.list.find((each) => each.id === id || each.id.startsWith(`${id}-20`))
          return known === undefined
            ? Render.failure(Errors.failure(404, { message: `model: ${id}` }), context)
            : Render.json(200, known, context)
        }
        case "createBatch":
          return batches.create(context.body, context.origin, context.answer, context)
        case "listBatches":
          return batches.list(request.query, context)
        case "getBatch":
          return batches.get(id, context)
        case "cancelBatch":
          return batches.cancel(id, context)
        case "deleteBatch":
          return batches.remove(id, context)
        case "batchResults":
          return batches.results(id, context)
        case "uploadFile":
          return files.upload(contentType, context.bytes, context)
        case "listFiles":
          return files.list(request.query, all("ids"), asks("files-api-"), context)
        case "getFile":
          return files.get(id, context)
        case "deleteFile":
          return files.remove(id, context)
        case "fileContent":
          return files.content(id, context)
        case "createSkill":
          return skills.create(contentType, context.bytes, inSkills)
        case "listSkills":
          return skills.list(request.query, inSkills)
        case "getSkill":
          return skills.get(id, inSkills)
        case "deleteSkill":
          return skills.remove(id, inSkills)
        case "createSkillVersion":
          return skills.createVersion(id, contentType, context.bytes, inSkills)
        case "listSkillVersions":
          return skills.listVersions(id, request.query, inSkills)
        case "getSkillVersion":
          return skills.getVersion(id, version, inSkills)
        case "deleteSkillVersion":
          return skills.removeVersion(id, version, inSkills)
      }
    }
  }
}
