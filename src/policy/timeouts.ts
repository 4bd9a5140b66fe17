/**
 * Running time-outs. Equal durations fall due in the order in which they were armed, so there is
 * one first-in-first-out list per duration, linked through the records: arming and disarming cost
 * a few pointer writes and a million armed time-outs cost nothing per turn. More than
 * `DURATIONS_MAX` different durations at once share one list that is kept sorted by insertion from
 * its end.
 */
import type { TaskRecord } from './task-record.ts'

const DURATIONS_MAX = 64

export class DueList {
  head: TaskRecord | null = null
  tail: TaskRecord | null = null

  insert(record: TaskRecord): void {
    let before = this.tail
    while (before !== null && before.timerDueMs > record.timerDueMs) before = before.timerPrev
    record.timerPrev = before
    record.timerNext = before === null ? this.head : before.timerNext
    if (record.timerPrev === null) this.head = record
    else record.timerPrev.timerNext = record
    if (record.timerNext === null) this.tail = record
    else record.timerNext.timerPrev = record
  }

  remove(record: TaskRecord): void {
    if (record.timerPrev === null) this.head = record.timerNext
    else record.timerPrev.timerNext = record.timerNext
    if (record.timerNext === null) this.tail = record.timerPrev
    else record.timerNext.timerPrev = record.timerPrev
    record.timerPrev = null
    record.timerNext = null
  }
}

export class Timeouts {
  private readonly byDuration = new Map<number, DueList>()
  private readonly mixed = new DueList()

  arm(record: TaskRecord, nowMs: number): void {
    record.timerDueMs = nowMs + record.timeoutMs
    this.#listOf(record.timeoutMs).insert(record)
  }

  disarm(record: TaskRecord): void {
    if (record.timerDueMs === 0) return
    this.#listOf(record.timeoutMs).remove(record)
    record.timerDueMs = 0
  }

  /** @returns one record that is due at `nowMs`, disarmed, or null. */
  takeDue(nowMs: number): TaskRecord | null {
    for (const list of this.byDuration.values()) {
      if (list.head !== null && list.head.timerDueMs <= nowMs) return this.#take(list.head)
    }
    const mixed = this.mixed.head
    return mixed !== null && mixed.timerDueMs <= nowMs ? this.#take(mixed) : null
  }

  /** @returns when the earliest falls due, in policy ms, or Infinity. */
  nextDueMs(): number {
    let due = this.mixed.head?.timerDueMs ?? Number.POSITIVE_INFINITY
    for (const list of this.byDuration.values()) {
      if (list.head !== null && list.head.timerDueMs < due) due = list.head.timerDueMs
    }
    return due
  }

  #take(record: TaskRecord): TaskRecord {
    this.disarm(record)
    return record
  }

  /** A duration keeps the list it got first, so that arm and disarm always agree. */
  #listOf(durationMs: number): DueList {
    const known = this.byDuration.get(durationMs)
    if (known !== undefined) return known
    if (this.byDuration.size >= DURATIONS_MAX) return this.mixed
    const list = new DueList()
    this.byDuration.set(durationMs, list)
    return list
  }
}
