/**
 * Tasks by id and in the order of their admission. Every record stands at its `seq` in pages of an
 * array, so a list of them can go on anywhere. An id that the core made up is that number behind a
 * prefix, and is stored nowhere: no hashing, no rehash of a map through which every task passes once
 * (that was a third of the core's CPU time). Ids that users gave stand in a map of their queue besides.
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

/** @returns what made-up ids begin with; another for each start of a scheduler. */
export function idPrefixOf(epoch: number): string {
  return `${epoch.toString(36)}-`
}

export class TaskIndex {
  readonly prefix: string
  /** By page number, ascending; pages that are empty and behind the newest are dropped. */
  private readonly pages = new Map<number, Page>()
  private newest: Page | null = null
  private newestNumber = -1
  private sparePage: Page | null = null

  /** @param prefix of made-up ids, from `idPrefixOf`. */
  constructor(prefix: string) {
    this.prefix = prefix
  }

  /** @returns whether a user was there first with the id that this number would make. */
  isTaken(seq: number, queue: QueueState): boolean {
    return queue.named.size > 0 && queue.named.has(this.prefix + seq)
  }

  /** Adds a record, whose `seq` is above all before it. */
  add(record: TaskRecord, queue: QueueState): void {
    const { seq } = record
    const pageNumber = Math.floor(seq / PAGE_LENGTH)
    if (pageNumber !== this.newestNumber) this.#turnPage(pageNumber)
    const page = this.newest!
    page.records[seq % PAGE_LENGTH] = record
    page.count++
    if (record.isNamed) queue.named.set(record.givenId, record)
  }

  remove(record: TaskRecord): void {
    const { seq } = record
    if (record.isNamed) record.queue!.named.delete(record.givenId)
    const pageNumber = Math.floor(seq / PAGE_LENGTH)
    const page = this.pages.get(pageNumber)!
    page.records[seq % PAGE_LENGTH] = null
    if (--page.count > 0 || page === this.newest) return
    this.pages.delete(pageNumber)
    this.sparePage = page
  }

  /** @returns the record with this `seq`, if it is open or kept. */
  at(seq: number): TaskRecord | null {
    return this.pages.get(Math.floor(seq / PAGE_LENGTH))?.records[seq % PAGE_LENGTH] ?? null
  }

  /**
   * Shows records in the order of their admission until there are no more, `show` has had enough
   * and says false, or `stepsMax` numbers and absent pages have been looked at (at least one).
   * @returns the number to go on with, and how many steps were taken; Infinity at the end.
   */
  scan(
    from: number,
    stepsMax: number,
    show: (record: TaskRecord) => boolean,
  ): { next: number; steps: number } {
    const [oldest = 0] = this.pages.keys()
    let seq = Math.max(from, oldest * PAGE_LENGTH)
    let steps = 0
    for (;;) {
      const pageNumber = Math.floor(seq / PAGE_LENGTH)
      if (pageNumber > this.newestNumber) return { next: Number.POSITIVE_INFINITY, steps }
      if (steps >= stepsMax && steps > 0) return { next: seq, steps }
      const page = this.pages.get(pageNumber)
      steps++
      if (page === undefined) {
        seq = (pageNumber + 1) * PAGE_LENGTH
        continue
      }
      const record = page.records[seq % PAGE_LENGTH]
      seq++
      if (record !== null && !show(record)) return { next: seq, steps }
    }
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

  /** Every open or kept record, in the order of admission. */
  *records(): Generator<TaskRecord> {
    for (const { records } of this.pages.values()) {
      for (const record of records) if (record !== null) yield record
    }
  }

  #made(id: string): TaskRecord | undefined {
    if (!id.startsWith(this.prefix)) return undefined
    const digits = id.slice(this.prefix.length)
    if (!/^(0|[1-9][0-9]{0,14})$/.test(digits)) return undefined
    const record = this.at(Number(digits))
    // At that number may stand a task with a name of its own.
    return record === null || record.isNamed ? undefined : record
  }

  #turnPage(pageNumber: number): void {
    if (this.newest?.count === 0) this.pages.delete(this.newestNumber)
    this.newest = this.sparePage ?? new Page()
    this.newestNumber = pageNumber
    this.sparePage = null
    this.pages.set(pageNumber, this.newest)
  }
}
