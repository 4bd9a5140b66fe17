/** One queue: its options, its tasks by id, and how much of its bounds is used. */
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

  constructor(name: string, options: QueueOptions, idPrefix: string) {
    this.name = name
    this.options = options
    this.idPrefix = idPrefix
  }

  get waiting(): number {
    return this.open - this.running
  }
}
