/** Admission: a received task gets its queue, its class, its bounds checked, and its lane. */
import type { ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { ClassState } from './classes.ts'
import { enterGroup, syncHead } from './groups.ts'
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
  const cls = classOf(core, queue, record.requires)
  if (cls === null) {
    return {
      code: 'too_many_classes',
      message:
        `There are ${core.options.classesMax} different sets of required capabilities already; ` +
        'use one of the known sets.',
    }
  }
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
  const queue = new QueueState(name, configured ?? core.options.queueDefaults, core.index.prefix)
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
  record.cls = cls
  // One array for all tasks of the class.
  record.requires = cls.requires
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

/** @returns the interned class, or null when there are as many as there may be. */
function classOf(
  core: PolicyState,
  queue: QueueState,
  requires: readonly string[],
): ClassState | null {
  const key = requires.length === 0 ? queue.name : `${queue.name}|${requires.join(',')}`
  const known = core.classByKey.get(key)
  if (known !== undefined) return known
  if (core.classes.length >= core.options.classesMax) return null
  const strategyIndex = core.options.strategyIndex(queue.options.strategy)
  const cls = new ClassState(core.classes.length, queue, requires, strategyIndex)
  core.classes.push(cls)
  core.classByKey.set(key, cls)
  for (const profile of core.profiles.values()) {
    if (!profile.serves(cls)) continue
    cls.profiles.push(profile)
    profile.classes.push(cls)
    for (const agent of profile.agents)
      core.table.setCandidate(cls.index as never, agent.index as never, true)
  }
  enterGroup(core, cls)
  return cls
}

function queueRefusal(code: ErrorCode, name: string): Refusal {
  const message =
    code === 'queue_unknown'
      ? `There is no queue "${name}" here: configure it, or check the name.`
      : 'There are as many queues as there may be: use one of the known ones.'
  return { code, message }
}
