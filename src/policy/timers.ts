/** What falls due by itself, for single tasks and attempts, in the order of time. Front-end thread. */
import { ageDue } from './ages.ts'
import { heartbeatDue, timedOut } from './attempts.ts'
import { becomeReady } from './delays.ts'
import { AGE, DEADLINE, type Due, HEARTBEAT } from './due-heap.ts'
import { expire } from './expiry.ts'
import type { PolicyState } from './state.ts'

/** @returns how many of them there were, at most `max`. */
export function takeTimers(core: PolicyState, nowMs: number, max: number): number {
  const { dues, timeouts } = core
  for (let taken = 0; taken < max; taken++) {
    const dueMs = dues.nextDueMs()
    const timeoutMs = timeouts.nextDueMs()
    if (dueMs > nowMs && timeoutMs > nowMs) return taken
    if (dueMs <= timeoutMs) take(core, dues.takeDue(nowMs)!, nowMs)
    else timedOut(core, timeouts.takeDue(nowMs)!, nowMs)
  }
  return max
}

function take(core: PolicyState, { record, kind }: Due, nowMs: number): void {
  if (kind === DEADLINE) expire(core, record, 'deadline_expired', nowMs)
  else if (kind === HEARTBEAT) heartbeatDue(core, record, nowMs)
  else if (kind === AGE) ageDue(core, record, nowMs)
  else becomeReady(core, record, nowMs)
}
