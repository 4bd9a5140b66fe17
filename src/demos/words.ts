/** Phrases that several scenes use; pure functions. Any thread. */

/** @returns `3, 2 and 1`. */
export function together(words: readonly (string | number)[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** @returns `80 %`. */
export function percentOf(part: number, whole: number): string {
  return `${Math.round((100 * part) / whole)} %`
}

/** @returns how many of the names are each of these. */
export function countsOf(names: readonly (string | null)[], of: readonly string[]): number[] {
  return of.map((each) => names.filter((name) => name === each).length)
}

/** @returns the mean of none is 0. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** @returns `42 s`, `28 min`, `7.5 h`. */
export function span(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 6_000) / 10} min`
  return `${Math.round(ms / 360_000) / 10} h`
}
