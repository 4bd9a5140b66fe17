/**
 * The four states of a queue's health, as source document 004 finds them and in its order: too many
 * errors before too old a task before too slow attempts. Pure.
 *
 * Invariant: the state is that of the first reason, and `healthy` has none. What is exactly at a bound
 * is still well.
 */
import type { HealthState, QueueHealth } from '../promise-views.ts'
import { percentWords, spanWords } from './words.ts'

/** Share of failed attempts that is still well. */
export const ERROR_RATE_MAX = 0.05
/** How many times `maxTimeMs` the mean may be. */
export const SLOW_FACTOR = 1.2

export interface HealthFacts {
  /** Attempts since the start. */
  ended: number
  /** Attempts that are looked at, and how many of them failed or timed out. */
  attempts: number
  errors: number
  /** Null before the first attempt. */
  meanMs: number | null
  /** Null when none waits. */
  oldestMs: number | null
  /** 0 for none. */
  maxAgeMs: number
  /** 0 for none. */
  maxTimeMs: number
}

export function healthOf(facts: HealthFacts): QueueHealth {
  const { attempts, errors, meanMs, oldestMs, maxAgeMs, maxTimeMs } = facts
  const errorRate = attempts === 0 ? null : errors / attempts
  const found: [HealthState, string][] = []
  if (errorRate !== null && errorRate > ERROR_RATE_MAX) {
    found.push([
      'unhealthy',
      `${attemptWords(errors, attempts)} failed or timed out: ${percentWords(errorRate)}, ` +
        `more than ${percentWords(ERROR_RATE_MAX)}.`,
    ])
  }
  if (oldestMs !== null && maxAgeMs > 0 && oldestMs > maxAgeMs) {
    found.push([
      'degraded',
      `The oldest task has waited for ${spanWords(oldestMs)}, longer than ${spanWords(maxAgeMs)}.`,
    ])
  }
  if (meanMs !== null && maxTimeMs > 0 && meanMs > maxTimeMs * SLOW_FACTOR) {
    found.push([
      'slow',
      `Attempts take ${spanWords(meanMs)} on average, more than ${SLOW_FACTOR} times ` +
        `${spanWords(maxTimeMs)}.`,
    ])
  }
  return {
    state: found.length === 0 ? 'healthy' : found[0][0],
    reasons: found.map(([, reason]) => reason),
    errorRate,
    meanMs,
    oldestMs,
    ended: facts.ended,
  }
}

function attemptWords(errors: number, attempts: number): string {
  return attempts === 1 ? 'The only attempt' : `${errors} of the last ${attempts} attempts`
}
