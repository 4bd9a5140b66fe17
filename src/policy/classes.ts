/**
 * Classes. A class is what the same agents can serve in the same way: (queue, what it requires and how
 * exactly, what it prefers, type, strategy), interned to a small number that indexes the candidate
 * sets in shared memory. Its tasks wait in a lane for each level.
 *
 * Invariant: `offered` of a class's tasks are in routers' hands or about to be placed, `waiting` are in
 * its lanes; its head is the one task of it that may be offered next.
 */
import type { Match } from '../options.ts'
import type { Group } from './groups.ts'
import type { Headed } from './head-heap.ts'
import { Lane } from './lanes.ts'
import type { Profile } from './profiles.ts'
import type { QueueState } from './queues.ts'
import type { TaskRecord } from './task-record.ts'

export const LEVELS = 5

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
  /** Tasks that were admitted to it, or moved to it, so far. */
  entered = 0
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

  /** @returns the lane of the highest level in which a task waits; undefined when none does. */
  topLane(): Lane | undefined {
    for (let i = LEVELS - 1; i >= 0; i--) {
      if (this.lanes[i].length > 0) return this.lanes[i]
    }
    return undefined
  }

  /**
   * @returns the task that is next in this class once there is credit; null when none waits, its
   *   queue is held, or its lane has sent as much as it may. Then the class waits as a whole:
   *   serving a lower level meanwhile would turn the priorities round.
   */
  placeableHead(): TaskRecord | null {
    if (this.queue.held) return null
    const lane = this.topLane()
    if (lane === undefined) return null
    const head = lane.head!
    return lane.isOpenFor(head) ? head : null
  }
}
