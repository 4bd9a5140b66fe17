/**
 * Classes and lanes. A class is what the same agents can serve in the same way: (queue, required
 * capabilities, strategy), interned to a small number that indexes the candidate sets in shared
 * memory. A lane is a class's tasks of one level, first in first out.
 *
 * Invariant: `free` is the credit of the class's accepting agents; `offered` of its tasks are in
 * routers' hands or about to be placed; offers never exceed `free`.
 */
import { LIMITS } from '../options.ts'
import type { Profile } from './profiles.ts'
import type { QueueState } from './queues.ts'
import { RecordList } from './record-list.ts'
import type { TaskRecord } from './task-record.ts'

export const LEVELS = 5

export class Lane {
  readonly waiting = new RecordList()
  /** Offered and not committed, by position: the oldest decides how far the lane may send. */
  readonly offers = new RecordList()
  #nextPosition = 0

  enqueue(record: TaskRecord): void {
    record.position = this.#nextPosition
    this.#nextPosition = (this.#nextPosition + 1) | 0
    this.waiting.pushBack(record)
  }

  /** A retried or bounced task goes before everything that waits. */
  putBack(record: TaskRecord): void {
    const head = this.waiting.head
    if (head !== null) record.position = (head.position - 1) | 0
    else {
      record.position = this.#nextPosition
      this.#nextPosition = (this.#nextPosition + 1) | 0
    }
    this.waiting.pushFront(record)
  }

  /** Whether the head may be sent: not more than the window past the oldest uncommitted task. */
  get open(): boolean {
    const oldest = this.offers.head
    if (oldest === null) return true
    return ((this.waiting.head!.position - oldest.position) | 0) < LIMITS.laneWindow
  }
}

export class ClassState {
  readonly index: number
  readonly queue: QueueState
  readonly requires: readonly string[]
  readonly strategyIndex: number
  /** By level - 1. */
  readonly lanes: readonly Lane[] = Array.from({ length: LEVELS }, () => new Lane())
  readonly profiles: Profile[] = []
  free = 0
  offered = 0
  waiting = 0
  /** Place in the core's list of classes with waiting tasks, -1 while none waits. */
  activeAt = -1

  constructor(
    index: number,
    queue: QueueState,
    requires: readonly string[],
    strategyIndex: number,
  ) {
    this.index = index
    this.queue = queue
    this.requires = requires
    this.strategyIndex = strategyIndex
  }

  laneOf(record: TaskRecord): Lane {
    return this.lanes[record.level - 1]
  }

  /** @returns the highest lane in which a task waits; undefined when none does. */
  topLane(): Lane | undefined {
    for (let i = LEVELS - 1; i >= 0; i--) {
      if (this.lanes[i].waiting.length > 0) return this.lanes[i]
    }
    return undefined
  }
}
