/**
 * Times of single tasks: delays, waits between attempts, ages of tasks with promises of their own,
 * deadlines, heartbeats. What is equal for a whole queue is not here (`age-lists.ts`, `timeouts.ts`).
 *
 * A binary heap whose entries know their place, so that what is disarmed is gone at once. Not taken:
 * mnemonist's heap with stale entries left in it, which hold a cancelled task for as long as its
 * deadline.
 *
 * Invariant: nothing stands above what is due earlier; of equal times the task accepted first, then
 * the lower kind.
 */
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
  at = -1
  /** The record's, so that to compare two of them nothing else is touched. */
  seq = 0

  constructor(record: TaskRecord, kind: DueKind, dueMs: number) {
    this.record = record
    this.kind = kind
    this.dueMs = dueMs
  }
}

export class DueHeap {
  private readonly items: Due[] = []

  get size(): number {
    return this.items.length
  }

  /** @returns when the earliest is due, or Infinity. */
  nextDueMs(): number {
    return this.items.length === 0 ? Number.POSITIVE_INFINITY : this.items[0].dueMs
  }

  /** Puts it in; it is in none. */
  add(due: Due): void {
    due.seq = due.record.seq
    due.at = this.items.length
    this.items.push(due)
    this.#up(due)
  }

  /** Takes it out, if it is in. */
  remove(due: Due): void {
    const { at } = due
    if (at < 0) return
    due.at = -1
    const last = this.items.pop()!
    if (last === due) return
    this.#put(last, at)
    this.#up(last)
    this.#down(last)
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

  #put(due: Due, at: number): void {
    this.items[at] = due
    due.at = at
  }

  #up(due: Due): void {
    let { at } = due
    while (at > 0) {
      const parent = this.items[(at - 1) >> 1]
      if (!isEarlier(due, parent)) break
      this.#put(parent, at)
      at = (at - 1) >> 1
    }
    this.#put(due, at)
  }

  #down(due: Due): void {
    const { items } = this
    let { at } = due
    for (let child = 2 * at + 1; child < items.length; child = 2 * at + 1) {
      const right = child + 1
      if (right < items.length && isEarlier(items[right], items[child])) child++
      if (!isEarlier(items[child], due)) break
      this.#put(items[child], at)
      at = child
    }
    this.#put(due, at)
  }
}

function isEarlier(a: Due, b: Due): boolean {
  if (a.dueMs !== b.dueMs) return a.dueMs < b.dueMs
  if (a.seq !== b.seq) return a.seq < b.seq
  return a.kind < b.kind
}
