/**
 * Matching: heads in order against free credit. The next task is the one of the highest level, then
 * the oldest, among the classes that can be placed: a class can be placed while it has more free
 * credit than tasks offered, alone and over all classes together, and while its top lane is not
 * more than the window past its oldest uncommitted task.
 *
 * A class whose top lane is held by the window waits as a whole: serving a lower level meanwhile
 * would turn the priorities round.
 */
import type { SlotIndex } from '../../native-free/index.ts'
import { addWaiting, removeWaiting } from './admission.ts'
import type { ClassState } from './classes.ts'
import type { PolicyState } from './state.ts'
import { OFFERED, type TaskRecord, WAITING } from './task-record.ts'

export function nextOffer(core: PolicyState, nowMs: number, bounced: boolean): TaskRecord | null {
  if (core.active.length === 0 || core.freeSlots.size === 0) return null
  if (core.totalFree <= (bounced ? 0 : core.totalOffered)) return null
  const record = nextHead(core, bounced)
  if (record === null) return null
  offer(core, record, nowMs)
  return record
}

/** @returns the best placeable head: highest level, then oldest. Linear in the active classes. */
function nextHead(core: PolicyState, bounced: boolean): TaskRecord | null {
  let best: TaskRecord | null = null
  for (const cls of core.active) {
    const head = placeableHead(cls, bounced)
    if (head === null) continue
    if (
      best === null ||
      head.level > best.level ||
      (head.level === best.level && head.seq < best.seq)
    ) {
      best = head
    }
  }
  return best
}

function placeableHead(cls: ClassState, bounced: boolean): TaskRecord | null {
  if (cls.free <= (bounced ? 0 : cls.offered)) return null
  const lane = cls.topLane()
  return lane?.open ? lane.waiting.head : null
}

export function placeable(core: PolicyState, max: number): number {
  let count = 0
  for (const cls of core.active) {
    if (placeableHead(cls, false) === null) continue
    count += Math.min(cls.waiting, cls.free - cls.offered)
    if (count >= max) break
  }
  return Math.min(count, max, core.totalFree - core.totalOffered, core.freeSlots.size)
}

function offer(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const cls = record.cls!
  const lane = cls.laneOf(record)
  lane.waiting.remove(record)
  removeWaiting(core, cls)
  lane.offers.insertByPosition(record)
  cls.offered++
  core.totalOffered++
  const slot = core.freeSlots.shift()!
  record.slot = slot
  record.generation = core.slots.offer(
    slot as SlotIndex,
    cls.index as never,
    cls.strategyIndex,
    record.level - 1,
    0,
  )
  record.state = OFFERED
  record.offeredAtMs = nowMs
  core.recordAt[slot] = record
}

/** The task leaves the offers: for an agent, for its lane, or for good. */
export function endOffer(core: PolicyState, record: TaskRecord): void {
  const cls = record.cls!
  cls.laneOf(record).offers.remove(record)
  cls.offered--
  core.totalOffered--
}

export function bounce(core: PolicyState, record: TaskRecord): void {
  endOffer(core, record)
  freeSlot(core, record)
  putBack(core, record)
}

/** To the head of its lane. */
export function putBack(core: PolicyState, record: TaskRecord): void {
  record.state = WAITING
  record.cls!.laneOf(record).putBack(record)
  addWaiting(core, record.cls!)
}

export function removeFromLane(core: PolicyState, record: TaskRecord): void {
  record.cls!.laneOf(record).waiting.remove(record)
  removeWaiting(core, record.cls!)
}

export function freeSlot(core: PolicyState, record: TaskRecord): void {
  core.slots.release(record.slot as SlotIndex)
  core.recordAt[record.slot] = null
  core.freeSlots.push(record.slot)
  record.slot = -1
}

export function overdueOffers(core: PolicyState, beforeMs: number, into: TaskRecord[]): void {
  if (core.totalOffered === 0) return
  for (const cls of core.classes) {
    if (cls.offered === 0) continue
    for (const lane of cls.lanes) {
      for (let record = lane.offers.head; record !== null; record = record.next) {
        if (record.offeredAtMs < beforeMs) into.push(record)
      }
    }
  }
}
