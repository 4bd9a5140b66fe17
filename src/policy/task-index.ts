/**
 * Tasks by id. Ids that users gave stand in a map of their queue; ids that the core made up are
 * consecutive numbers behind a prefix, so their records stand in pages of an array: no hashing, no
 * rehash of a map through which every task passes once (that was a third of the core's CPU time).
 *
 * Invariant: a record is in the index from admission until it is forgotten.
 */
import type { QueueState } from './queues.ts'
import type { TaskRecord } from './task-record.ts'

const PAGE_LENGTH = 1_024

export class Page {
  readonly records: (TaskRecord | null)[] = new Array(PAGE_LENGTH).fill(null)
  /** Records in it. */
  count = 0
}

export class TaskIndex {
  private readonly prefix: string
  /** By page number; pages that are empty and behind the newest are dropped. */
  private readonly pages = new Map<number, Page>()
  private newest: Page | null = null
  private sparePage: Page | null = null
  private nextNumber = 0

  /** @param prefix of made-up ids; a token of its own for each start of a scheduler. */
  constructor(prefix: string) {
    this.prefix = `${prefix}-`
  }

  /** Adds a record; one without an id gets one. */
  add(record: TaskRecord, queue: QueueState): void {
    if (record.id !== '') {
      queue.named.set(record.id, record)
      return
    }
    let number = this.#takeNumber()
    // A user may have been there first with such an id.
    while (queue.named.size > 0 && queue.named.has(this.prefix + number)) {
      number = this.#takeNumber()
    }
    const page = this.newest!
    page.records[number % PAGE_LENGTH] = record
    page.count++
    record.number = number
    record.id = this.prefix + number
  }

  remove(record: TaskRecord): void {
    const { number } = record
    if (number < 0) {
      record.queue!.named.delete(record.id)
      return
    }
    const pageNumber = Math.floor(number / PAGE_LENGTH)
    const page = this.pages.get(pageNumber)!
    page.records[number % PAGE_LENGTH] = null
    if (--page.count > 0 || page === this.newest) return
    this.pages.delete(pageNumber)
    this.sparePage = page
  }

  /** @returns the record of `id` in `queue`, if it is open or kept. */
  find(id: string, queue: QueueState): TaskRecord | undefined {
    const named = queue.named.get(id)
    if (named !== undefined) return named
    const record = this.#made(id)
    return record?.queue === queue ? record : undefined
  }

  /** @returns as `find` over all queues; the first queue that has it. */
  findAnywhere(id: string, queues: Iterable<QueueState>): TaskRecord | undefined {
    for (const queue of queues) {
      const named = queue.named.get(id)
      if (named !== undefined) return named
    }
    return this.#made(id)
  }

  /** Every open or kept record of the given queues. */
  *records(queues: Iterable<QueueState>): Generator<TaskRecord> {
    for (const queue of queues) yield* queue.named.values()
    for (const { records } of this.pages.values()) {
      for (const record of records) if (record !== null) yield record
    }
  }

  #made(id: string): TaskRecord | undefined {
    if (!id.startsWith(this.prefix)) return undefined
    const digits = id.slice(this.prefix.length)
    if (!/^(0|[1-9][0-9]{0,14})$/.test(digits)) return undefined
    const number = Number(digits)
    const page = this.pages.get(Math.floor(number / PAGE_LENGTH))
    return page?.records[number % PAGE_LENGTH] ?? undefined
  }

  #takeNumber(): number {
    const number = this.nextNumber++
    if (number % PAGE_LENGTH === 0) this.#turnPage(number / PAGE_LENGTH)
    return number
  }

  #turnPage(pageNumber: number): void {
    const before = this.newest
    this.newest = this.sparePage ?? new Page()
    this.sparePage = null
    this.pages.set(pageNumber, this.newest)
    if (before !== null && before.count === 0) this.pages.delete(pageNumber - 1)
  }
}
