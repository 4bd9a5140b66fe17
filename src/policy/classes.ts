/**
 * Classes and lanes. A class is what the same agents can serve in the same way: (queue, required
 * capabilities, strategy), interned to a small number that indexes the candidate sets in shared
 * memory. A lane is a class's tasks of one level, first in first out.
 *
 * Invariant: `offered` of a class's tasks are in routers' hands or about to be placed, `waiting` are in
 * its lanes; its head is the one task of it that may be offered next.
 */
import { LIMITS } from '../options.ts'
import type { Group } from './groups.ts'
import type { Headed } from './head-heap.ts'
import type { Profile } from './profiles.ts'
import type { QueueState } from './queues.ts'
import { RecordList } from './record-list.ts'
import type { TaskRecord } from './task-record.ts'

export const LEVELS = 5

export class Lane {
  readonly waiting = new RecordList()
  /** Offered and not committed, by position: the oldest decides how far the lane may send. */
  readonly offers = new RecordList()
  private nextPosition = 0

  enqueue(record: TaskRecord): void {
    record.position = this.nextPosition
    this.nextPosition = (this.nextPosition + 1) | 0
    this.waiting.pushBack(record)
  }

  /** A retried task goes before everything that waits. */
  putBack(record: TaskRecord): void {
    const head = this.waiting.head
    if (head !== null) record.position = (head.position - 1) | 0
    else {
      record.position = this.nextPosition
      this.nextPosition = (this.nextPosition + 1) | 0
    }
    this.waiting.pushFront(record)
  }

  /** A bounced task stands where it stood, or it would be overtaken by a window's tasks each time. */
  bounce(record: TaskRecord): void {
    this.waiting.insertNearHead(record)
  }

  /** Whether the head may be sent: not more than the window past the oldest uncommitted task. */
  get open(): boolean {
    const oldest = this.offers.head
    if (oldest === null) return true
    return ((this.waiting.head!.position - oldest.position) | 0) < LIMITS.laneWindow
  }
}

export class ClassState implements Headed {
  readonly index: number
  readonly queue: QueueState
  readonly requires: readonly string[]
  readonly strategyIndex: number
  /** By level - 1. */
  readonly lanes: readonly Lane[] = Array.from({ length: LEVELS }, () => new Lane())
  readonly profiles: Profile[] = []
  group!: Group
  offered = 0
  waiting = 0
  /** As `placeableHead` last found it. */
  head: TaskRecord | null = null
  /** Place in its group's heap of heads, -1 without a head. */
  headAt = -1
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

  /** Credit of the accepting agents that serve it. */
  get free(): number {
    return this.group.free
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

  /**
   * @returns the task that is next in this class once there is credit; null when none waits or its
   *   lane has sent as much as it may. Then the class waits as a whole: serving a lower level
   *   meanwhile would turn the priorities round.
   */
  placeableHead(): TaskRecord | null {
    const lane = this.topLane()
    return lane?.open ? lane.waiting.head : null
  }
}
