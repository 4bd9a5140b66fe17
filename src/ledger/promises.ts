/** What a queue promises a task of some level, in words and numbers. Any thread; pure functions. */
import type { QueueOptions } from '../options.ts'
import type { PriorityName } from '../task.ts'

/** From 1 to 5. */
const LEVEL_NAMES: readonly PriorityName[] = ['background', 'low', 'normal', 'high', 'critical']

export function levelName(level: number): string {
  return LEVEL_NAMES[level - 1] ?? `level ${level}`
}

/** @returns how long such a task may wait by promise, ms; 0 without one. */
export function targetMsOf(options: QueueOptions, level: number): number {
  return options.slaTargetsMs[LEVEL_NAMES[level - 1]] ?? options.slaTargetMs
}

/** `250 ms`, `1.5 s`, `1 min 30 s`, `2 h`: exact. */
export function timeText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = (ms % 60_000) / 1_000
  const parts = [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : '']
  return [...parts, seconds > 0 ? `${seconds} s` : ''].filter((part) => part !== '').join(' ')
}

export interface PromiseWords {
  slaTargetMs: number
  ttlMs: number
  deadlineMs: number
  timeoutMs: number
  retryCount: number
}

/** `assigned within 2 s by promise, 2 retries, …`; what is 0 is left out. */
export function promiseText(promises: PromiseWords): string {
  const { slaTargetMs, ttlMs, deadlineMs, timeoutMs, retryCount } = promises
  const words: string[] = []
  if (slaTargetMs > 0) words.push(`SLA ${timeText(slaTargetMs)}`)
  if (ttlMs > 0) words.push(`waits at most ${timeText(ttlMs)}`)
  if (deadlineMs > 0) words.push(`over within ${timeText(deadlineMs)}`)
  words.push(`runs at most ${timeText(timeoutMs)}`)
  words.push(retryCount === 1 ? '1 retry' : `${retryCount} retries`)
  return words.join(', ')
}
