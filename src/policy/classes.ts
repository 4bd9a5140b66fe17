/**
 * Classes and lanes. A class is what the same agents can serve in the same way: (queue, what it
 * requires and how exactly, what it prefers, type, strategy), interned to a small number that indexes
 * the candidate sets in shared memory. A lane is a class's tasks of one level, first in first out.
 *
 * Invariant: `offered` of a class's tasks are in routers' hands or about to be placed, `waiting` are in
 * its lanes; its head is the one task of it that may be offered next.
 */
import { LIMITS, type Match } from '../options.ts'
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

/** What makes a class, beside its queue. */
export interface ClassTraits {
  /** Terms, sorted. */
  readonly requires: readonly string[]
  readonly match: Match
  readonly prefers: readonly string[]
  /** Told to the agents; the queue's name where its tasks say none. */
  readonly type: string
  /** Its row of what is learned; 0 is over all types. */
  readonly row: number
  /** Its row of match fractions; 0: everybody matches. */
  readonly matchRow: number
  /** Its tasks' own; -1 for the queue's. */
  readonly strategyIndex: number
}

export class ClassState implements Headed {
  readonly index: number
  readonly queue: QueueState
  readonly requires: readonly string[]
  readonly match: Match
  readonly prefers: readonly string[]
  readonly type: string
  readonly row: number
  readonly matchRow: number
  /** Who chooses for the next offer. */
  strategyIndex: number
  /** Its tasks named it: the queue's does not matter. */
  readonly hasOwnStrategy: boolean
  /** Its tasks may be bound to agents without credit. */
  early: boolean
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

  constructor(index: number, queue: QueueState, traits: ClassTraits) {
    this.index = index
    this.queue = queue
    this.requires = traits.requires
    this.match = traits.match
    this.prefers = traits.prefers
    this.type = traits.type
    this.row = traits.row
    this.matchRow = traits.matchRow
    this.hasOwnStrategy = traits.strategyIndex >= 0
    this.strategyIndex = this.hasOwnStrategy ? traits.strategyIndex : queue.strategyIndex
    this.early = queue.early
  }

  /** Credit of the accepting agents that serve it; of an early class room in their queues too. */
  get free(): number {
    return this.group.free
  }

  /** Who decides beside the strategy; -1 for nobody. */
  get shadow(): number {
    return this.queue.shadowIndex
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
