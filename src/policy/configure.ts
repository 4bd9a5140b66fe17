/**
 * A queue is configured anew while tasks wait in it and run: all that follows from its options follows at
 * once. Front-end thread.
 *
 * Invariant: what was done to a task by the old options is not done again by the new ones.
 */
import type { QueueOptions } from '../options.ts'
import { queueOf } from './find-queue.ts'
import { syncRank } from './groups.ts'
import { syncQueue } from './holds.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { supervise } from './supervisors.ts'
import { followOptions } from './switches.ts'
import type { TaskRecord } from './task-record.ts'
import { dueOf, planAges, slaOf } from './waits.ts'

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
  // What is aside comes back to where it would stand by then.
  for (let record = core.parked.head; record !== null; record = record.next) {
    if (record.cls!.queue === queue) promiseAnew(record)
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
