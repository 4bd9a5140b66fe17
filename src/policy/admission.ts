/**
 * Admission: a received task gets its queue, its class, its bounds checked, and its lane, or its time
 * where it is delayed. Front-end thread.
 *
 * Invariant: an id is admitted once while its task is open or kept, and for the window after.
 */
import type { ErrorCode } from '../errors.ts'
import { type Asking, classOf } from './class-of.ts'
import type { ClassState } from './classes.ts'
import { armDeadline } from './deadlines.ts'
import { findPast, isPastNumber, type Past } from './dedup.ts'
import { schedule } from './delays.ts'
import { queueOf } from './find-queue.ts'
import { putBack } from './matching.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

/** Why a task was not admitted. */
export interface Refusal {
  code: ErrorCode | 'duplicate'
  message: string
  /** Of a duplicate: the record that has the id; or, where it is forgotten already, what became of it. */
  first?: TaskRecord
  past?: Past
}

export function admit(core: PolicyState, record: TaskRecord, nowMs: number): Refusal | null {
  const queue = queueOf(core, record.queueName)
  if (!(queue instanceof Object)) return queueRefusal(queue, record.queueName)
  const { givenId } = record
  const first = givenId === '' ? undefined : core.index.find(givenId, queue)
  if (first !== undefined) {
    core.counters.duplicates++
    return { code: 'duplicate', message: '', first }
  }
  const past = givenId === '' ? null : findPast(core, queue.name, givenId, nowMs)
  if (past !== null) {
    core.counters.duplicates++
    return { code: 'duplicate', message: '', past }
  }
  const bounds = queue.options
  if (queue.open >= bounds.tasksMax || queue.openBytes + record.payloadBytes > bounds.bytesMax) {
    return {
      code: 'queue_full',
      message:
        `Queue "${queue.name}" is full: ${queue.open} of ${bounds.tasksMax} tasks, ` +
        `${queue.openBytes} of ${bounds.bytesMax} bytes. Submit again when some have finished.`,
    }
  }
  if (record.level === 0 || bounds.type === 'fifo') {
    record.level = bounds.priority
    record.baseLevel = bounds.priority
  }
  const cls = classOf(core, queue, record)
  if (typeof cls === 'string') return classRefusal(core, cls, record)
  enter(core, record, queue, cls, nowMs)
  return null
}

function enter(
  core: PolicyState,
  record: TaskRecord,
  queue: QueueState,
  cls: ClassState,
  nowMs: number,
): void {
  record.enter(cls)
  record.seq = core.nextSeq++
  if (!record.isNamed) {
    // Ends: a queue has finitely many names, those that are past included.
    while (
      core.index.isTaken(record.seq, queue) ||
      isPastNumber(core, queue.name, record.seq, nowMs)
    ) {
      record.seq = core.nextSeq++
    }
  }
  if (record.timeoutMs < 0) record.timeoutMs = queue.options.timeoutMs
  if (record.retryCount < 0) record.retryCount = queue.options.retryCount
  record.acceptedAtMs = nowMs
  core.index.add(record, queue)
  queue.open++
  queue.openBytes += record.payloadBytes
  core.counters.accepted++
  armDeadline(core, record)
  const delayMs = record.extras === null ? 0 : record.extras.own.delayMs
  if (delayMs > 0) {
    schedule(core, record, delayMs, 'delay', nowMs)
    return
  }
  putBack(core, record, nowMs)
}

/** @param code why there is no class. */
export function classRefusal(core: PolicyState, code: ErrorCode, { routing }: Asking): Refusal {
  const message =
    code === 'bad_option'
      ? `There is no strategy "${routing?.strategy}" here: \`signalbox strategy list\` shows those there are.`
      : `There are ${core.options.classesMax} different sets of requirements, types and strategies ` +
        'already; use one of the known sets.'
  return { code, message }
}

export function queueRefusal(code: ErrorCode, name: string): Refusal {
  const message =
    code === 'queue_unknown'
      ? `There is no queue "${name}" here: configure it, or check the name.`
      : 'There are as many queues as there may be: use one of the known ones.'
  return { code, message }
}
