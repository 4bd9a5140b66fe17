/** Finished tasks, kept for look-up within bounds of count, age and bytes; the oldest go first. */
import type { KeepOptions } from '../options.ts'
import { rememberPast } from './dedup.ts'
import { RecordList } from './record-list.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

export class Kept {
  private readonly options: KeepOptions
  private readonly list = new RecordList()
  private bytes = 0

  constructor(options: KeepOptions) {
    this.options = options
  }

  /** After the outcome went out. */
  add(core: PolicyState, record: TaskRecord): void {
    this.list.pushBack(record)
    this.bytes += Math.max(0, record.resultBytes)
    while (this.list.length > this.options.count || this.bytes > this.options.bytes) {
      this.#forgetOldest(core, record.finishedAtMs)
    }
  }

  expire(core: PolicyState, nowMs: number, max: number): void {
    for (let i = 0; i < max && this.nextExpiryMs() <= nowMs; i++) {
      this.#forgetOldest(core, nowMs)
    }
  }

  /** The task that finished last; those before it hang at its `prev`. */
  get newest(): TaskRecord | null {
    return this.list.tail
  }

  nextExpiryMs(): number {
    const head = this.list.head
    return head === null
      ? Number.POSITIVE_INFINITY
      : head.finishedAtMs + this.options.ageSeconds * 1000
  }

  #forgetOldest(core: PolicyState, nowMs: number): void {
    const record = this.list.head!
    this.list.remove(record)
    this.bytes -= Math.max(0, record.resultBytes)
    core.index.remove(record)
    rememberPast(core, record, nowMs)
    core.effects.forgotten(record)
  }
}
