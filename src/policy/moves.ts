/**
 * A task goes on in another queue: escalated, where its dead letters go, or by a rule. Front-end thread.
 *
 * Invariant: it stays the task that it was. Its id, its bounds and its counts are those of its home
 * (`record.queue`); who serves it, by which time-outs, retries and ages, is its class's
 * (`record.cls.queue`). Within a stage it never comes to a queue that it was moved away from, and
 * moves at most `movesMax` times, so that no route goes round.
 */
import type { ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { classOf } from './class-of.ts'
import type { ClassState } from './classes.ts'
import { AtHome, extrasOf, NOTHING } from './extras.ts'
import { queueOf } from './find-queue.ts'
import { putBack } from './matching.ts'
import type { PolicyState } from './state.ts'
import { takeOut } from './take-out.ts'
import { RUNNING, type TaskRecord, WAITING } from './task-record.ts'
import { dropTwin, isPart } from './twins.ts'
import { endWait } from './waits.ts'

/** Nothing is required of agents of the other queue: they are another kind of help. */
const NOTHING_REQUIRED: readonly string[] = []
const NOWHERE: readonly string[] = []

/** @returns whether the task was not in that queue yet and has moves left. */
export function mayMove({ cls, extras }: TaskRecord, name: string): boolean {
  if (cls!.queue.name === name) return false
  if (extras === null) return true
  const { failedDestinations } = extras
  return failedDestinations.length < LIMITS.movesMax && !failedDestinations.includes(name)
}

/**
 * @param isNamed the queue comes into being even where queues are strict.
 * @returns the class that the task would have in that queue; or why there is none.
 */
export function destinationOf(
  core: PolicyState,
  record: TaskRecord,
  name: string,
  isNamed = false,
): ClassState | ErrorCode {
  const queue = queueOf(core, name, isNamed)
  if (typeof queue === 'string') return queue
  return classOf(core, queue, {
    requires: NOTHING_REQUIRED,
    routing: { type: record.type, strategy: null, match: null, prefers: NOTHING_REQUIRED },
    level: record.baseLevel,
  })
}

/** The record is in no list and has no attempt. @param cls from `destinationOf`. */
export function move(
  core: PolicyState,
  record: TaskRecord,
  cls: ClassState,
  why: 'escalation' | 'dead_letter' | 'rule',
  nowMs: number,
): void {
  const from = record.cls!.queue
  const { options, name } = cls.queue
  record.state = WAITING
  endWait(core, record, nowMs)
  const extras = extrasOf(record)
  if (extras.twin !== null) dropTwin(core, record, nowMs)
  extras.home ??= from
  extras.atHome ??= new AtHome(record, extras)
  // Nothing failed where a rule sends it on.
  extras.failedDestinations = why === 'rule' ? NOWHERE : [...extras.failedDestinations, from.name]
  // Others may have it there than here.
  extras.apart = null
  const { deadlineMs, delayMs } = extras.own
  // When it was to be tried first stays, and its deadline.
  extras.own = { ...NOTHING, deadlineMs, delayMs }
  extras.checkpoint = null
  if (from !== extras.home) from.guests--
  if (cls.queue !== extras.home) cls.queue.guests++
  record.enter(cls)
  record.timeoutMs = options.timeoutMs
  record.retryCount = options.retryCount
  record.failures = 0
  record.losses = 0
  record.agentId = null
  core.counters.moved++
  core.effects.noted(record, 'moved', `${why}: ${name}`)
  putBack(core, record, nowMs)
}

/** @returns whether the queue that serves it has supervisors, who did not have it yet. */
export function mayEscalate(record: TaskRecord): boolean {
  const { escalateTo, escalateToAgent } = record.cls!.queue.options
  const name = escalateTo || escalateToAgent
  return name !== '' && !isPart(record) && mayMove(record, name)
}

/**
 * To the supervisors of the queue that serves it, where it does not expire by waiting any more.
 * @returns false when there are none, when it was there already, and while an agent works on it: what
 *   is being done is not taken away.
 */
export function escalate(core: PolicyState, record: TaskRecord, nowMs: number): boolean {
  if (record.state === RUNNING && record.attempt !== null) return false
  if (!mayEscalate(record)) return false
  const { escalateTo, escalateToAgent } = record.cls!.queue.options
  const name = escalateTo || escalateToAgent
  const cls = destinationOf(core, record, name, escalateTo === '')
  if (typeof cls === 'string') return false
  if (record.state !== RUNNING) takeOut(core, record, 'cancelled', nowMs)
  extrasOf(record).shedsTtl = true
  move(core, record, cls, 'escalation', nowMs)
  return true
}
