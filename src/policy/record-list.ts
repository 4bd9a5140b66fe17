/**
 * Doubly linked list through the records themselves: constant-time removal from anywhere (cancel),
 * no memory of its own. A library deque was the alternative: it cannot take an element out of the
 * middle, and marking instead of removing would hold cancelled tasks until their turn.
 */
import { isBefore } from './head-heap.ts'
import type { TaskRecord } from './task-record.ts'

export class RecordList {
  head: TaskRecord | null = null
  tail: TaskRecord | null = null
  length = 0

  pushBack(record: TaskRecord): void {
    record.prev = this.tail
    record.next = null
    if (this.tail === null) this.head = record
    else this.tail.next = record
    this.tail = record
    this.length++
  }

  pushFront(record: TaskRecord): void {
    record.next = this.head
    record.prev = null
    if (this.head === null) this.tail = record
    else this.head.prev = record
    this.head = record
    this.length++
  }

  /** Inserts by `position`, looking from the tail: constant when it belongs at the end. */
  insertByPosition(record: TaskRecord): void {
    let before = this.tail
    while (before !== null && ((before.position - record.position) | 0) > 0) before = before.prev
    if (before === null) {
      this.pushFront(record)
      return
    }
    this.#insertBehind(before, record)
  }

  /** Inserts before what is to be placed after it, looking from the tail: constant for most. */
  insertByRank(record: TaskRecord): void {
    let before = this.tail
    while (before !== null && isBefore(record, before)) before = before.prev
    if (before === null) this.pushFront(record)
    else this.#insertBehind(before, record)
  }

  #insertBehind(before: TaskRecord, record: TaskRecord): void {
    if (before === this.tail) {
      this.pushBack(record)
      return
    }
    record.prev = before
    record.next = before.next
    before.next!.prev = record
    before.next = record
    this.length++
  }

  remove(record: TaskRecord): void {
    if (record.prev === null) this.head = record.next
    else record.prev.next = record.next
    if (record.next === null) this.tail = record.prev
    else record.next.prev = record.prev
    record.next = null
    record.prev = null
    this.length--
  }
}
