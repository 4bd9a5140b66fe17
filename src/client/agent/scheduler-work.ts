/**
 * What an agent knows of one scheduler, and holds of its work. A scheduler that starts anew has a
 * higher epoch and gets a new one of these; what was held for the older is of no use any more.
 */
import { SCHEDULER_DEFAULTS } from '../../options.ts'
import { AttemptTable } from './attempt-table.ts'
import { HandedBack } from './handed-back.ts'
import type { StampedResultWriter } from './result-writer.ts'

export class SchedulerWork {
  readonly name: string
  readonly epoch: number
  /** Attempts from the arrival of their work until nothing is owed to them. */
  readonly attempts = new AttemptTable()
  readonly handedBack = new HandedBack()
  /** Where results and beats in frames go. */
  readonly framesSubject: string
  /** Whether it and the agent speak in frames. */
  inFrames = false
  /** A newer epoch is known: nobody waits for what is still in work for this one. */
  isReplaced = false
  /** `nowMs` of when it was last heard of, and the lease that it gives. */
  heardMs: number
  leaseMs = SCHEDULER_DEFAULTS.leaseMs
  /** Beats to a lease. */
  beatsPerLease = 3
  /** Counter and number of the last work received; 0 when there was none. */
  seenCounter = 0
  seenSeq = 0
  /** The frame of results that is being filled; made for the first. */
  writer: StampedResultWriter | null = null
  /** Its frame leaves in the next turn. */
  isOpen = false

  constructor(name: string, epoch: number, framesSubject: string, heardMs: number) {
    this.name = name
    this.epoch = epoch
    this.framesSubject = framesSubject
    this.heardMs = heardMs
  }
}
