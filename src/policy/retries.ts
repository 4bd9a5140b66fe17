/**
 * Whether an attempt that failed is repeated, and after how long. Pure; front-end thread.
 *
 * Invariant: the same failure of the same task waits for the same time in every replay: what spreads
 * delays is a hash, not a random number.
 *
 * ```
 *   delay(n) = min(base · 2^(n-1), max)      n-th failure; without backoff: min(base, max)
 *   full jitter: a whole number from 0 to that
 * ```
 *
 * Source of full jitter: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
import type { QueueOptions } from '../options.ts'

/** What of a queue's options decides. */
export type RetryRule = Pick<
  QueueOptions,
  'retryDelayMs' | 'exponentialBackoff' | 'retryDelayMaxMs' | 'retryJitter' | 'retryOn'
>

/** What of a task decides. */
export interface Failing {
  readonly seq: number
  /** This one included. */
  readonly failures: number
  readonly retryCount: number
  readonly retryable: boolean
  readonly code: string | null
}

/** Where people work, a time-out is theirs. */
const HUMAN_TIMEOUT = 'human_timeout'

export function isRetried(rule: Pick<RetryRule, 'retryOn'>, failing: Failing): boolean {
  const { retryable, failures, retryCount, code } = failing
  if (!retryable || failures > retryCount) return false
  return rule.retryOn === null || hasCode(rule.retryOn, code)
}

/** @returns whether one of a queue's codes is this one. */
export function hasCode(codes: readonly string[], code: string | null): boolean {
  if (code === null) return false
  return codes.includes(code) || (code === 'timeout' && codes.includes(HUMAN_TIMEOUT))
}

/**
 * @param ownDelayMs the task's base; null for the queue's.
 * @returns ms, whole; 0 for at once.
 */
export function retryDelayMs(
  rule: RetryRule,
  ownDelayMs: number | null,
  epoch: number,
  failing: Pick<Failing, 'seq' | 'failures'>,
): number {
  const baseMs = ownDelayMs ?? rule.retryDelayMs
  const grown = rule.exponentialBackoff ? baseMs * 2 ** (failing.failures - 1) : baseMs
  const delayMs = Math.min(grown, rule.retryDelayMaxMs)
  if (rule.retryJitter === 'none' || delayMs <= 0) return delayMs
  return Math.floor(fraction(epoch, failing.seq, failing.failures) * (delayMs + 1))
}

/** @returns 0 up to but not including 1, evenly spread. */
function fraction(epoch: number, seq: number, failures: number): number {
  let hash = mixed(0x9e3779b9, epoch)
  hash = mixed(hash, epoch / 2 ** 32)
  hash = mixed(hash, seq)
  hash = mixed(hash, seq / 2 ** 32)
  hash = mixed(hash, failures)
  return (hash >>> 0) / 2 ** 32
}

/** MurmurHash3's mixing of a word and its finish. Not exported: nothing else agrees with it. */
function mixed(hash: number, value: number): number {
  let word = hash ^ Math.imul(value | 0, 0xcc9e2d51)
  word ^= word >>> 16
  word = Math.imul(word, 0x85ebca6b)
  word ^= word >>> 13
  word = Math.imul(word, 0xc2b2ae35)
  return word ^ (word >>> 16)
}
