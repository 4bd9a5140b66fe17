/** What a queue serves, its own tasks and those that moved there: how many wait, and how long. */

import type { QueueState } from '../policy/queues.ts'
import { oldestOf } from '../policy/waits.ts'

/** @returns ms; null when none waits. Offered and bound tasks wait too, until they begin. */
export function oldestWaitingMs(queue: QueueState, nowMs: number): number | null {
  const oldest = oldestOf(queue)
  return oldest === null ? null : Math.max(0, nowMs - oldest.readyAtMs)
}

/** @returns tasks in its lanes. *Cost* a look at each of its classes. */
export function waitingIn(queue: QueueState): number {
  return queue.classes.reduce((sum, { waiting }) => sum + waiting, 0)
}

/** Whether there is anything to look at: a task of its own, or one that it serves. */
export function isBusy(queue: QueueState): boolean {
  return queue.open > 0 || queue.inHand > 0 || oldestOf(queue) !== null
}
