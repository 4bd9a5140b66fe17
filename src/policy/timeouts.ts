/**
 * Running time-outs. Equal durations fall due in the order in which they were armed, so there is
 * one first-in-first-out list per duration, linked through the attempts: arming and disarming cost
 * a few pointer writes and a million armed time-outs cost nothing per turn. More than
 * `DURATIONS_MAX` different durations at once share one list that is kept sorted by insertion from
 * its end.
 */
import type { Attempt } from './attempt.ts'
import type { TaskRecord } from './task-record.ts'

const DURATIONS_MAX = 64

export class DueList {
  head: Attempt | null = null
  tail: Attempt | null = null

  insert(attempt: Attempt): void {
    let before = this.tail
    while (before !== null && before.timerDueMs > attempt.timerDueMs) before = before.timerPrev
    attempt.timerPrev = before
    attempt.timerNext = before === null ? this.head : before.timerNext
    if (attempt.timerPrev === null) this.head = attempt
    else attempt.timerPrev.timerNext = attempt
    if (attempt.timerNext === null) this.tail = attempt
    else attempt.timerNext.timerPrev = attempt
  }

  remove(attempt: Attempt): void {
    if (attempt.timerPrev === null) this.head = attempt.timerNext
    else attempt.timerPrev.timerNext = attempt.timerNext
    if (attempt.timerNext === null) this.tail = attempt.timerPrev
    else attempt.timerNext.timerPrev = attempt.timerPrev
    attempt.timerPrev = null
    attempt.timerNext = null
  }
}

export class Timeouts {
  private readonly byDuration = new Map<number, DueList>()
  private readonly mixed = new DueList()

  /** Arms the time-out of the attempt at `record`. */
  arm(record: TaskRecord, nowMs: number): void {
    const attempt = record.attempt!
    attempt.timerDueMs = nowMs + record.timeoutMs
    this.#listOf(record.timeoutMs).insert(attempt)
  }

  disarm(record: TaskRecord): void {
    const attempt = record.attempt!
    if (attempt.timerDueMs === 0) return
    this.#listOf(record.timeoutMs).remove(attempt)
    attempt.timerDueMs = 0
  }

  /** @returns the earliest record that is due at `nowMs`, disarmed, or null. */
  takeDue(nowMs: number): TaskRecord | null {
    const first = this.#first()
    if (first === null || first.timerDueMs > nowMs) return null
    const record = first.record!
    this.disarm(record)
    return record
  }

  /** @returns when the earliest falls due, in policy ms, or Infinity. */
  nextDueMs(): number {
    return this.#first()?.timerDueMs ?? Number.POSITIVE_INFINITY
  }

  #first(): Attempt | null {
    let first = this.mixed.head
    for (const { head } of this.byDuration.values()) {
      if (head !== null && (first === null || head.timerDueMs < first.timerDueMs)) first = head
    }
    return first
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
