/**
 * Somebody pauses a queue, and resumes it: what is bound to agents waits in its lanes again, what is
 * offered or runs goes on. Front-end thread.
 *
 * Invariant: both are told once, and of queues that there are.
 */
import { unbindQueue } from './binding.ts'
import { syncQueue } from './holds.ts'
import type { PolicyState } from './state.ts'

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
