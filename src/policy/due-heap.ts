/**
 * Times of single tasks: delays, waits between attempts, ages of tasks with promises of their own,
 * deadlines, heartbeats. What is equal for a whole queue is not here (`age-lists.ts`, `timeouts.ts`).
 *
 * Invariant: nothing stands above what is due earlier; of equal times the task accepted first, then
 * the lower kind.
 */
import { IndexedHeap } from './indexed-heap.ts'
import type { TaskRecord } from './task-record.ts'

/** Ready to be tried. */
export const READY = 0
/** An age of a task with promises of its own. */
export const AGE = 1
export const HEARTBEAT = 2
export const DEADLINE = 3
export type DueKind = 0 | 1 | 2 | 3

export class Due {
  readonly record: TaskRecord
  kind: DueKind
  dueMs: number
  /** Place in the heap; -1 outside. */
  heapAt = -1
  /** The record's, so that to compare two of them nothing else is touched. */
  seq = 0

  constructor(record: TaskRecord, kind: DueKind, dueMs: number) {
    this.record = record
    this.kind = kind
    this.dueMs = dueMs
  }
}

export class DueHeap extends IndexedHeap<Due> {
  protected isBefore(a: Due, b: Due): boolean {
    if (a.dueMs !== b.dueMs) return a.dueMs < b.dueMs
    if (a.seq !== b.seq) return a.seq < b.seq
    return a.kind < b.kind
  }

  /** @returns when the earliest is due, or Infinity. */
  nextDueMs(): number {
    return this.items.length === 0 ? Number.POSITIVE_INFINITY : this.items[0].dueMs
  }

  /** Puts it in; it is in none. */
  add(due: Due): void {
    due.seq = due.record.seq
    this.place(due)
  }

  /** @returns the earliest that is due at `nowMs`, taken out, or null. */
  takeDue(nowMs: number): Due | null {
    if (this.nextDueMs() > nowMs) return null
    const due = this.items[0]
    this.remove(due)
    return due
  }

  /**
   * Arms a time of a record.
   * @param due the one to be used again, armed or not; null for none.
   * @returns the one that is armed.
   */
  arm(due: Due | null, record: TaskRecord, kind: DueKind, dueMs: number): Due {
    if (due === null) {
      const made = new Due(record, kind, dueMs)
      this.add(made)
      return made
    }
    this.remove(due)
    due.kind = kind
    due.dueMs = dueMs
    this.add(due)
    return due
  }
}
