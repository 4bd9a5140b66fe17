/**
 * Offers that are taken back: a router is late, or its thread has ended. The generation is bumped, so
 * whoever still holds an entry holds a stale one, and the task is placed again once. Main thread.
 *
 * Late is who takes longer than twice what one router would for all that is offered: a strategy that
 * takes its time makes a queue at the routers, and taking it from them would put the work back here.
 *
 * What only routers may place is given more time, since users' strategies may take theirs, and goes to
 * the head of its lane, from where it is offered again: with a new slot, and a new time.
 */
import { LIMITS } from '../options.ts'
import { OVERDUE, ROUTER_GONE } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { placeAgain, placeInline } from './commit.ts'
import type { FrontEndContext } from './context.ts'
import { offerToRouters, publishOffers } from './offers.ts'
import { isRouterOnly } from './router-only.ts'

const overdue: TaskRecord[] = []

/**
 * Offers that no router has answered in time are taken back and placed again.
 * @returns how many.
 */
export function placeOverdue(context: FrontEndContext): number {
  const { core } = context
  core.overdueOffers(context.nowMs - LIMITS.offerMs, overdue)
  let count = 0
  for (const record of overdue) {
    if (!isLate(context, record)) continue
    count++
    core.withdraw(record, OVERDUE)
    placeAgain(context, record)
  }
  overdue.length = 0
  return count
}

function isLate(context: FrontEndContext, record: TaskRecord): boolean {
  const cls = record.cls!
  const waitedMs = context.nowMs - record.attempt!.offeredAtMs
  if (isRouterOnly(context, cls)) return waitedMs > LIMITS.routerOnlyOfferMs
  const workMs = context.costs.workMs(cls.strategyIndex, context.core.totalOffered)
  return waitedMs > LIMITS.offerMs + 2 * workMs
}

/**
 * A router's thread has ended: whatever it held is unknown, so every offer is made again; what the
 * rings do not take is placed here, or waits in its lane when only routers may place it.
 */
export function offerAgain(context: FrontEndContext): void {
  const { core, routers } = context
  core.overdueOffers(Number.POSITIVE_INFINITY, overdue)
  const isAlive = routers !== undefined && routers.aliveCount > 0
  for (const record of overdue) {
    core.withdraw(record, ROUTER_GONE)
    if (isRouterOnly(context, record.cls!)) placeAgain(context, record)
    else if (!isAlive || !offerToRouters(context, record)) placeInline(context, record)
  }
  overdue.length = 0
  if (routers !== undefined) publishOffers(context)
}
