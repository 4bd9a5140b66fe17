/**
 * What a task promises of itself, or delays: checked the same way from headers, from frames, from the
 * library and from the CLI.
 *
 * Any thread. Invariant: what says nothing is null, so that a task that has all of it from its queue
 * costs no object here.
 *
 * A time of day travels as it was said and becomes a delay where the task is decoded, by that
 * machine's clock: how long a task was on its way does not put it off.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { OwnPromises, SubmitOptions } from '../task.ts'
import { quote } from './tokens.ts'

export const SAYS_NO_PROMISE: OwnPromises = {
  ttlMs: null,
  deadlineMs: null,
  slaTargetMs: null,
  retryDelayMs: null,
  delayMs: 0,
}

/** What a submit says of it, on its way. */
export interface SaidPromises {
  readonly own: OwnPromises | null
  /** ms since 1970; null for no time of day. */
  readonly atMs: number | null
}

const NOTHING: SaidPromises = { own: null, atMs: null }

/**
 * @param now ms since 1970.
 * @throws bad_option
 */
export function promisesOf(options: SubmitOptions, now: number): SaidPromises {
  const { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs, at } = options
  const said = [ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs, at]
  if (said.every((value) => value === undefined)) return NOTHING
  if (at !== undefined && delayMs !== undefined && delayMs !== 0) throw bothSaid()
  return {
    own: promises({
      ttlMs: ttlMs === undefined ? null : checkMs('ttlMs', ttlMs),
      deadlineMs: deadlineMs === undefined ? null : checkMs('deadlineMs', deadlineMs),
      slaTargetMs: slaTargetMs === undefined ? null : checkMs('slaTargetMs', slaTargetMs),
      retryDelayMs: retryDelayMs === undefined ? null : checkMs('retryDelayMs', retryDelayMs),
      delayMs: delayMs === undefined ? 0 : checkMs('delayMs', delayMs),
    }),
    atMs: at === undefined ? null : checkAt('at', at instanceof Date ? at.getTime() : at, now),
  }
}

/** @returns null when nothing is said; what is said, otherwise. */
export function promises(said: OwnPromises): OwnPromises | null {
  const { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs } = said
  const isNone =
    ttlMs === null &&
    deadlineMs === null &&
    slaTargetMs === null &&
    retryDelayMs === null &&
    delayMs === 0
  return isNone ? null : said
}

/** @returns `own`, or what it is with a delay until then; at once when that has passed. */
export function delayedUntil(
  own: OwnPromises | null,
  atMs: number | null,
  now: number,
): OwnPromises | null {
  if (atMs === null || atMs <= now) return own
  const delayMs = Math.min(Math.ceil(atMs - now), LIMITS.delayMsMax)
  return { ...SAYS_NO_PROMISE, ...own, delayMs }
}

/** @throws bad_option unless a whole number of ms from 0 to 30 days. */
export function checkMs(key: string, value: unknown): number {
  const isWhole = Number.isInteger(value) && (value as number) >= 0
  if (isWhole && (value as number) <= LIMITS.delayMsMax) return value as number
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: give a whole number of ms from 0 to ${LIMITS.delayMsMax}.`,
  )
}

/**
 * @param value ms since 1970.
 * @throws bad_option unless it is a time, at most 30 days ahead.
 */
export function checkAt(key: string, value: unknown, now: number): number {
  const isTime = Number.isInteger(value) && (value as number) >= 0
  if (isTime && (value as number) - now <= LIMITS.delayMsMax) return value as number
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: give a time in ms since 1970, at most ${LIMITS.delayMsMax} ms ` +
      'from now.',
  )
}

/** @returns the refusal of a task that is to begin at a time and after a delay. */
export function bothSaid(): SignalboxError {
  const message = 'The task has both a time and a delay to begin: give one, "at" or "delayMs".'
  return new SignalboxError('bad_option', message)
}
