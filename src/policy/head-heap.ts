/**
 * Heads in order, the next one on top: highest level, then earliest due, then oldest. A binary heap in which everything
 * knows its place, because heads change by every event (a commit opens a lane, a cancel takes a head
 * away) and not only at the top; that is why mnemonist's heap does not do.
 *
 * Invariant: it holds exactly what has a head, and nothing stands above something whose head is
 * better.
 */
import type { TaskRecord } from './task-record.ts'

/** A class, or a group of them. */
export interface Headed {
  /** The task that is next in it; null when none is. */
  head: TaskRecord | null
  /** Place in the heap, -1 outside. */
  headAt: number
}

/** @returns whether `a` is to be placed before `b`: what has no time to be due comes after all that has. */
export function isBefore(a: TaskRecord, b: TaskRecord): boolean {
  if (a.level !== b.level) return a.level > b.level
  if (a.dueMs !== b.dueMs) return a.dueMs !== 0 && (b.dueMs === 0 || a.dueMs < b.dueMs)
  return a.seq < b.seq
}

export class HeadHeap<T extends Headed> {
  /** In heap order. */
  readonly items: T[] = []

  /** @returns the next head, or null. */
  get top(): TaskRecord | null {
    return this.items.length === 0 ? null : this.items[0].head
  }

  /** The head of an item has changed, to another or to null. *Cost* logarithmic. */
  update(item: T): void {
    if (item.head === null) {
      this.remove(item)
      return
    }
    if (item.headAt < 0) {
      item.headAt = this.items.length
      this.items.push(item)
    }
    this.#up(item)
    this.#down(item)
  }

  /** Takes an item out, if it is in. */
  remove(item: T): void {
    const at = item.headAt
    if (at < 0) return
    item.headAt = -1
    const last = this.items.pop()!
    if (last === item) return
    this.#put(last, at)
    this.#up(last)
    this.#down(last)
  }

  #put(item: T, at: number): void {
    this.items[at] = item
    item.headAt = at
  }

  #up(item: T): void {
    const head = item.head!
    let at = item.headAt
    while (at > 0) {
      const parent = this.items[(at - 1) >> 1]
      if (!isBefore(head, parent.head!)) break
      this.#put(parent, at)
      at = (at - 1) >> 1
    }
    this.#put(item, at)
  }

  #down(item: T): void {
    const { items } = this
    const head = item.head!
    let at = item.headAt
    for (let child = 2 * at + 1; child < items.length; child = 2 * at + 1) {
      const right = child + 1
      if (right < items.length && isBefore(items[right].head!, items[child].head!)) child++
      if (!isBefore(items[child].head!, head)) break
      this.#put(items[child], at)
      at = child
    }
    this.#put(item, at)
  }
}
