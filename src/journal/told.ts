/**
 * What events say of tasks and attempts, read and compared with what has come of them. Any thread.
 */
import {
  isFinal,
  type OwnPromises,
  type RecordState,
  stateName,
  type TaskRecord,
} from '../policy/task-record.ts'
import type { TaskAfter, TaskRouting } from '../task.ts'
import type { Replayer } from './replayer.ts'
import { blankTask } from './state-classes.ts'
import { promisesOf, routingOf, split } from './texts.ts'

const STATES = ['waiting', 'offered', 'running']

/** A task as it was handed in, and what it was when it had been. */
export interface Told {
  readonly seq: number
  readonly queue: string
  readonly level: number
  readonly requires: readonly string[]
  readonly timeoutMs: number
  readonly retryCount: number
  readonly payloadBytes: number
  readonly givenTimeoutMs: number
  readonly givenRetryCount: number
  readonly routing: TaskRouting | null
  readonly keyHash: number
  readonly givenLevel: number
  readonly own: OwnPromises | null
  readonly isMadeUp: boolean
  readonly id: string
}

export function taskTold(replayer: Replayer): Told {
  const { reader } = replayer
  const told = {
    seq: reader.wide(),
    queue: reader.string(),
    level: reader.int(),
    requires: split(reader.string()),
    timeoutMs: reader.ms(),
    retryCount: reader.int(),
    payloadBytes: reader.int(),
    givenTimeoutMs: reader.ms(),
    givenRetryCount: reader.int(),
    routing: routingOf(reader.string()),
    keyHash: reader.int(),
    givenLevel: reader.int(),
    own: promisesOf(reader.string()),
    isMadeUp: reader.bool(),
    id: reader.text(),
  }
  if (told.givenRetryCount < -1) reader.broken('has an impossible retry count')
  const { givenLevel } = told
  if (givenLevel < 0 || givenLevel > 5) replayer.mismatch('givenLevel', '0 to 5', givenLevel)
  return told
}

export function taskOfTold(told: Told, after: TaskAfter | null): TaskRecord {
  const { givenTimeoutMs, givenRetryCount, requires, routing, own } = told
  const record = blankTask(told.isMadeUp ? '' : told.id, told.queue, {
    level: told.givenLevel,
    requires,
    timeoutMs: givenTimeoutMs < 0 ? null : givenTimeoutMs,
    retryCount: givenRetryCount < 0 ? null : givenRetryCount,
    routing,
    own,
    after,
  })
  record.keyHash = told.keyHash
  // The payload's bytes are in no journal, only their number.
  ;(record as { payloadBytes: number }).payloadBytes = told.payloadBytes
  return record
}

export function sameTask(replayer: Replayer, told: Told, record: TaskRecord): void {
  replayer.same('level', told.level, record.level)
  replayer.same('timeoutMs', told.timeoutMs, record.timeoutMs)
  replayer.same('retryCount', told.retryCount, record.retryCount)
  replayer.same('id', told.id, record.id)
}

/** It was accepted. */
export function entered(replayer: Replayer, { seq }: Told, record: TaskRecord): void {
  replayer.same('task', seq, record.seq)
  replayer.tasks.set(seq, record)
}

/** How many wides follow. */
export function countOf({ reader }: Replayer): number {
  const count = reader.int()
  if (count < 0 || count > reader.leftWords >> 1) reader.broken('counts more than it has')
  return count
}

/** Where the task is by now. `slot` is -1 when it runs nowhere. */
export interface Begun {
  agent: number
  slot: number
  generation: number
  counter: number
  dispatchSeq: number
}

export function attemptIn({ reader }: Replayer): Begun {
  return {
    agent: reader.int(),
    slot: reader.int(),
    generation: reader.int(),
    counter: reader.wide(),
    dispatchSeq: reader.int(),
  }
}

export function sameAttempt(replayer: Replayer, next: Begun, { attempt }: TaskRecord): void {
  replayer.same('agent', next.agent, attempt?.agent?.index ?? -1)
  if (attempt === null) return
  replayer.same('newSlot', next.slot, attempt.slot)
  replayer.same('generation', next.generation, attempt.generation)
  replayer.same('counter', next.counter, attempt.counter)
  replayer.same('dispatchSeq', next.dispatchSeq, attempt.dispatchSeq)
}

/** Reads task and slot. @param isAll the record has no further fields. */
export function taskIn(replayer: Replayer, state: RecordState, isAll = true): TaskRecord {
  const { reader } = replayer
  const seq = reader.wide()
  const slot = reader.int()
  if (isAll) reader.close()
  const record = taskOf(replayer, seq)
  if (record.state !== state) {
    const found = isFinal(record.state) ? stateName(record.state) : STATES[record.state]
    replayer.mismatch('the task', STATES[state], found)
  }
  replayer.same('slot', slot, record.attempt!.slot)
  return record
}

export function taskOf(replayer: Replayer, seq: number): TaskRecord {
  return replayer.tasks.get(seq) ?? noTask(replayer, seq)
}

export function noTask(replayer: Replayer, seq: number): never {
  replayer.mismatch('task', seq, 'no task of that number')
}
