/** Numbers in the sentences of health and feasibility. Pure functions. */

/** `5 %`, `12.5 %`. @param share 0 to 1. */
export function percentWords(share: number): string {
  return `${trimmed(share * 100)} %`
}

/** `750 ms`, `45 s`, `90 min`, `14 h`: one unit, so that spans in a sentence can be compared. */
export function spanWords(ms: number): string {
  if (ms < 1_000) return `${trimmed(ms)} ms`
  if (ms < 120_000) return `${trimmed(ms / 1_000)} s`
  if (ms < 36_000_000) return `${trimmed(ms / 60_000)} min`
  return `${trimmed(ms / 3_600_000)} h`
}

/** `1 place`, `3 places`. */
export function countWords(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`
}

/** At most one digit behind the point. */
function trimmed(value: number): string {
  return (Math.round(value * 10) / 10).toLocaleString('en-US')
}
