/**
 * Offers that are taken back: a router is late, or its thread has ended. The generation is bumped, so
 * whoever still holds an entry holds a stale one, and the task is placed again once. Main thread.
 */
import { LIMITS } from '../options.ts'
import { OVERDUE, ROUTER_GONE } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { placeInline } from './commit.ts'
import type { FrontEndContext } from './context.ts'
import { offerToRouters, publishOffers } from './offers.ts'

const overdue: TaskRecord[] = []

/**
 * Offers that no router has answered in time are taken back and placed here.
 * @returns how many.
 */
export function placeOverdue(context: FrontEndContext): number {
  const { core } = context
  core.overdueOffers(context.nowMs - LIMITS.offerMs, overdue)
  for (const record of overdue) {
    core.withdraw(record, OVERDUE)
    placeInline(context, record)
  }
  const count = overdue.length
  overdue.length = 0
  return count
}

/**
 * A router's thread has ended: whatever it held is unknown, so every offer is made again. Not more
 * than `publishMax` go to the rings, since the outboxes are sized for that; the rest goes inline.
 */
export function offerAgain(context: FrontEndContext): void {
  const { core, routers, memory } = context
  core.overdueOffers(Number.POSITIVE_INFINITY, overdue)
  let toRouters = routers !== undefined && routers.aliveCount > 0 ? memory.shape.publishMax : 0
  for (const record of overdue) {
    core.withdraw(record, ROUTER_GONE)
    if (toRouters > 0 && offerToRouters(context, record)) toRouters--
    else placeInline(context, record)
  }
  overdue.length = 0
  if (routers !== undefined) publishOffers(context)
}
