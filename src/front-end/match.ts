/**
 * Step 4 of 8, match. Before: tasks in lanes, credit free. After: each placeable head is offered: in
 * a slot and in the ring of its level for the routers, or placed on the spot. Who does it is decided
 * in `placement.ts`.
 */
import { placeInline } from './commit.ts'
import type { FrontEndContext } from './context.ts'
import { BatchFill } from './fill-batch.ts'
import { holdBack, offerToRouters, publishOffers } from './offers.ts'
import { isApart, unparkSome } from './place-apart.ts'
import { isRouterOnly } from './router-only.ts'

/** Of the turn that runs. */
const batch = new BatchFill()

/** @returns how many heads were taken; as many as `publishMax` means there may be more. */
export function match(context: FrontEndContext): number {
  const { core, costs } = context
  unparkSome(context)
  if (core.active.length === 0) return 0
  const { publishMax } = context.memory.shape
  const isAuto = beginBurst(context, publishMax)
  const toRouters = !isAuto && routersPlace(context)
  let taken = 0
  batch.clear()
  for (; taken < publishMax; taken++) {
    const record = core.nextOffer(context.nowMs)
    if (record === null) break
    if (isApart(record)) {
      // In no batch: the next one of its like is for somebody else.
      batch.clear()
      placeInline(context, record)
      continue
    }
    if (batch.take(context, record)) continue
    const cls = record.cls!
    if (isRouterOnly(context, cls)) {
      context.shadows.cover(cls)
      if (offerToRouters(context, record)) continue
      holdBack(context, record)
      break
    }
    const isForRouters = isAuto ? costs.toRouters(cls.strategyIndex) : toRouters
    if (isForRouters && !BatchFill.isFor(cls) && offerToRouters(context, record)) continue
    if (!placeInline(context, record)) break
    batch.placed(record)
  }
  batch.clear()
  publishOffers(context)
  return taken
}

/** @returns whether costs decide. */
function beginBurst(context: FrontEndContext, max: number): boolean {
  if (context.options.placement !== 'auto' || !routersLive(context)) return false
  context.costs.begin(context.core.placeable(max))
  return true
}

function routersPlace(context: FrontEndContext): boolean {
  return context.options.placement === 'routers' && routersLive(context)
}

function routersLive({ routers }: FrontEndContext): boolean {
  return routers !== undefined && routers.aliveCount > 0
}
