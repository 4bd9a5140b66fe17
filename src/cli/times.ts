/** Lengths of time and times of day as they are written on a command line; pure functions. */
import { InvalidArgumentError } from 'commander'
import { LIMITS } from '../options.ts'

/** Longer units first: `ms` ends as `s` does. */
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** What a help line says of it. */
export const SPAN_FORM = '500ms, 90s, 5m, 2h or 1d'

/**
 * Reads `500ms`, `90s`, `1.5h`; a number alone is refused, since it could be either.
 * @returns whole ms.
 */
export function span(text: string): number {
  const [, digits, unit] = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? []
  const ms = digits === undefined ? Number.NaN : Number(digits) * UNITS[unit as keyof typeof UNITS]
  if (ms <= LIMITS.delayMsMax) return Math.round(ms)
  throw new InvalidArgumentError(`Give a time of at most 30 days with its unit: ${SPAN_FORM}.`)
}

/** Reads what JSON writes of a date, or `10:30` and `10:30:15` of today, by the clock of this machine. */
export function timeOfDay(text: string): Date {
  const [, hours, minutes, seconds] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? []
  const time = hours === undefined ? dateOf(text) : new Date()
  if (hours !== undefined) time.setHours(Number(hours), Number(minutes), Number(seconds ?? 0), 0)
  const isReal = hours === undefined || (Number(hours) < 24 && Number(minutes) < 60)
  if (isReal && !Number.isNaN(time.getTime())) return time
  throw new InvalidArgumentError('Give a time such as 2026-02-13T10:30:00Z, or 10:30 for today.')
}

/** `Date` alone would take nearly anything, "1" for one. */
function dateOf(text: string): Date {
  return new Date(/^\d{4}-\d{2}-\d{2}/.test(text) ? text : Number.NaN)
}
