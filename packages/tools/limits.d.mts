interface Trip {
  readonly files: number
  readonly moves: number
}

interface Effects {
  readonly create: number
  readonly firstEvents: number
  readonly stream: number
}

/** The files that one warm call enters, and the moves between them. */
export declare const trip: { readonly [call: string]: { readonly all: Partial<Trip>; readonly http?: Trip } }

/** The effects that one request evaluates, by transport and call. */
export declare const effects: { readonly undici: Effects; readonly fetch: Effects }

/** The effects that each chunk of a stream adds. */
export declare const effectsPerChunk: { readonly decoded: number; readonly streamed: number }

/** Bytes, minified and gzipped, of a program that streams one response. */
export declare const bundle: number

/** Type instantiations of the compiler for that program. */
export declare const instantiations: number
