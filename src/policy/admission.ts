/** Admission: a received task gets its queue, its class, its bounds checked, and its lane. */
import type { ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { type Asking, classOf } from './class-of.ts'
import type { ClassState } from './classes.ts'
import { syncHead } from './groups.ts'
import { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { type TaskRecord, WAITING } from './task-record.ts'

/** Why a task was not admitted; for a duplicate id, the record that has it. */
export interface Refusal {
  code: ErrorCode | 'duplicate'
  message: string
  first?: TaskRecord
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
  const bounds = queue.options
  if (queue.open >= bounds.tasksMax || queue.openBytes + record.payloadBytes > bounds.bytesMax) {
    return {
      code: 'queue_full',
      message:
        `Queue "${queue.name}" is full: ${queue.open} of ${bounds.tasksMax} tasks, ` +
        `${queue.openBytes} of ${bounds.bytesMax} bytes. Submit again when some have finished.`,
    }
  }
  const cls = classOf(core, queue, record)
  if (typeof cls === 'string') return classRefusal(core, cls, record)
  enter(core, record, queue, cls, nowMs)
  return null
}

/** @returns the queue, made on first use unless queues are strict; or why not. */
export function queueOf(core: PolicyState, name: string): QueueState | ErrorCode {
  const known = core.queues.get(name)
  if (known !== undefined) return known
  const configured = Object.hasOwn(core.options.queues, name)
    ? core.options.queues[name]
    : undefined
  if (configured === undefined && core.options.strictQueues) return 'queue_unknown'
  if (core.queues.size >= LIMITS.queuesMax) return 'too_many_queues'
  const { queueDefaults, strategyIndex } = core.options
  const options = configured ?? queueDefaults
  const queue = new QueueState(name, options, core.index.prefix)
  queue.hasOwnStrategy = options.strategy !== queueDefaults.strategy
  queue.strategyIndex = queue.hasOwnStrategy
    ? strategyIndex(options.strategy)
    : core.defaultStrategy
  if (options.shadow !== '') queue.shadowIndex = strategyIndex(options.shadow)
  core.queues.set(name, queue)
  return queue
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
    // Ends: a queue has finitely many names.
    while (core.index.isTaken(record.seq, queue)) record.seq = core.nextSeq++
  }
  if (record.timeoutMs < 0) record.timeoutMs = queue.options.timeoutMs
  if (record.retryCount < 0) record.retryCount = queue.options.retryCount
  record.acceptedAtMs = nowMs
  core.index.add(record, queue)
  queue.open++
  queue.openBytes += record.payloadBytes
  core.counters.accepted++
  record.state = WAITING
  cls.laneOf(record).enqueue(record)
  addWaiting(core, cls)
  syncHead(core, cls)
}

export function addWaiting(core: PolicyState, cls: ClassState): void {
  cls.waiting++
  cls.group.waiting++
  if (cls.activeAt >= 0) return
  cls.activeAt = core.active.length
  core.active.push(cls)
}

export function removeWaiting(core: PolicyState, cls: ClassState): void {
  cls.group.waiting--
  if (--cls.waiting > 0) return
  const last = core.active.pop()!
  if (last !== cls) {
    core.active[cls.activeAt] = last
    last.activeAt = cls.activeAt
  }
  cls.activeAt = -1
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
