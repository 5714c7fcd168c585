import { assert, describe, it } from "@effect/vitest"
import { draw, withoutDetours } from "../draw-packages.mjs"
import { publicPackages } from "../workspace.mjs"

describe("draw-packages", () => {
  it("leaves out an arrow where others lead the same way", () => {
    assert.deepStrictEqual(
      withoutDetours({ cli: ["session", "http", "core"], session: ["http", "core"], http: ["core"], core: [] }),
      { cli: ["session"], session: ["http"], http: ["core"], core: [] }
    )
  })

  it("shows every package, and an arrow less when one is needed no more", () => {
    const alone = publicPackages.map((pkg) =>
      pkg.name === "ai" ? { ...pkg, manifest: { ...pkg.manifest, dependencies: {} } } : pkg
    )
    const arrows = (svg) => svg.split("marker-end").length - 1

    for (const { manifest } of publicPackages) assert.include(draw(publicPackages), `>${manifest.name}<`)
    assert.strictEqual(arrows(draw(alone)), arrows(draw(publicPackages)) - 1)
  })
})
