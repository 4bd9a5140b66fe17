/**
 * What may be switched while tasks run: who chooses, who decides beside, and whether tasks are bound
 * early. Main thread.
 *
 * Invariant: a switch moves no task but those that go back to their lanes when early binding ends.
 * What is offered keeps the strategy that it was offered with; the next offer has the new one.
 */
import type { Binding } from '../options.ts'
import { unbindQueue } from './binding.ts'
import { syncFlags } from './class-of.ts'
import { regroup } from './groups.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'

/**
 * @param name the queue; null for the default, and with it all queues that have none of their own.
 * @param index of the strategy.
 */
export function setStrategy(
  core: PolicyState,
  name: string | null,
  index: number,
): 'queue_unknown' | null {
  if (name === null) {
    core.defaultStrategy = index
    for (const queue of core.queues.values()) {
      if (!queue.hasOwnStrategy) queue.strategyIndex = index
    }
  } else {
    const queue = core.queues.get(name)
    if (queue === undefined) return 'queue_unknown'
    queue.hasOwnStrategy = true
    queue.strategyIndex = index
  }
  for (const cls of core.classes) {
    if (cls.hasOwnStrategy || cls.strategyIndex === cls.queue.strategyIndex) continue
    cls.strategyIndex = cls.queue.strategyIndex
    syncFlags(core, cls)
  }
  return null
}

/** @param index of the strategy that decides beside the queue's; -1 for none. */
export function setShadow(core: PolicyState, name: string, index: number): 'queue_unknown' | null {
  const queue = core.queues.get(name)
  if (queue === undefined) return 'queue_unknown'
  queue.shadowIndex = index
  for (const cls of classesOf(core, queue)) syncFlags(core, cls)
  return null
}

export function setBinding(
  core: PolicyState,
  name: string,
  binding: Binding,
): 'queue_unknown' | null {
  const queue = core.queues.get(name)
  if (queue === undefined) return 'queue_unknown'
  const isEarly = binding === 'early'
  if (queue.early === isEarly) return null
  queue.early = isEarly
  const classes = classesOf(core, queue)
  for (const cls of classes) {
    cls.early = isEarly
    core.earlyClasses += isEarly ? 1 : -1
    syncFlags(core, cls)
  }
  regroup(core, classes)
  if (!isEarly) unbindQueue(core, queue)
  return null
}

function classesOf(core: PolicyState, queue: QueueState) {
  return core.classes.filter((cls) => cls.queue === queue)
}
