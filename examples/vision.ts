// How do I show Claude an image?
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Messages from "@effect-claude/http/Messages"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// A red square of one pixel, as the bytes of a PNG file. Read yours with Effect's FileSystem.
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64"
)

const program = Effect.gen(function*() {
  // Content is text, or a list of blocks. Images come from bytes, an address the API fetches, or an uploaded file.
  const message = yield* Messages.create({
    model: "claude-sonnet-5-5",
    max_tokens: 300,
    messages: [
      MessageRequest.user([
        Content.image(png, "image/png"),
        // Content.imageUrl("https://example.com/teapot.jpg"), Content.imageFile("file_…"),
        Content.text("Tell me what you see, in one sentence.")
      ])
    ]
  })

  yield* Console.log(Message.text(message))
  yield* Console.log(`\n${message.usage.input_tokens} tokens in: images count by their size`)
})

program.pipe(Effect.provide(ClaudeLive.layer()), NodeRuntime.runMain)
