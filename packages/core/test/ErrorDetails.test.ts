import * as ErrorDetails from "@effect-claude/core/ErrorDetails"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

describe("ErrorDetails", () => {
  describe("fromUnknown", () => {
    it.each([
      [{ error_code: "image_dimensions_too_large", max_side_length_pixels: 8000, paths: ["messages.0.content.1"] }],
      [{ error_code: "organization_on_hold", appeal_url: "https://example.com" }],
      [{ error_code: "organization_on_hold", appeal_url: null }],
      [{ error_code: "thread_unsupported_request", unsupported: ["cache_control"] }],
      [{ error_code: "thread_unsupported_request" }],
      [{ error_code: "file_expired" }],
      [{ error_code: "code_of_tomorrow", more: [1] }],
      [{ more: 1 }]
    ])("returns %j as it is", (details) => {
      assert.strictEqual<unknown>(ErrorDetails.fromUnknown(details), details)
    })

    it.each([
      [null],
      ["file_expired"],
      [[]],
      [{ error_code: null }],
      [{ error_code: 5 }],
      [{ error_code: "image_dimensions_too_large", paths: ["a"] }],
      [{ error_code: "image_dimensions_too_large", max_side_length_pixels: 1, paths: "a" }],
      [{ error_code: "image_dimensions_too_large", max_side_length_pixels: 1, paths: [1] }],
      [{ error_code: "organization_on_hold", appeal_url: 5 }],
      [{ error_code: "thread_unsupported_request", unsupported: [null] }]
    ])("returns undefined for %j", (details) => {
      assert.isUndefined(ErrorDetails.fromUnknown(details))
    })

    it.prop("never throws, whatever the id", [Schema.Json], ([json]) => {
      const details = ErrorDetails.fromUnknown(json)

      assert.isTrue(details === undefined || details === json)
    })
  })

  it("lists each code once", () => {
    assert.strictEqual(new Set(ErrorDetails.codes).size, ErrorDetails.codes.length)
  })
})
