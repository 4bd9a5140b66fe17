/**
 * Offers to the routers: entries in the rings of shared memory. Main thread, the only producer.
 *
 * Invariant: between two complete reads of the outboxes at most `publishMax` entries are written,
 * whoever writes them: outboxes are sized for that (native-free/memory-map.ts).
 */
import type { Generation, SlotIndex } from '../../native-free/index.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { FrontEndContext } from './context.ts'

/** Bursts to routers, of which the wake of one is timed; a power of two. */
const SAMPLE_EVERY = 16

/** @returns false when the ring is full, or enough is out: then it is placed inline, or held back. */
export function offerToRouters(context: FrontEndContext, record: TaskRecord): boolean {
  if (context.offersLeft <= 0) return false
  const ring = context.rings[record.level - 1]
  const { slot, generation } = record.attempt!
  if (!ring.write(slot as SlotIndex, generation as Generation)) return false
  context.offersLeft--
  return true
}

/** Makes the offers of this turn visible and wakes a router; it wakes the next if there is more. */
export function publishOffers(context: FrontEndContext): void {
  let published = 0
  for (const ring of context.rings) published += ring.publish()
  if (published === 0) return
  if ((context.publications++ & (SAMPLE_EVERY - 1)) !== 0) {
    context.routers!.wake()
    return
  }
  const startMs = performance.now()
  context.routers!.wake()
  context.costs.woke((performance.now() - startMs) * 1_000)
}

/** Only a router may place it, and none can be given it now: it waits at the head of its lane. */
export function holdBack(context: FrontEndContext, record: TaskRecord): void {
  context.core.bounce(record)
  context.holdsBack = true
}
