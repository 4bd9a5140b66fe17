/** How well a queue's promise is kept, from its counters. Pure. */
import type { QueueOptions } from '../options.ts'
import type { QueueState } from '../policy/queues.ts'
import type { Attainment, QueueSla } from '../promise-views.ts'
import { PRIORITIES, type PriorityName } from '../task.ts'

export function attainmentOf(kept: number, missed: number): Attainment {
  const judged = kept + missed
  return { kept, missed, rate: judged === 0 ? null : kept / judged }
}

/** What a task of that priority is promised, ms; 0 for nothing. */
export function targetMsOf(options: QueueOptions, priority: PriorityName): number {
  return options.slaTargetsMs[priority] ?? options.slaTargetMs
}

/** The promise to tasks of the queue's own priority; where they have none, the strictest of the others. */
export function promisedMsOf(options: QueueOptions): number {
  const names = Object.keys(PRIORITIES) as PriorityName[]
  const own = names.find((name) => PRIORITIES[name] === options.priority)!
  const ownMs = targetMsOf(options, own)
  if (ownMs > 0) return ownMs
  const others = names.map((name) => targetMsOf(options, name)).filter((ms) => ms > 0)
  return others.length === 0 ? 0 : Math.min(...others)
}

/** @returns null for a queue that promises nothing and of which no task had a promise of its own. */
export function slaOf(queue: QueueState): QueueSla | null {
  const { options, slaKept, slaMissed, slaCompletedKept, slaCompletedMissed } = queue
  const names = Object.keys(PRIORITIES) as PriorityName[]
  const targets = names.map((name): [PriorityName, number | null] => {
    return [name, targetMsOf(options, name) || null]
  })
  const isPromised = targets.some(([, ms]) => ms !== null)
  const judged = slaKept + slaMissed + slaCompletedKept + slaCompletedMissed
  if (!isPromised && judged === 0) return null
  return {
    clock: options.slaClock,
    targetsMs: Object.fromEntries(targets) as Record<PriorityName, number | null>,
    goal: options.slaAttainment,
    assigned: attainmentOf(slaKept, slaMissed),
    completed: attainmentOf(slaCompletedKept, slaCompletedMissed),
  }
}
