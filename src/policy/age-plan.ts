/**
 * What waiting does to a task, by its queue's options and its own level: a row of steps, each at an
 * age. Pure; main thread, when a queue comes into being or is configured, and for tasks with promises
 * of their own.
 *
 * Invariant: the ages ascend, and of equal ages the warning comes first, then the boost, the breach,
 * the expiry: so a breach always comes before the expiry that it may prevent.
 *
 * ```
 *   0 ──────── 0.8 SLA ── SLA ─────── TTL        low, no maximal age:
 *              warn       breach      expire
 *   0 ── min(2 h, maximal age, 0.8 SLA) ──1 h──► high
 *                    boost to normal         boost to high
 * ```
 */
import { LIMITS, type QueueOptions } from '../options.ts'
import type { AgeingRow } from '../promise-views.ts'
import { PRIORITIES, type PriorityLevel, type PriorityName } from '../task.ts'
import type { OwnPromises } from './task-record.ts'

export const WARN = 0
export const BOOST = 1
export const BREACH = 2
export const EXPIRE = 3
export type AgeKind = 0 | 1 | 2 | 3

/** Why a task goes a level up. */
export type BoostCause = 'age' | 'max_age' | 'sla'

export interface AgeStep {
  readonly ageMs: number
  readonly kind: AgeKind
  /** Of a boost: the level that it is served at from then on; 0 for other steps. */
  readonly to: number
  readonly cause: BoostCause
}

/** What of a queue's options decides. */
export type AgeRule = Pick<
  QueueOptions,
  'ttlMs' | 'slaTargetMs' | 'slaTargetsMs' | 'maxAgeMs' | 'boostAfterMs'
>

/** No task is boosted to above it. */
const BOOST_END = PRIORITIES.high
/** By level - 1. */
const NAMES = Object.keys(PRIORITIES) as PriorityName[]

/** @returns ms; 0 without a promise. */
export function slaTargetOf(rule: AgeRule, level: number, own: OwnPromises | null): number {
  return own?.slaTargetMs ?? rule.slaTargetsMs[NAMES[level - 1]] ?? rule.slaTargetMs
}

/** @returns when 80 % of a target are gone, ms. */
export function warnAgeMs(slaMs: number): number {
  return Math.ceil((slaMs * 4) / 5)
}

/** Of promises that tasks make for themselves: many make the same. Options are never changed. */
const ownPlans = new WeakMap<AgeRule, Map<string, readonly AgeStep[]>>()
/** Plans of one queue, about 500 bytes each; beyond, they are made anew. */
const OWN_PLANS_MAX = 256

/**
 * @param level what the task asked for, 1 to 5.
 * @param own null for tasks that have the queue's.
 */
export function planOf(rule: AgeRule, level: number, own: OwnPromises | null): readonly AgeStep[] {
  if (own === null) return newPlan(rule, level, null)
  let plans = ownPlans.get(rule)
  if (plans === undefined) {
    plans = new Map()
    ownPlans.set(rule, plans)
  }
  const key = `${level} ${own.slaTargetMs} ${own.ttlMs}`
  let plan = plans.get(key)
  if (plan === undefined) {
    if (plans.size >= OWN_PLANS_MAX) plans.clear()
    plan = newPlan(rule, level, own)
    plans.set(key, plan)
  }
  return plan
}

function newPlan(rule: AgeRule, level: number, own: OwnPromises | null): readonly AgeStep[] {
  const slaMs = slaTargetOf(rule, level, own)
  const ttlMs = own?.ttlMs ?? rule.ttlMs
  const steps = boostsOf(rule, level, slaMs)
  if (slaMs > 0) {
    steps.push(stepOf(WARN, warnAgeMs(slaMs)))
    steps.push(stepOf(BREACH, slaMs))
  }
  if (ttlMs > 0) steps.push(stepOf(EXPIRE, ttlMs))
  return steps.sort((a, b) => a.ageMs - b.ageMs || a.kind - b.kind)
}

function stepOf(kind: AgeKind, ageMs: number): AgeStep {
  return { ageMs, kind, to: 0, cause: 'age' }
}

function boostsOf(rule: AgeRule, level: number, slaMs: number): AgeStep[] {
  if (level >= BOOST_END) return []
  const causes: [number, BoostCause][] = [
    [rule.maxAgeMs, 'max_age'],
    [boostAfterMs(rule, level), 'age'],
    [warnAgeMs(slaMs), 'sla'],
  ]
  // Of equal ages the first one named: what is told of most.
  const [first] = causes.filter(([ageMs]) => ageMs > 0).sort(([a], [b]) => a - b)
  if (first === undefined) return []
  let [ageMs, cause] = first
  const steps: AgeStep[] = []
  for (let to = level + 1; to <= BOOST_END; to++) {
    steps.push({ ageMs, kind: BOOST, to, cause })
    const afterMs = boostAfterMs(rule, to)
    if (afterMs === 0) break
    ageMs += afterMs
    cause = 'age'
  }
  return steps
}

/** @returns 0 for never. */
function boostAfterMs({ boostAfterMs: table }: AgeRule, level: number): number {
  return table[NAMES[level - 1] as keyof typeof table] ?? 0
}

/** What a queue says of its ageing, the lowest level first: for tasks without promises of their own. */
export function ageingOf(rule: AgeRule): AgeingRow[] {
  return NAMES.map((priority, i) => {
    const level = i + 1
    const boosts = boostsOf(rule, level, slaTargetOf(rule, level, null)).filter(
      ({ ageMs }) => rule.ttlMs === 0 || ageMs < rule.ttlMs,
    )
    return {
      priority,
      boosts: boosts.map(({ ageMs, to }) => ({ afterMs: ageMs, to: NAMES[to - 1] })),
      boundMs: boundMs(rule, level, boosts.at(-1)),
    }
  })
}

/**
 * A task that was boosted to high is due from then on, and whatever is accepted later is due later. A
 * high one is due when its SLA is up, or after a while. What expires waits no longer than that.
 */
function boundMs(rule: AgeRule, level: PriorityLevel | number, last?: AgeStep): number | null {
  const bounds: number[] = []
  if (last?.to === BOOST_END) bounds.push(last.ageMs)
  const slaMs = slaTargetOf(rule, level, null)
  if (level === BOOST_END) bounds.push(slaMs > 0 ? slaMs : LIMITS.highDueMs)
  if (level === PRIORITIES.critical) bounds.push(0)
  if (rule.ttlMs > 0) bounds.push(rule.ttlMs)
  return bounds.length === 0 ? null : Math.min(...bounds)
}
