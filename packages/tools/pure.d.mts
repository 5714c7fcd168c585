/** Returns the text of a module with its top-level calls marked as pure. */
export declare const markPure: (path: string, text: string) => string
