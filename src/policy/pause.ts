/**
 * Queues that give nothing out for a while: paused by somebody, or with as many tasks in hand as they may
 * have at a time; and what becomes of a queue that is configured anew. Front-end thread.
 *
 *            pause, limit reached                   resume, a task ended
 *   open ─────────────────────────► held ──────────────────────────────► open
 *
 * Invariant: a queue is held while it is paused or `inHand` has reached its limit, and its classes have
 * heads only while it is not. Ages go on meanwhile, and what is offered or runs goes on.
 *
 * The limit is of the queue that serves a task: the work is there, wherever the task came in.
 */
import type { QueueOptions } from '../options.ts'
import { queueOf } from './admission.ts'
import { dueOf, planAges, slaOf } from './ages.ts'
import { unbindQueue } from './binding.ts'
import { syncHeld, syncRank } from './groups.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { supervise } from './supervisors.ts'
import { followOptions } from './switches.ts'
import type { TaskRecord } from './task-record.ts'

export function pauseQueue(core: PolicyState, name: string): 'queue_unknown' | null {
  const queue = core.queues.get(name)
  if (queue === undefined) return 'queue_unknown'
  if (queue.paused) return null
  queue.paused = true
  syncQueue(core, queue)
  unbindQueue(core, queue)
  core.effects.queuePaused(name, true)
  return null
}

export function resumeQueue(core: PolicyState, name: string): 'queue_unknown' | null {
  const queue = core.queues.get(name)
  if (queue === undefined) return 'queue_unknown'
  if (!queue.paused) return null
  queue.paused = false
  syncQueue(core, queue)
  core.effects.queuePaused(name, false)
  return null
}

/**
 * The queue has these options from now on, and comes into being where there was none. Time-outs and
 * retries of tasks that are here already stay what they were; how they age and in which order they are
 * served follows at once.
 */
export function configureQueue(
  core: PolicyState,
  name: string,
  options: QueueOptions,
): 'queue_unknown' | null {
  const queue = queueOf(core, name, true)
  // As many as there may be: whoever configures looks before.
  if (typeof queue === 'string') return 'queue_unknown'
  const before = queue.options
  queue.options = options
  planAges(core, queue)
  if (promisesDiffer(before, options)) reorder(core, queue)
  followOptions(core, queue, before)
  supervise(core, options.escalateToAgent)
  syncQueue(core, queue)
  return null
}

/** A task of those that the queue serves comes to its hands, or leaves them. */
export function changeInHand(core: PolicyState, queue: QueueState, change: 1 | -1): void {
  queue.inHand += change
  if (queue.options.concurrency > 0) syncQueue(core, queue)
}

/** Called when what holds the queue may have changed. *Cost* its classes, when it did. */
export function syncQueue(core: PolicyState, queue: QueueState): void {
  const is = queue.paused || isAtLimit(queue)
  if (is === queue.held) return
  queue.held = is
  for (const cls of queue.classes) syncHeld(core, cls)
}

/** @returns whether it has as many tasks in hand as it may. */
export function isAtLimit({ options, inHand }: QueueState): boolean {
  return options.concurrency > 0 && inHand >= options.concurrency
}

function promisesDiffer(a: QueueOptions, b: QueueOptions): boolean {
  return (
    a.slaTargetMs !== b.slaTargetMs ||
    JSON.stringify(a.slaTargetsMs) !== JSON.stringify(b.slaTargetsMs)
  )
}

/** Its promises have changed, and with them what is due first. *Cost* sorts all that waits in it. */
function reorder(core: PolicyState, queue: QueueState): void {
  for (const cls of queue.classes) {
    for (const lane of cls.lanes) {
      if (lane.length > 0) lane.reorder(promiseAnew)
      for (let record = lane.offers.head; record !== null; record = record.next) promiseAnew(record)
    }
    syncRank(core, cls)
  }
  for (const { bound } of core.agents.values()) {
    const records: TaskRecord[] = []
    for (let record = bound.head; record !== null; record = record.next) {
      if (record.cls!.queue === queue) records.push(record)
    }
    for (const record of records) {
      bound.remove(record)
      promiseAnew(record)
    }
    for (const record of records) bound.insertByRank(record)
  }
}

/** What it was boosted for stays. */
function promiseAnew(record: TaskRecord): void {
  const dueMs = dueOf(record, slaOf(record))
  const isRaised = record.level > record.baseLevel && record.dueMs > 0
  record.dueMs = isRaised && (dueMs === 0 || record.dueMs < dueMs) ? record.dueMs : dueMs
}
