/** What must hold of waits and armed times in a policy core between any two events. */
import { READY } from '../../src/policy/due-heap.ts'
import type { QueueState } from '../../src/policy/queues.ts'
import {
  BOUND,
  isFinal,
  OFFERED,
  PARKED,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { equal, holds } from './claims.ts'
import type { Policy } from './support.ts'

const WAITS: readonly number[] = [WAITING, OFFERED, BOUND, PARKED]

/** What a queue counts of the tasks that it serves, and where they stand while they wait. */
export function checkServing(
  { core, nowMs }: Policy,
  records: readonly TaskRecord[],
  queue: QueueState,
): void {
  const { name, options } = queue
  const served = records.filter(({ cls }) => cls!.queue === queue)
  const isIn = (...states: number[]) => served.filter(({ state }) => states.includes(state))
  const guests = served.filter((record) => record.queue !== queue && !isFinal(record.state))
  equal(queue.guests, guests.length, `${name}: guests`)
  equal(queue.inHand, isIn(OFFERED, RUNNING, BOUND).length, `${name}: in hand`)
  const isFull = options.concurrency > 0 && queue.inHand >= options.concurrency
  equal(queue.held, queue.paused || isFull, `${name}: held`)
  equal(queue.classes.length, core.classes.filter((cls) => cls.queue === queue).length, name)
  let waiting = 0
  for (const [level, list] of queue.ages.entries()) {
    if (list === null) continue
    const waits: TaskRecord[] = []
    for (let record = list.head; record !== null; record = record.ageNext) {
      equal(record.agePrev, waits.at(-1) ?? null, `${record.id}: broken link of ages`)
      holds(record.readyAtMs >= (waits.at(-1)?.readyAtMs ?? 0), `${record.id}: age out of order`)
      holds(WAITS.includes(record.state), `${record.id} does not wait`)
      holds(level === 0 || record.baseLevel === level, `${record.id}: ages as level ${level}`)
      holds(record.level >= record.baseLevel, `${record.id}: below its own level`)
      if (level === 0) checkAlone(core, record)
      waits.push(record)
    }
    equal(list.tail, waits.at(-1) ?? null, `${name}: tail of ages ${level}`)
    waiting += waits.length
    for (const [i, { ageMs }] of list.steps.entries()) {
      const at = list.cursors[i] === null ? waits.length : waits.indexOf(list.cursors[i])
      holds(at >= 0, `${name}: a cursor stands outside`)
      const early = waits.slice(0, at).find((record) => record.readyAtMs + ageMs > nowMs)
      equal(early, undefined, `${name}: a cursor of ${ageMs} ms has come too far`)
      if (at < waits.length) holds(list.boundMs <= waits[at].readyAtMs + ageMs, `${name}: bound`)
    }
    equal(list.heapAt >= 0, list.boundMs < Infinity, `${name}: ages ${level} in the heap`)
  }
  equal(waiting, isIn(...WAITS).length, `${name}: tasks that age`)
}

function checkAlone(core: Policy['core'], { id, extras, readyAtMs }: TaskRecord): void {
  const { phase } = extras!
  const isArmed = phase !== null && phase.heapAt >= 0
  holds(!isArmed || phase.dueMs > readyAtMs, `${id}: an age before its wait`)
  holds(!isArmed || core.dues.nextDueMs() <= phase.dueMs, `${id}: an age that nobody sees`)
}

/** What is armed for single tasks, and that what is scheduled stands in no list. */
export function checkTimes(
  { core, nowMs }: Policy,
  records: readonly TaskRecord[],
  seen: Set<TaskRecord>,
): void {
  let armed = 0
  for (const record of records) {
    const { id, state, extras } = record
    if (state === SCHEDULED) {
      holds(!seen.has(record), `${id} is scheduled and stands in a list`)
      seen.add(record)
      const { phase } = extras!
      holds(phase !== null && phase.heapAt >= 0 && phase.kind === READY, `${id} will not be ready`)
    }
    if (extras === null) continue
    const { phase, promise, heartbeat, deadline } = extras
    for (const due of [phase, promise, heartbeat, deadline]) {
      if (due === null || due.heapAt < 0) continue
      armed++
      holds(!isFinal(state), `${id} is final, and its time ${due.kind} is armed`)
      equal(due.record, record, `record of a time of ${id}`)
      holds(core.dues.nextDueMs() <= due.dueMs, `${id}: a time that nobody sees`)
    }
    const isBeating = heartbeat !== null && heartbeat.heapAt >= 0
    const { heartbeatTimeoutMs } = record.cls!.queue.options
    const begins = state === RUNNING && !record.attempt!.agent!.claims
    equal(isBeating, begins && heartbeatTimeoutMs > 0, `${id}: heartbeat armed`)
    if (isBeating) {
      const { heardAtMs } = record.attempt!
      holds(heartbeat.dueMs <= heardAtMs + heartbeatTimeoutMs, `${id}: its heartbeat is late`)
    }
    const isLimited = deadline !== null && deadline.heapAt >= 0
    equal(isLimited, deadline !== null && !isFinal(state), `${id}: deadline armed`)
    if (isLimited) holds(deadline.dueMs > nowMs || core.nextTickMs() <= nowMs, `${id}: is late`)
    holds(!extras.preempting || state === RUNNING, `${id} is asked to stop and does not run`)
  }
  equal(core.dues.size, armed, 'armed times of single tasks')
}
