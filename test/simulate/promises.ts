/**
 * What the queues and tasks of a seed promise: times short enough that a run comes to all of them.
 * Drawn apart from the rest of a scenario; half of the seeds promise nothing, as before there was
 * anything to promise.
 */
import type { QueueOptions, SchedulerOptions } from '../../src/options.ts'
import type { OwnPromises } from '../../src/task.ts'
import type { Dice } from './dice.ts'
import { DESK, QUEUES, type Theme } from './themes.ts'

/** Themes that measure one narrow thing, which promises would hide. */
const WITHOUT: readonly Theme[] = ['window', 'wideWindow', 'calm']

/** The longest that any of them puts anything off, ms. */
export const LONGEST_MS = 600
/** A task may fail so often in each of the queues that it comes to. */
const ROUNDS = 24

export function hasPromises(dice: Dice, theme: Theme): boolean {
  return !WITHOUT.includes(theme) && dice.chance(0.5)
}

/** How much longer a seed with promises may take until it is quiet. */
export const QUIET_MS = ROUNDS * LONGEST_MS

export function promising(dice: Dice, options: SchedulerOptions): SchedulerOptions {
  const queues = Object.fromEntries(
    [...QUEUES, DESK].map((name) => [
      name,
      { ...options.queues![name], ...promisesOf(dice, name) },
    ]),
  )
  if (dice.chance(0.2)) return { ...options, ...circle(queues) }
  return {
    ...options,
    queues,
    deadLetters: {
      ...(dice.chance(0.5) ? { lost: { route: 'queue', queue: DESK } } : {}),
      ...(dice.chance(0.3) ? { blue: { route: 'queue', queue: 'red' } } : {}),
      ...(dice.chance(0.2) ? { [DESK]: { route: 'queue', queue: 'green' } } : {}),
    },
    deadLettersKeep: { count: dice.pick([1, 3, 1_000]), bytes: dice.pick([500, 1e6]) },
    dedup: { windowSeconds: dice.pick([0, 1, 60]), count: dice.pick([1, 5, 1_000]) },
  }
}

/** What dies in one of two queues goes on in the other, where it dies soon. */
function circle(queues: NonNullable<SchedulerOptions['queues']>): SchedulerOptions {
  const short = { retryCount: 0, deadLetterQueue: '', escalateOn: [], lossLimit: 0 }
  return {
    queues: {
      ...queues,
      red: { ...queues.red, ...short, timeoutMs: 80, heartbeatTimeoutMs: 0 },
      blue: { ...queues.blue, ...short, timeoutMs: 80, heartbeatTimeoutMs: 0 },
    },
    deadLetters: { red: { route: 'queue', queue: 'blue' }, blue: { route: 'queue', queue: 'red' } },
  }
}

/** Half of its tasks are critical and the others are in their way. */
export function urgent<T extends { readonly level: number; readonly requires: readonly string[] }>(
  dice: Dice,
  task: T,
): T {
  return { ...task, level: dice.pick([1, 5]), requires: [] }
}

/** Some of what a queue can promise; what stays what it is. */
function promisesOf(dice: Dice, name: string): Partial<QueueOptions> {
  const boost = () => dice.pick([0, 20, 100, 400])
  return {
    ...(dice.chance(0.5) && {
      retryDelayMs: dice.pick([5, 40, 200]),
      exponentialBackoff: dice.chance(0.5),
      retryDelayMaxMs: dice.pick([200, LONGEST_MS]),
      retryJitter: dice.pick(['none', 'full']),
    }),
    ...(dice.chance(0.4) && { slaTargetMs: dice.pick([10, 60, 300]) }),
    ...(dice.chance(0.2) && { slaTargetsMs: { critical: 5, high: 40 } }),
    ...(dice.chance(0.3) && { ttlMs: dice.pick([350, 800]) }),
    ...(dice.chance(0.25) && { heartbeatTimeoutMs: dice.pick([30, 60]) }),
    ...(dice.chance(0.3) && { deadlineMs: dice.pick([400, 1_000, 3_000]) }),
    ...(dice.chance(0.3) && { maxAgeMs: dice.pick([30, 200]) }),
    ...(dice.chance(0.4) && {
      boostAfterMs: { background: boost(), low: boost(), normal: boost() },
    }),
    ...(dice.chance(0.25) && { concurrency: dice.whole(1, 4) }),
    ...(dice.chance(0.2) && { retryOn: ['hiccup', 'timeout'] }),
    ...escalationOf(dice, name),
    ...(dice.chance(0.4) && { deadLetterQueue: 'lost' }),
    ...(dice.chance(0.15) && { type: 'fifo', priority: dice.pick([1, 2, 3, 4, 5]) }),
    ...(dice.chance(0.3) && { slaClock: 'completed' }),
    preempt: dice.chance(0.85),
    preemptionsMax: dice.whole(0, 3),
  }
}

function escalationOf(dice: Dice, name: string): Partial<QueueOptions> {
  const share = dice.share()
  const escalateOn = dice.pick([[], ['broken'], ['human_timeout', 'hiccup']])
  if (share < 0.35 && name !== DESK) return { escalateTo: DESK, escalateOn }
  if (share > 0.55) return {}
  return { escalateToAgent: dice.pick(['a0', 'a1', 'rescuer']), escalateOn }
}

/** @returns null for most tasks, which have what their queue has. */
export function ownOf(dice: Dice): OwnPromises | null {
  if (!dice.chance(0.2)) return null
  const own = {
    ttlMs: dice.chance(0.3) ? dice.pick([30, 100, 600]) : null,
    deadlineMs: dice.chance(0.3) ? dice.pick([60, 300, 1_500]) : null,
    slaTargetMs: dice.chance(0.3) ? dice.pick([10, 80]) : null,
    retryDelayMs: dice.chance(0.3) ? dice.pick([0, 30]) : null,
    delayMs: dice.chance(0.4) ? dice.pick([1, 50, 400]) : 0,
  }
  return Object.values(own).some((ms) => ms !== null && ms !== 0) ? own : null
}

/** Ages that only a run of hours would come to, and no order but that of arrival within a level. */
export function isPlain(options: QueueOptions): boolean {
  const { slaTargetMs, slaTargetsMs, deadlineMs, maxAgeMs, retryDelayMs, boostAfterMs } = options
  const times = [slaTargetMs, deadlineMs, maxAgeMs, retryDelayMs, ...Object.values(slaTargetsMs)]
  const boosts = Object.values(boostAfterMs)
  return times.every((ms) => ms === 0) && boosts.every((ms) => ms === 0 || ms > 60_000)
}
