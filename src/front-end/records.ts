/**
 * Records that are used again. A record lives for as long as its task and the look-up of its outcome,
 * so a collector of young objects moves each of them twice: with 10,000 kept that was most of its
 * time. Main thread.
 *
 * ```
 *   take ──► inbox ──► core ──► forgotten ──► end of the turn ──► free ──► take
 *              └─ refused ──────────┘                              └─ beyond the bound: collected
 * ```
 *
 * Invariant: a record is free only when no part of the turn that forgot it can name it any more; who
 * holds one beyond its outcome holds another task's.
 *
 * Not taken: columns of numbers instead of objects, which would make the policy core unreadable for
 * what a bounded list of free records does as well.
 */
import { type Origin, type RecordOptions, TaskRecord } from '../policy/task-record.ts'
import { Batch } from './batch.ts'

/** About 300 bytes each; what a burst leaves beyond is given back to the collector. */
const FREE_MAX = 8_192

export class Records {
  /** Not a stack of `pop` and `push`: an array gives memory back at one and grows at the other. */
  readonly #free: TaskRecord[] = []
  #freeCount = 0
  /** Of this turn. */
  readonly #forgotten = new Batch<TaskRecord>()

  /** @returns a record as the constructor of `TaskRecord` makes it. */
  take(
    id: string,
    queueName: string,
    options: RecordOptions,
    view: Uint8Array,
    viewStart: number,
    payloadBytes: number,
    origin: Origin,
    replyTo: unknown,
    wantsAccepted: boolean,
    wantsOutcome: boolean,
    receivedUs: number,
  ): TaskRecord {
    if (this.#freeCount === 0) {
      return new TaskRecord(
        id,
        queueName,
        options,
        view,
        viewStart,
        payloadBytes,
        origin,
        replyTo,
        wantsAccepted,
        wantsOutcome,
        receivedUs,
      )
    }
    const used = this.#free[--this.#freeCount]
    used.begin(
      id,
      queueName,
      options,
      view,
      viewStart,
      payloadBytes,
      origin,
      replyTo,
      wantsAccepted,
      wantsOutcome,
      receivedUs,
    )
    return used
  }

  /** The record was refused, or its task is forgotten: free after this turn. */
  forget(record: TaskRecord): void {
    this.#forgotten.add(record)
  }

  /** End of the turn: nothing names what was forgotten in it any more. */
  reclaim(): void {
    const forgotten = this.#forgotten
    if (forgotten.length === 0) return
    const freed = Math.min(forgotten.length, FREE_MAX - this.#freeCount)
    for (let i = 0; i < freed; i++) {
      const record = forgotten.at(i)
      record.clear()
      this.#free[this.#freeCount++] = record
    }
    forgotten.clear()
  }
}
