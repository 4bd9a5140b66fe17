/**
 * Whether a queue gives anything out: not while it is paused, nor with as many tasks in hand as it may
 * have at a time. Front-end thread.
 *
 *            pause, limit reached                   resume, a task ended
 *   open ─────────────────────────► held ──────────────────────────────► open
 *
 * Invariant: a queue is held while it is paused or `inHand` has reached its limit, and its classes have
 * heads only while it is not. Ages go on meanwhile, and what is offered or runs goes on.
 *
 * The limit is of the queue that serves a task: the work is there, wherever the task came in.
 */

import { syncHeld } from './groups.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'

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
