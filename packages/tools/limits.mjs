// What one call may cost, in one place. None of these is a time: they are the same on every machine. Lower a limit when
// the code needs less; raise one only with the reason in the commit.

/**
 * The files of `src` that one warm call over a socket enters, and the moves from one file to another: `pnpm trip`.
 */
export const trip = {
  "Messages.create": { all: { files: 18, moves: 51 }, http: { files: 12, moves: 40 } },
  "Messages.stream": { all: { files: 32, moves: 195 }, http: { files: 19, moves: 108 } },
  "Session.send": { all: { files: 45, moves: 213 }, http: { files: 14, moves: 51 } },
  "Rules.check": { all: { files: 12 } }
}

/** The effects that one request evaluates, the timer of its attempt included: `packages/bench/test/requests.test.ts`. */
export const effects = {
  undici: { create: 20, firstEvents: 76, stream: 77 },
  fetch: { create: 20, firstEvents: 83, stream: 148 }
}

/** The effects that each chunk of a stream adds: `packages/bench/test/work.test.ts`. */
export const effectsPerChunk = { decoded: 15, streamed: 24 }

/**
 * Bytes, minified and gzipped, of a program that streams one response in a browser. The aim is 46,900: 55 % of the
 * official SDK's are 46,863.
 */
export const bundle = 54_300

/** Type instantiations of the compiler for that program, with the sources compiled as they are in development. */
export const instantiations = 285_000
