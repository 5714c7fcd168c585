/**
 * What the programs have in common: where to ask, and how to say what it cost.
 * In a browser there is neither, and both are left out.
 *
 * @since 0.1.0
 */

/**
 * Where to ask, and how to end.
 *
 * @category constants
 * @since 0.1.0
 */
export const report = {
  url: "process" in globalThis ? `${process.argv[2]}` : "https://api.anthropic.com",
  end: () => {
    if (!("process" in globalThis)) return
    const { system, user } = process.cpuUsage()
    console.log(`cpu=${(user + system) / 1000}`)
    process.exit(0)
  }
}
