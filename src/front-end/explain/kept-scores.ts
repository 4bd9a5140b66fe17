/**
 * The scores of decisions in queues that keep them (`explain: true`), until their tasks are forgotten.
 * Main thread.
 *
 * Invariant: at most 10,000 tasks have scores, the latest placed; a table is of its record's latest
 * placement, and never outlives what its record stands for.
 */
import type { ScoreTable } from '../../explanation.ts'
import type { TaskRecord } from '../../policy/task-record.ts'

export const KEPT_SCORES_MAX = 10_000

export interface KeptTable extends ScoreTable {
  /** Candidates that had room, the chosen included. */
  candidates: number
}

export class KeptScores {
  readonly #tables = new Map<TaskRecord, KeptTable>()

  get size(): number {
    return this.#tables.size
  }

  keep(record: TaskRecord, table: KeptTable): void {
    this.#tables.delete(record)
    this.#tables.set(record, table)
    if (this.#tables.size <= KEPT_SCORES_MAX) return
    const [oldest] = this.#tables.keys()
    this.#tables.delete(oldest)
  }

  find(record: TaskRecord): KeptTable | null {
    return this.#tables.get(record) ?? null
  }

  /** The record is going to stand for another task. */
  forget(record: TaskRecord): void {
    if (this.#tables.size > 0) this.#tables.delete(record)
  }
}
