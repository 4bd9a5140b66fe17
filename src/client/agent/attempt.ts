/**
 * One attempt in an agent's hands, from the arrival of its work until nothing is owed to it any more.
 *
 *   arrival ──► QUEUED ──► RUNNING ──► UNSENT ──► KEPT ──► OVER
 *                 └─ cancelled ─────────► │ ◄─ repeated ┘    ▲
 *                                         └─ plain form ─────┘
 *
 * QUEUED waits for a place; RUNNING has its handler; UNSENT has a result that has not left, since the
 * connection is away; KEPT has one that has left and is not acknowledged. In the plain form nothing
 * is acknowledged, and what has left is over.
 *
 * Invariant: an attempt stands in its scheduler's table in every state but OVER, so that work that
 * comes again is known.
 */
import type { AgentTask, AttemptResult } from '../../agent-task.ts'
import type { AttemptInputs } from './agent-inputs.ts'
import type { SchedulerWork } from './scheduler-work.ts'

export const ATTEMPT = { queued: 0, running: 1, unsent: 2, kept: 3, over: 4 } as const
export type AttemptState = (typeof ATTEMPT)[keyof typeof ATTEMPT]

export class Attempt {
  readonly scheduler: SchedulerWork
  readonly slot: number
  readonly counter: number
  readonly seq: number
  /** Where a plain result goes; '' for one in frames. */
  readonly reply: string
  state: AttemptState = ATTEMPT.queued
  /** What the handler is given; null when it has ended, since the result may be kept for long. */
  task: AgentTask | null = null
  /** What it may read; null for nearly all. */
  inputs: AttemptInputs | null = null
  /** Its result, which nobody else writes into; null until there is one. */
  result: AttemptResult | null = null
  /** `nowUs` of the arrival of its work, the last time if it was repeated. */
  receivedUs: number
  /** `nowUs` of the handler's start, while it runs. */
  startedUs = 0
  /** What the handler took. */
  workUs = 0
  /** After how many beats its result was last told. */
  toldAtBeat = 0

  constructor(
    scheduler: SchedulerWork,
    slot: number,
    counter: number,
    seq: number,
    reply: string,
    receivedUs: number,
  ) {
    this.scheduler = scheduler
    this.slot = slot
    this.counter = counter
    this.seq = seq
    this.reply = reply
    this.receivedUs = receivedUs
  }

  /** Neither result nor acknowledgement is to come for it: what a beat reports. */
  get isInHand(): boolean {
    return this.state < ATTEMPT.kept
  }
}
