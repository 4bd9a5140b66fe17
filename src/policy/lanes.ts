/**
 * A lane: a class's tasks of one effective level, the next one first. Main thread.
 *
 * ```
 *   add ── rank at its end or behind ──►  first-in-first-out list ─┐
 *    │  └─ rank at its head or before ──►           │              ├─► head: the better of both
 *    └──── anywhere between ────────────►  heap ────┴──────────────┘
 * ```
 *
 * Invariant: a waiting record of the lane is in its list, which is in order of rank, or in its heap,
 * with its place in `heapAt`; the head is the first in rank of both.
 *
 * Nearly all tasks come in order of rank, and go to the list in constant time, as what was first
 * and is put back. What comes between (deadlines, boosts, retries) costs the heap's logarithm. Not
 * taken: a heap for all, which costs a plain task as much as one with a deadline; one list kept in
 * order, which a single late deadline before a million tasks would have to be walked into.
 *
 * Positions number the offers of a lane, for its window: what bounced keeps its number, or it would be
 * overtaken by a window's tasks each time.
 */
import { LIMITS } from '../options.ts'
import { isBefore } from './head-heap.ts'
import { IndexedHeap } from './indexed-heap.ts'
import { RecordList } from './record-list.ts'
import type { TaskRecord } from './task-record.ts'

/** What stands between others in rank. */
export class RankHeap extends IndexedHeap<TaskRecord> {
  protected isBefore(a: TaskRecord, b: TaskRecord): boolean {
    return isBefore(a, b)
  }
}

export class Lane {
  readonly list = new RecordList()
  readonly heap = new RankHeap()
  /** Offered and not committed, by position: the oldest decides how far the lane may send. */
  readonly offers = new RecordList()
  private nextPosition = 0

  /** Tasks that wait in it. */
  get length(): number {
    return this.list.length + this.heap.size
  }

  /** @returns the task that is next in rank; null when none waits. */
  get head(): TaskRecord | null {
    const first = this.list.head
    const { top } = this.heap
    if (top === null) return first
    return first === null || isBefore(top, first) ? top : first
  }

  add(record: TaskRecord): void {
    const { head, tail } = this.list
    if (tail === null || !isBefore(record, tail)) this.list.pushBack(record)
    else if (isBefore(record, head!)) this.list.pushFront(record)
    else this.heap.place(record)
  }

  /** Takes a waiting record out, wherever it stands. */
  remove(record: TaskRecord): void {
    if (record.heapAt < 0) this.list.remove(record)
    else this.heap.remove(record)
  }

  /** A record that waits no more is out. */
  offer(record: TaskRecord): void {
    if (record.position === -1) {
      record.position = this.nextPosition
      this.nextPosition = this.#following
    }
    this.offers.insertByPosition(record)
  }

  /** Whether the head may be sent: not more than the window past the oldest uncommitted task. */
  isOpenFor(head: TaskRecord): boolean {
    const oldest = this.offers.head
    if (oldest === null) return true
    const position = head.position === -1 ? this.nextPosition : head.position
    return ((position - oldest.position) | 0) < LIMITS.laneWindow
  }

  /**
   * @param stepsMax of the search; beyond, the place is estimated by the order of acceptance.
   * @returns how many that wait are before it, and 1.
   */
  placeOf(record: TaskRecord, stepsMax: number): { place: number; isExact: boolean } {
    let place = 1
    let steps = 0
    for (const other of this.heap.items) {
      if (++steps >= stepsMax) break
      if (isBefore(other, record)) place++
    }
    const { head, tail, length } = this.list
    for (let other = head; other !== null && steps < stepsMax; other = other.next) {
      if (!isBefore(other, record)) return { place, isExact: true }
      place++
      steps++
    }
    if (steps < stepsMax) return { place, isExact: true }
    const share = head === null ? 1 : (record.seq - head.seq) / Math.max(1, tail!.seq - head.seq)
    const estimate = Math.round(length * Math.min(1, Math.max(0, share)))
    return { place: Math.max(place, estimate), isExact: false }
  }

  /** Ranks of what waits have changed: all of it is put in order anew. *Cost* sorts it. */
  reorder(rerank: (record: TaskRecord) => void): void {
    const records: TaskRecord[] = []
    while (this.head !== null) {
      const { head } = this
      this.remove(head)
      records.push(head)
    }
    for (const record of records) rerank(record)
    records.sort((a, b) => (isBefore(a, b) ? -1 : 1))
    for (const record of records) this.list.pushBack(record)
  }

  /** -1 stands for no position. */
  get #following(): number {
    const next = (this.nextPosition + 1) | 0
    return next === -1 ? 0 : next
  }
}
