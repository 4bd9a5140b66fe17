/**
 * Step 4 of 8, match. Before: tasks in lanes, credit free. After: each placeable head is offered: in
 * a slot and in the ring of its level for the routers, or placed on the spot.
 *
 * `auto` places a lone task inline, since a thread hop costs fifty times the decision, and gives a
 * burst to the routers, which take the choosing off the thread that speaks NATS.
 */
import { LIMITS } from '../options.ts'
import { placeInline } from './commit.ts'
import type { FrontEndContext } from './context.ts'
import { offerToRouters, publishOffers } from './offers.ts'

/** @returns how many heads were taken; as many as `publishMax` means there may be more. */
export function match(context: FrontEndContext): number {
  const { core } = context
  if (core.active.length === 0) return 0
  const toRouters = routersPlace(context)
  const { publishMax } = context.memory.shape
  let taken = 0
  for (; taken < publishMax; taken++) {
    const record = core.nextOffer(context.nowMs)
    if (record === null) break
    if (toRouters && offerToRouters(context, record)) continue
    if (!placeInline(context, record)) break
  }
  if (toRouters) publishOffers(context)
  return taken
}

function routersPlace(context: FrontEndContext): boolean {
  const { routers, core } = context
  const { placement } = context.options
  if (placement === 'inline' || routers === undefined || routers.aliveCount === 0) return false
  return placement === 'routers' || core.placeable(LIMITS.burstHeads) >= LIMITS.burstHeads
}
