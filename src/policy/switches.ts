/**
 * What may be switched while tasks run: who chooses, who decides beside, and whether tasks are bound
 * early. Main thread.
 *
 * Invariant: a switch moves no task but those that go back to their lanes when early binding ends.
 * What is offered keeps the strategy that it was offered with; the next offer has the new one.
 */
import type { Binding, QueueOptions } from '../options.ts'
import { unbindQueue } from './binding.ts'
import { syncFlags } from './class-of.ts'
import type { ClassState } from './classes.ts'
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
  syncStrategies(core, core.classes)
  return null
}

function syncStrategies(core: PolicyState, classes: readonly ClassState[]): void {
  for (const cls of classes) {
    if (cls.hasOwnStrategy || cls.strategyIndex === cls.queue.strategyIndex) continue
    cls.strategyIndex = cls.queue.strategyIndex
    syncFlags(core, cls)
  }
}

/** @param index of the strategy that decides beside the queue's; -1 for none. */
export function setShadow(core: PolicyState, name: string, index: number): 'queue_unknown' | null {
  const queue = core.queues.get(name)
  if (queue === undefined) return 'queue_unknown'
  queue.shadowIndex = index
  for (const cls of queue.classes) syncFlags(core, cls)
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
  for (const cls of queue.classes) {
    cls.early = isEarly
    core.earlyClasses += isEarly ? 1 : -1
    syncFlags(core, cls)
  }
  regroup(core, queue.classes)
  if (!isEarly) unbindQueue(core, queue)
  return null
}

/** What a queue's options say of it now is done, where they said something else before. */
export function followOptions(core: PolicyState, queue: QueueState, before: QueueOptions): void {
  const { name, options } = queue
  const { strategyIndex, queueDefaults } = core.options
  if (options.strategy !== before.strategy) {
    if (options.strategy === queueDefaults.strategy) setDefault(core, queue)
    else setStrategy(core, name, strategyIndex(options.strategy))
  }
  if (options.shadow !== before.shadow) {
    setShadow(core, name, options.shadow === '' ? -1 : strategyIndex(options.shadow))
  }
  if (options.binding !== before.binding) setBinding(core, name, options.binding)
}

function setDefault(core: PolicyState, queue: QueueState): void {
  queue.hasOwnStrategy = false
  queue.strategyIndex = core.defaultStrategy
  syncStrategies(core, queue.classes)
}
