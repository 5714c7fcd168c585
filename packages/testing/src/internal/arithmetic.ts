/**
 * Sums as people write them in a prompt.
 *
 * @since 0.1.0
 */

/** Finds an expression such as `12 * (3 + 4)` or `two numbers: 2 plus 5` in text, with its value. */
export const find = (text: string): { readonly expression: string; readonly value: number } | undefined => {
  const symbols = text
    .replace(/\b(?:plus|added to)\b/gi, "+")
    .replace(/\bminus\b/gi, "-")
    .replace(/\b(?:times|multiplied by)\b|×/gi, "*")
    .replace(/\bdivided by\b|÷/gi, "/")
  for (const [run] of symbols.matchAll(/[\d\s+\-*/().^]+/g)) {
    const expression = within(run.replace(/\s+/g, " "))
    // Long runs of parentheses are not sums, and would nest too deep.
    if (expression.length > 200) continue
    if (!/\d[\s)]*[+\-*/^][\s(]*-?\d/.test(expression)) continue
    const value = evaluate(expression.replace(/\s/g, ""))
    if (value !== undefined) return { expression, value }
  }
  return undefined
}

/** A run of digits, operators and parentheses, from where a sum can start to where it can end. */
const within = (run: string): string => {
  let end = run.length
  while (end > 0 && !/[\d)]/.test(run[end - 1]!)) end--
  return run.slice(Math.max(0, run.search(/[\d(.-]/)), end)
}

/** Writes a number without the noise of binary fractions. */
export const format = (value: number): string => String(Number(value.toPrecision(12)))

const evaluate = (text: string): number | undefined => {
  const state = { at: 0, failed: false }
  const peek = () => text[state.at]
  const primary = (): number => {
    if (peek() === "(") {
      state.at++
      const inner = sum()
      if (peek() === ")") state.at++
      else state.failed = true
      return inner
    }
    if (peek() === "-") {
      state.at++
      return -primary()
    }
    const digits = /^\d+(?:\.\d+)?/.exec(text.slice(state.at))?.[0]
    if (digits === undefined) {
      state.failed = true
      return 0
    }
    state.at += digits.length
    return Number(digits)
  }
  const power = (): number => {
    const base = primary()
    if (peek() !== "^" || state.failed) return base
    state.at++
    return base ** power()
  }
  const product = (): number => {
    let total = power()
    while (!state.failed && (peek() === "*" || peek() === "/")) {
      const operator = text[state.at++]
      const right = power()
      total = operator === "*" ? total * right : total / right
    }
    return total
  }
  const sum = (): number => {
    let total = product()
    while (!state.failed && (peek() === "+" || peek() === "-")) {
      const operator = text[state.at++]
      const right = product()
      total = operator === "+" ? total + right : total - right
    }
    return total
  }
  const value = sum()
  return state.failed || state.at !== text.length ? undefined : value
}
