/** Offers to the routers: entries in the rings of shared memory. Main thread, the only producer. */
import type { Generation, SlotIndex } from '../../native-free/index.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { FrontEndContext } from './context.ts'

/** @returns false when the ring is full: then it is placed inline. */
export function offerToRouters(context: FrontEndContext, record: TaskRecord): boolean {
  const ring = context.rings[record.level - 1]
  const { slot, generation } = record.attempt!
  return ring.write(slot as SlotIndex, generation as Generation)
}

/** Makes the offers of this turn visible and wakes a router; it wakes the next if there is more. */
export function publishOffers(context: FrontEndContext): void {
  let published = 0
  for (const ring of context.rings) published += ring.publish()
  if (published > 0) context.routers!.wake()
}
