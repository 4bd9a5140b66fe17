/**
 * One queue: its options, who chooses for it now, its tasks by id, and how much of its bounds is used.
 */
import type { QueueOptions } from '../options.ts'
import type { TaskRecord } from './task-record.ts'

export class QueueState {
  readonly name: string
  readonly options: QueueOptions
  /** Of the ids that are made up. */
  readonly idPrefix: string
  /** Open and kept tasks whose id was given by a user; `TaskIndex` writes it. */
  readonly named = new Map<string, TaskRecord>()
  open = 0
  openBytes = 0
  running = 0
  /** Of the open: in agents' own queues. */
  bound = 0
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
    return this.open - this.running - this.bound
  }
}
