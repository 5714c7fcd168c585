// How do I upload a file once, and use it in many requests?
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Files from "@effect-claude/http/Files"
import * as Messages from "@effect-claude/http/Messages"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer, Stream } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const program = Effect.gen(function*() {
  // From disk, without reading it into memory. Files.upload takes bytes or a stream.
  const file = yield* Files.uploadPath("examples/support/teapots.txt", {
    mediaType: "text/plain",
    onProgress: (bytes) => Console.log(`sent ${bytes} bytes`)
  })
  yield* Console.log(`uploaded ${file.filename} as ${file.id}`)

  // Deleted again whatever happens in between.
  yield* Effect.gen(function*() {
    const message = yield* Messages.create({
      model: "claude-sonnet-5-5",
      max_tokens: 300,
      messages: [MessageRequest.user([Content.documentFile(file.id), Content.text("Tell me what this is about.")])]
    })
    yield* Console.log(Message.text(message))

    const names = yield* Files.list().pipe(Stream.map(({ filename }) => filename), Stream.runCollect)
    yield* Console.log(`files there: ${names.join(", ")}`)
  }).pipe(Effect.ensuring(Effect.ignore(Files.delete(file.id))))
})

program.pipe(Effect.provide(Layer.mergeAll(ClaudeLive.layer(), NodeServices.layer)), NodeRuntime.runMain)
