/** Medians and percentiles. Runs on: whoever has numbers. Invariant: inputs are left as they are. */

/** @returns the middle value, the mean of the two middle ones, or NaN for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0 || values.some(Number.isNaN)) return Number.NaN
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * @param percent 0 … 100.
 * @returns the smallest value that at least so many percent of all do not exceed, or NaN for none.
 */
export function percentile(values: Float64Array, percent: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = values.toSorted()
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
}
