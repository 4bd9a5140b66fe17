/**
 * Admission: a received task gets its queue, its class, its bounds checked, its parents, and its lane,
 * or its time where it is delayed. Front-end thread.
 *
 * Invariant: an id is admitted once while its task is open or kept, and for the window after.
 */
import type { ErrorCode } from '../errors.ts'
import type { TaskAfter } from '../task.ts'
import { type Asking, classOf } from './class-of.ts'
import type { ClassState } from './classes.ts'
import { armDeadline } from './deadlines.ts'
import { findPast, isPastNumber, type Past } from './dedup.ts'
import { begin, block, hasFailedParent, linkParents } from './dependencies.ts'
import { queueOf } from './find-queue.ts'
import { Links } from './graphs.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { COMPLETED, stateName, type TaskRecord } from './task-record.ts'

/** Why a task was not admitted. */
export interface Refusal {
  code: ErrorCode | 'duplicate'
  message: string
  /** Of a duplicate: the record that has the id; or, where it is forgotten already, what became of it. */
  first?: TaskRecord
  past?: Past
}

export function admit(core: PolicyState, record: TaskRecord, nowMs: number): Refusal | null {
  const place = placeOf(core, record, nowMs)
  if (!isPlace(place)) return counted(core, place)
  const { queue, cls } = place
  const refusal = boundsRefusal(queue, 1, record.payloadBytes)
  if (refusal !== null) return refusal
  const after = record.extras === null ? null : record.extras.after
  if (after === null) {
    enter(core, record, queue, cls, nowMs)
    begin(core, record, nowMs)
    return null
  }
  const parents = parentsOf(core, queue, after, nowMs)
  if (!Array.isArray(parents)) return parents
  enter(core, record, queue, cls, nowMs)
  const names = inputNamesOf(parents)
  linkParents(core, record, new Links(parents, names, after.ids, after.onFailure, false, null, ''))
  record.extras!.after = null
  if (hasFailedParent(record) || !block(record)) begin(core, record, nowMs)
  return null
}

/** Where a record is to go. */
export interface Place {
  readonly queue: QueueState
  readonly cls: ClassState
}

/** What there is already, submitted again, is counted; once for each answer that says so. */
export function counted<Why extends Refusal>(core: PolicyState, refusal: Why): Why {
  if (refusal.code === 'duplicate') core.counters.duplicates++
  return refusal
}

export function isPlace(place: Place | Refusal): place is Place {
  return 'cls' in place
}

/** @returns queue and class of a record, whose level is set; or why there is none. */
export function placeOf(core: PolicyState, record: TaskRecord, nowMs: number): Place | Refusal {
  const queue = queueOf(core, record.queueName)
  if (!(queue instanceof Object)) return queueRefusal(queue, record.queueName)
  const { givenId } = record
  const first = givenId === '' ? undefined : core.index.find(givenId, queue)
  if (first !== undefined) return { code: 'duplicate', message: '', first }
  const past = givenId === '' ? null : findPast(core, queue.name, givenId, nowMs)
  if (past !== null) return { code: 'duplicate', message: '', past }
  if (record.level === 0 || queue.options.type === 'fifo') {
    record.level = queue.options.priority
    record.baseLevel = queue.options.priority
  }
  const cls = classOf(core, queue, record)
  return typeof cls === 'string' ? classRefusal(core, cls, record) : { queue, cls }
}

/** @returns why so many tasks of so many bytes cannot be taken besides those that are open. */
export function boundsRefusal(queue: QueueState, count: number, bytes: number): Refusal | null {
  const { tasksMax, bytesMax } = queue.options
  if (queue.open + count <= tasksMax && queue.openBytes + bytes <= bytesMax) return null
  return {
    code: 'queue_full',
    message:
      `Queue "${queue.name}" is full: ${queue.open} of ${tasksMax} tasks, ` +
      `${queue.openBytes} of ${bytesMax} bytes. Submit again when some have finished.`,
  }
}

/** An open record, in no list yet. */
export function enter(
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
}

/**
 * Tasks by the ids that one names: `id` in its own queue or else anywhere, or `queue/id`. What is
 * forgotten and had completed is no parent any more.
 */
function parentsOf(
  core: PolicyState,
  queue: QueueState,
  { ids }: TaskAfter,
  nowMs: number,
): TaskRecord[] | Refusal {
  // Each once, however often and by whatever name it is said.
  const parents = new Set<TaskRecord>()
  for (const said of ids) {
    const slash = said.indexOf('/')
    const id = said.slice(slash + 1)
    const home = slash < 0 ? queue : core.queues.get(said.slice(0, slash))
    const found =
      (home === undefined ? undefined : core.index.find(id, home)) ??
      (slash < 0 ? core.index.findAnywhere(id, core.queues.values()) : undefined)
    if (found !== undefined) {
      parents.add(found)
      continue
    }
    const past = home === undefined ? null : findPast(core, home.name, id, nowMs)
    if (past?.state !== COMPLETED) return parentRefusal(said, past)
  }
  return [...parents]
}

/** @returns their ids; of parents with one id in several queues, with the queues' names. */
function inputNamesOf(parents: readonly TaskRecord[]): string[] {
  const ids = parents.map(({ id }) => id)
  if (new Set(ids).size === ids.length) return ids
  return parents.map(({ id, queueName }) => {
    return ids.indexOf(id) === ids.lastIndexOf(id) ? id : `${queueName}/${id}`
  })
}

function parentRefusal(said: string, past: Past | null): Refusal {
  const why =
    past === null
      ? 'is neither open nor still kept: submit it first, or together with this one as a flow.'
      : `has ended (${stateName(past.state)}), and is not kept any more.`
  return { code: 'parent_unknown', message: `Task "${said}", which it depends on, ${why}` }
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
