/**
 * Matching: heads in order against free credit. The next task is the one of the highest level, then
 * the earliest due, then the oldest, among the classes that can be placed: a class can be placed
 * while the classes of its group have more free credit than tasks offered, and all groups together
 * too, while its queue is not held, and while its top lane is not more than the window past its
 * oldest uncommitted task. For a class whose tasks may be
 * bound early, room in agents' own queues counts as credit.
 */
import type { SlotIndex } from '../../native-free/index.ts'
import type { ClassState } from './classes.ts'
import { bestHead, syncHead, syncRank } from './groups.ts'
import { isBefore } from './head-heap.ts'
import { changeInHand } from './holds.ts'
import { takePendingLevel } from './levels.ts'
import type { PolicyState } from './state.ts'
import { OFFERED, type TaskRecord, WAITING } from './task-record.ts'
import { beginWait } from './waits.ts'

export function nextOffer(core: PolicyState, nowMs: number, bounced: boolean): TaskRecord | null {
  if (core.active.length === 0 || core.freeSlots.size === 0) return null
  const out = bounced ? 0 : core.totalOffered
  const isCredit = core.totalFree > out
  if (!isCredit && (core.earlyClasses === 0 || core.totalFree + core.totalPlaces <= out))
    return null
  const record = bounced ? bouncedHead(core, isCredit) : bestHead(core, isCredit)
  if (record === null) return null
  offer(core, record, nowMs)
  return record
}

/** @returns the best bounced head whose group has credit. Linear in the classes; bounces are rare. */
function bouncedHead(core: PolicyState, isCredit: boolean): TaskRecord | null {
  if (core.bouncedWaiting === 0) return null
  let best: TaskRecord | null = null
  for (const { head, group } of core.active) {
    if (head === null || !head.bounced || group.free <= 0) continue
    if (!isCredit && !group.isEarly) continue
    if (best === null || isBefore(head, best)) best = head
  }
  return best
}

export function placeable(core: PolicyState, max: number): number {
  const credit = Math.max(0, core.totalFree - core.totalOffered)
  const places = Math.max(0, core.totalFree + core.totalPlaces - core.totalOffered)
  let late = 0
  let early = 0
  for (const { waiting, free, offered, isEarly } of core.groupHeads.items) {
    if (late + early >= max) break
    if (free <= offered) continue
    const count = Math.min(waiting, free - offered)
    if (isEarly) early += count
    else late += count
  }
  return Math.min(
    Math.min(late, credit) + Math.min(early, places),
    places,
    max,
    core.freeSlots.size,
  )
}

function offer(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const cls = record.cls!
  const lane = cls.laneOf(record)
  clearBounced(core, record)
  lane.remove(record)
  removeWaiting(core, cls)
  lane.offer(record)
  addOffered(core, record, 1)
  record.state = OFFERED
  takeSlot(core, record, nowMs)
}

/** A task that waits, in whatever queue, gets a slot and with it an attempt; there is a slot. */
export function takeSlot(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const cls = record.cls!
  const slot = core.freeSlots.take()
  const attempt = core.attempts.take(record)
  attempt.slot = slot
  attempt.generation = core.slots.offer(
    slot as SlotIndex,
    cls.index as never,
    cls.strategyIndex,
    record.level - 1,
    0,
    0,
    record.keyHash,
  )
  attempt.offeredAtMs = nowMs
  core.recordAt[slot] = record
  changeInHand(core, cls.queue, 1)
}

/** The task leaves the offers: for an agent, for its lane, or for good. */
export function endOffer(core: PolicyState, record: TaskRecord): void {
  record.cls!.laneOf(record).offers.remove(record)
  addOffered(core, record, -1)
}

function addOffered(core: PolicyState, record: TaskRecord, change: 1 | -1): void {
  const cls = record.cls!
  cls.offered += change
  cls.group.offered += change
  core.totalOffered += change
  syncHead(core, cls)
}

/** Back to where it stood in its lane. */
export function bounce(core: PolicyState, record: TaskRecord): void {
  endOffer(core, record)
  freeSlot(core, record)
  record.bounced = true
  core.bouncedWaiting++
  goOnWaiting(core, record)
}

/** Into its lane, where a new wait begins: at admission, after a delay, after an attempt. */
export function putBack(core: PolicyState, record: TaskRecord, nowMs: number): void {
  beginWait(core, record, nowMs)
  goOnWaiting(core, record)
}

/** Into its lane, from none, in the middle of a wait. */
export function goOnWaiting(core: PolicyState, record: TaskRecord): void {
  const cls = record.cls!
  record.state = WAITING
  if (record.pendingLevel > 0) takePendingLevel(core, record)
  cls.laneOf(record).add(record)
  addWaiting(core, cls)
  syncHead(core, cls)
}

/** A waiting record goes to the lane of another level. @param dueMs its place in it; 0 for the last. */
export function relevel(core: PolicyState, record: TaskRecord, level: number, dueMs: number): void {
  const cls = record.cls!
  cls.laneOf(record).remove(record)
  record.position = -1
  record.level = level
  record.dueMs = dueMs
  cls.laneOf(record).add(record)
  syncRank(core, cls)
}

export function removeFromLane(core: PolicyState, record: TaskRecord): void {
  const cls = record.cls!
  clearBounced(core, record)
  cls.laneOf(record).remove(record)
  removeWaiting(core, cls)
  syncHead(core, cls)
}

function addWaiting(core: PolicyState, cls: ClassState): void {
  cls.waiting++
  if (!cls.queue.held) cls.group.waiting++
  if (cls.activeAt >= 0) return
  cls.activeAt = core.active.length
  core.active.push(cls)
}

function removeWaiting(core: PolicyState, cls: ClassState): void {
  if (!cls.queue.held) cls.group.waiting--
  if (--cls.waiting > 0) return
  const last = core.active.pop()!
  if (last !== cls) {
    core.active[cls.activeAt] = last
    last.activeAt = cls.activeAt
  }
  cls.activeAt = -1
}

function clearBounced(core: PolicyState, record: TaskRecord): void {
  if (!record.bounced) return
  record.bounced = false
  core.bouncedWaiting--
}

/** Ends the attempt, whose time-out is disarmed already. */
export function freeSlot(core: PolicyState, record: TaskRecord): void {
  const { slot } = record.attempt!
  core.slots.release(slot as SlotIndex)
  core.recordAt[slot] = null
  core.freeSlots.give(slot)
  core.attempts.give(record)
  changeInHand(core, record.cls!.queue, -1)
}

export function overdueOffers(core: PolicyState, beforeMs: number, into: TaskRecord[]): void {
  if (core.totalOffered === 0) return
  for (const cls of core.classes) {
    if (cls.offered === 0) continue
    for (const lane of cls.lanes) {
      for (let record = lane.offers.head; record !== null; record = record.next) {
        if (record.attempt!.offeredAtMs < beforeMs) into.push(record)
      }
    }
  }
}
