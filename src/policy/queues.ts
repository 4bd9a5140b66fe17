/**
 * One queue: its options, who chooses for it now, its tasks by id, and how much of its bounds is used.
 *
 * Invariant: what is counted of its own tasks (`open`, `running`, …) is counted here wherever they are
 * served; `inHand`, `classes` and `ages` are of the tasks that it serves, wherever they came in.
 */
import type { QueueOptions } from '../options.ts'
import type { AgeList } from './age-lists.ts'
import type { ClassState } from './classes.ts'
import type { TaskRecord } from './task-record.ts'

export class QueueState {
  readonly name: string
  options: QueueOptions
  /** Of the ids that are made up. */
  readonly idPrefix: string
  /** Open and kept tasks whose id was given by a user; `TaskIndex` writes it. */
  readonly named = new Map<string, TaskRecord>()
  open = 0
  openBytes = 0
  running = 0
  /** Of the open: in agents' own queues. */
  bound = 0
  /** Of the open: not to be tried yet. */
  scheduled = 0
  /** Of the open: waiting for other tasks. */
  blocked = 0
  /** Open tasks of other queues that it serves, because they moved here; they count as those' own. */
  guests = 0
  /** Nothing of it is given out; what runs goes on. */
  paused = false
  /** Tasks that it serves, its own or moved here: in a slot, offered or running, or bound. */
  inHand = 0
  /** Paused, or as much in hand as it may have: its classes have no heads. `syncQueue` writes it. */
  held = false
  /** Of the tasks that it serves. */
  readonly classes: ClassState[] = []
  /** Tasks that wait here by what they asked for; at 0 those that are timed one by one. */
  readonly ages: (AgeList | null)[] = [null, null, null, null, null, null]
  /** Tasks whose SLA was judged by the clock of assignments, and of completions. */
  slaKept = 0
  slaMissed = 0
  slaCompletedKept = 0
  slaCompletedMissed = 0
  /** Who chooses for its tasks that say nothing of it; the default's unless it has its own. */
  strategyIndex = -1
  hasOwnStrategy = false
  /** Who decides beside it; -1 for nobody. */
  shadowIndex = -1
  /** Its tasks may be bound to agents without credit. */
  early: boolean

  constructor(name: string, options: QueueOptions, idPrefix: string) {
    this.name = name
    this.options = options
    this.idPrefix = idPrefix
    this.early = options.binding === 'early'
  }

  get waiting(): number {
    return this.open - this.running - this.bound - this.scheduled - this.blocked
  }
}
