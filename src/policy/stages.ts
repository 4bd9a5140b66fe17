/**
 * Stages: a task whose result is followed by a rule goes on in another queue, or ends there as a dead
 * letter. The rule is looked up outside, where results are read; here it is done. Front-end thread.
 *
 *   RUNNING ──succeeded, with a next stage──► WAITING in that queue, its result kept as an input
 *                     └── a rule that says so ──► dead letter
 *
 * Invariant: it stays the task that it was, with one outcome; each stage that it has left says who did
 * it, in how many attempts, where it failed on the way, and what came of it. Promises are each stage's
 * own.
 */
import { LIMITS, type NextStage } from '../options.ts'
import { giveUp } from './dead-letter.ts'
import { extrasOf } from './extras.ts'
import { endStagePromise } from './kept-promises.ts'
import { destinationOf, move } from './moves.ts'
import type { PolicyState } from './state.ts'
import { finish } from './take-out.ts'
import { COMPLETED, FAILED, type TaskRecord, WAITING } from './task-record.ts'
import { isPart } from './twins.ts'
import { endWait, slaOf } from './waits.ts'

/** A stage that a task has left by a rule. */
export class Stage {
  readonly queue: string
  /** '' of one that several have decided. */
  readonly agentId: string
  readonly rule: number
  readonly level: number
  /** In this stage alone. */
  readonly attempts: number
  readonly failedDestinations: readonly string[]
  /** 0, both of them, of one that several have decided: it was never tried by itself. */
  readonly readyAtMs: number
  readonly startedAtMs: number
  readonly finishedAtMs: number
  readonly resultBytes: number
  /** The front end's: the result in its arena; -1 without. */
  result = -1

  constructor(record: TaskRecord, rule: number, nowMs: number) {
    const { stages, failedDestinations } = extrasOf(record)
    this.queue = record.cls!.queue.name
    this.agentId = record.agentId ?? ''
    this.rule = rule
    this.level = record.baseLevel
    this.attempts = record.attempts - stages.reduce((sum, { attempts }) => sum + attempts, 0)
    this.failedDestinations = failedDestinations
    this.readyAtMs = record.readyAtMs
    this.startedAtMs = record.startedAtMs
    this.finishedAtMs = nowMs
    this.resultBytes = record.resultBytes
  }
}

/**
 * It has succeeded, and is in no list: that is its outcome, or a rule says what follows. What is a part
 * of another task goes nowhere by itself.
 */
export function succeedBy(
  core: PolicyState,
  record: TaskRecord,
  next: NextStage | null,
  nowMs: number,
): void {
  record.code = null
  if (next === null || isPart(record)) finish(core, record, COMPLETED, nowMs)
  else advance(core, record, next, nowMs)
}

function advance(core: PolicyState, record: TaskRecord, next: NextStage, nowMs: number): void {
  const stage = new Stage(record, next.rule, nowMs)
  const extras = extrasOf(record)
  extras.stages = [...extras.stages, stage]
  core.effects.advanced(record, stage)
  record.resultBytes = -1
  if (next.then === 'dead') {
    stop(core, record, next.code, next.message, nowMs)
    return
  }
  if (extras.stages.length > LIMITS.stagesMax) {
    const message = `It went through ${LIMITS.stagesMax} stages: does a rule send it round?`
    stop(core, record, 'too_many_stages', message, nowMs)
    return
  }
  const cls = destinationOf(core, record, next.queue)
  if (typeof cls === 'string') {
    const message = `Its rule sends it to queue "${next.queue}", which cannot take it (${cls}).`
    stop(core, record, cls, message, nowMs)
    return
  }
  core.counters.advanced++
  endStagePromise(core, record, slaOf(record), nowMs)
  // It may be waiting to be tried again, by its level until now, when its second attempt succeeds.
  record.state = WAITING
  endWait(core, record, nowMs)
  const { options } = cls.queue
  const isOwn = next.level > 0 && options.type !== 'fifo'
  record.baseLevel = isOwn ? next.level : options.priority
  record.level = record.baseLevel
  record.pendingLevel = 0
  extras.promisedBy = cls.queue
  extras.releasedAtMs = nowMs
  extras.shedsTtl = false
  move(core, record, cls, 'rule', nowMs)
}

function stop(
  core: PolicyState,
  record: TaskRecord,
  code: string,
  message: string,
  nowMs: number,
): void {
  record.code = code
  record.message = message
  record.retryable = false
  giveUp(core, record, FAILED, nowMs)
}
