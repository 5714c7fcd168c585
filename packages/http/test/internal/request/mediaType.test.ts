import { assert, describe, it } from "@effect/vitest"
import * as MediaType from "../../../src/internal/request/mediaType.ts"

describe("mediaType", () => {
  describe("ofName", () => {
    it("finds the media type of an extension, in any case", () => {
      assert.strictEqual(MediaType.ofName("report.pdf"), "application/pdf")
      assert.strictEqual(MediaType.ofName("A.B.PNG"), "image/png")
      assert.strictEqual(MediaType.ofName("skill/SKILL.md"), "text/markdown")
    })

    it("takes a file without a known extension for bytes", () => {
      for (const name of ["", "README", "a.", ".pdf/x", "a.unknown", "a.pdf ", "constructor", "a.constructor"]) {
        assert.strictEqual(MediaType.ofName(name), "application/octet-stream", name)
      }
    })
  })
})
