/**
 * Text for a terminal: numbers, durations, bars, and words from outside made harmless.
 *
 * Pure functions. Invariant: nothing that came from outside reaches a terminal with a control
 * character in it, so no name, error or result can move the cursor, set a title or fake a line.
 */
import { stripVTControlCharacters } from 'node:util'

export { count, duration } from '../../words/numbers.ts'

/** C0, DEL, C1, line separators, and what turns the direction of text around. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const CONTROLS_IN_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** @returns one line without escape sequences and control characters. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\r\n\t]+/g, ' ')
    .replace(CONTROLS, '')
}

/** As `plain`, but line breaks and tabs stay. */
export function plainLines(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r\n', '\n').replace(CONTROLS_IN_LINES, '')
}

/** JSON that is safe to look at: what `JSON.stringify` leaves in is escaped too. */
export function safeJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A latency: `92 µs`, `1.24 ms`, `12.4 ms`, `1.5 s`. */
export function latency(us: number): string {
  if (us < 1_000) return `${Math.round(us)} µs`
  if (us < 1_000_000) return `${threeDigits(us / 1_000)} ms`
  return `${threeDigits(us / 1_000_000)} s`
}

const UNITS: readonly [string, number][] = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
]

/** A time that somebody has set, exactly: `4 h`, `1 h 30 min`, `2.5 s`. */
export function span(ms: number): string {
  if (ms >= 1_000 && ms < 60_000) return `${ms / 1_000} s`
  let left = Math.round(ms)
  const parts: string[] = []
  for (const [unit, size] of UNITS) {
    const whole = Math.floor(left / size)
    left -= whole * size
    if (whole > 0) parts.push(`${whole} ${unit}`)
  }
  return parts.length === 0 ? '0 ms' : parts.join(' ')
}

/** A share of a whole, rounded down to a tenth of a percent, so that a goal is not reached too soon. */
export function share(part: number): string {
  return `${Math.floor(part * 1_000 + ROUNDING) / 10} %`
}
/** 0.29 * 1,000 is 290 in decimal, and a little less in binary. */
const ROUNDING = 1e-6

export function bytes(value: number): string {
  if (value < 1_024) return `${value} B`
  if (value < 1_024 ** 2) return `${threeDigits(value / 1_024)} KiB`
  if (value < 1_024 ** 3) return `${threeDigits(value / 1_024 ** 2)} MiB`
  return `${threeDigits(value / 1_024 ** 3)} GiB`
}

/** Whole percent of a whole; never 100 before it is all, never 0 once something is there. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %'
  if (part >= whole) return '100 %'
  const rounded = Math.round((100 * part) / whole)
  return rounded === 0 ? '<1 %' : `${Math.min(99, rounded)} %`
}

/** A bar of `width` characters, `share` of it full. */
export function bar(share: number, width: number): string {
  const full = Math.max(0, Math.min(width, Math.floor(share * width)))
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** @returns the text, cut to `width` characters with an ellipsis when it is longer. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

/** @returns the words in lines of at most `room` characters; longer words are broken. */
export function wrap(text: string, room: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
    for (; line.length > room; line = line.slice(room)) lines.push(line.slice(0, room))
  }
  lines.push(line)
  return lines
}

function threeDigits(value: number): string {
  if (value < 10) return value.toFixed(2)
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}

const DIGEST = /\b([0-9a-f]{12})[0-9a-f]{52}\b/g

/** A digest by its beginning, as people compare them. */
export function shortDigests(text: string): string {
  return text.replace(DIGEST, '$1…')
}
