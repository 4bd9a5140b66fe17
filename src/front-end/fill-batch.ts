/**
 * Tasks that an agent gets together: of a queue with a `batchSize`, the heads that follow a task which
 * was placed here go to the same agent, as far as it has credit. Part of step 4, main thread.
 *
 *   none ── a task of such a queue is placed ──► filling ── full, no credit, another class ──► none
 *
 * Invariant: heads keep their order. A head of another class comes first if it is better, and goes
 * where its own strategy says; it only ends the batch.
 *
 * A batch lasts for one turn at most: nothing waits for more to come.
 *
 * Rejected: taking heads of the class past better ones of others, which would let a large queue of low
 * tasks pass a high one each time that a batch is open.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import type { AgentState } from '../policy/agents.ts'
import type { ClassState } from '../policy/classes.ts'
import { RUNNING, type TaskRecord } from '../policy/task-record.ts'
import { placeOn } from './commit.ts'
import type { FrontEndContext } from './context.ts'

export class BatchFill {
  #cls: ClassState | null = null
  #agent: AgentState | null = null
  #left = 0

  /** Whether tasks of this class are placed here, since only here is known who got the last one. */
  static isFor(cls: ClassState): boolean {
    return cls.queue.options.batchSize > 1
  }

  /** A turn begins. */
  clear(): void {
    this.#cls = null
    this.#agent = null
    this.#left = 0
  }

  /** A head was placed here. */
  placed(record: TaskRecord): void {
    const cls = record.cls!
    if (record.state !== RUNNING || !BatchFill.isFor(cls)) {
      this.clear()
      return
    }
    this.#cls = cls
    this.#agent = record.attempt!.agent
    this.#left = cls.queue.options.batchSize - 1
  }

  /** @returns whether the offered head has gone to the agent of the batch; else it is offered still. */
  take(context: FrontEndContext, record: TaskRecord): boolean {
    if (this.#agent === null) return false
    const { index } = this.#agent
    const isNext = record.cls === this.#cls && this.#left > 0
    const hasCredit = context.core.table.credit(index as AgentIndex) > 0
    if (isNext && hasCredit && placeOn(context, record, index)) {
      this.#left--
      return true
    }
    this.clear()
    return false
  }
}
