/**
 * The ledger's part that is about promises: when a task may be tried, what it has died of, where it has
 * been, who was asked to stop. Effects tell it, and each is compared with what must be true of it.
 */
import { LIMITS, type QueueOptions } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { AttemptEnd, Note } from '../../src/policy/state.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { holds, type KnownAttempt, type KnownTask, nameOf } from './known.ts'
import type { Ledger } from './ledger.ts'

/** Critical tasks are not asked, and nothing rises so high. */
const CRITICAL = 5
const DIED = ['failed', 'expired', 'dead']

export class PromiseLedger {
  /** Queues that give nothing out. */
  readonly paused = new Set<string>()
  readonly #ledger: Ledger
  /** By `<queue> <id>`: until when it is known that its task has finished. */
  readonly #past = new Map<string, number>()
  /** Put off while they are being accepted: until then. */
  readonly #putOff = new Map<TaskRecord, number>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  get #nowMs(): number {
    return this.#ledger.door.nowMs
  }

  accepted(task: KnownTask): void {
    const { record } = task
    const own = record.extras?.own
    const deadlineMs = own?.deadlineMs ?? record.queue!.options.deadlineMs
    task.readyAtMs = this.#nowMs
    task.deadlineAtMs = this.#nowMs + (deadlineMs || Number.POSITIVE_INFINITY)
    task.untilMs = this.#putOff.get(record) ?? 0
    this.#putOff.delete(record)
    const { graphs } = this.#ledger
    task.isBlocked = graphs.isBlocked(record)
    const isTried = !task.isBlocked && !graphs.isStopped(record)
    const isNow = own === undefined || own.delayMs === 0 || !isTried
    const untilMs = isNow ? 0 : this.#nowMs + own.delayMs
    holds(task.untilMs === untilMs, () => `${nameOf(record)} is put off until ${task.untilMs}`)
    this.#holdsNew(nameOf(record))
  }

  #holdsNew(name: string): void {
    const untilMs = this.#past.get(name) ?? 0
    const isBounded = this.#past.size > this.#ledger.core.options.dedup.count
    holds(isBounded || untilMs <= this.#nowMs, () => `${name} is accepted again before ${untilMs}`)
  }

  /** It was refused because its id is known, although its task is not. */
  knewPast(name: string): void {
    const untilMs = this.#past.get(name) ?? 0
    holds(untilMs > this.#nowMs, () => `${name} is refused as known; it was until ${untilMs}`)
  }

  forgotten(record: TaskRecord): void {
    const { windowSeconds } = this.#ledger.core.options.dedup
    if (record.isNamed) this.#past.set(nameOf(record), record.finishedAtMs + 1_000 * windowSeconds)
  }

  noted(record: TaskRecord, note: Note, detail: string): void {
    const task = this.#ledger.tasks.get(record)
    if (task === undefined) {
      holds(note === 'scheduled', () => `${record.id} is ${note} and was not accepted`)
      this.#putOff.set(record, record.extras!.phase!.dueMs)
      return
    }
    const what = () => `${nameOf(record)} is ${note} (${detail}) at ${this.#nowMs}`
    holds(task.outcome === null, what)
    if (note === 'scheduled') this.#scheduled(task, detail, what)
    else if (detail === 'parents') this.#released(task, what)
    else if (note === 'ready') this.#ready(task, what)
    else if (note === 'moved') this.#moved(task, detail, what)
    else holds(task.attempt === null || note !== 'boosted', what)
    if (note === 'boosted') holds(record.level < CRITICAL && record.level > record.baseLevel, what)
    if (note !== 'breached') return
    holds(!task.isBreached, what)
    task.isBreached = true
  }

  #scheduled(task: KnownTask, detail: string, what: () => string): void {
    const { record } = task
    const { retryDelayMs, retryDelayMaxMs, exponentialBackoff, retryJitter } = optionsOf(record)
    const base = record.extras!.own.retryDelayMs ?? retryDelayMs
    const grown = exponentialBackoff ? base * 2 ** (task.failures - 1) : base
    const isDelay = detail === 'delay'
    const most = isDelay ? record.extras!.own.delayMs : Math.min(grown, retryDelayMaxMs)
    const delayMs = record.extras!.phase!.dueMs - this.#nowMs
    const isRight =
      retryJitter === 'full' && !isDelay ? delayMs <= most && delayMs > 0 : delayMs === most
    holds(isRight && task.attempt === null, () => `${what()} for ${delayMs} ms of ${most}`)
    task.untilMs = this.#nowMs + delayMs
  }

  /** The last of its parents is final. */
  #released(task: KnownTask, what: () => string): void {
    holds(task.isBlocked && !this.#ledger.graphs.isBlocked(task.record), what)
    task.isBlocked = false
    task.readyAtMs = this.#nowMs
  }

  #ready(task: KnownTask, what: () => string): void {
    const { untilMs } = task
    const isDue = untilMs > 0 && this.#nowMs >= untilMs && this.#ledger.door.name === 'tick'
    holds(isDue, () => `${what()}, by ${this.#ledger.door.name}, until ${untilMs}`)
    task.untilMs = 0
    task.readyAtMs = this.#nowMs
  }

  #moved(task: KnownTask, detail: string, what: () => string): void {
    const [why, queue] = detail.split(': ')
    holds(task.attempt === null, what)
    const isRule = why === 'rule'
    if (isRule) this.#ledger.graphs.moved(task.record, queue, what)
    holds(isRule || (!task.went.includes(queue) && task.servedBy !== queue), what)
    holds(isRule || task.went.length < LIMITS.movesMax, what)
    holds(
      task.letters === (why === 'dead_letter' ? 1 : 0),
      () => `${what()}: ${task.letters} letters`,
    )
    this.#ledger.graphs.movedOn(task.record)
    task.went.push(task.servedBy)
    if (isRule) Object.assign(task, { isEscalated: false, isBreached: false })
    if (isRule) task.went.length = 0
    if (why === 'escalation') task.isEscalated = true
    task.isBlocked = false
    Object.assign(task, { servedBy: queue, letters: 0, failures: 0, losses: 0, untilMs: 0 })
    Object.assign(task, { offer: null, bound: null, checkpoint: '', readyAtMs: this.#nowMs })
    const at = task.lane.indexOf(task)
    if (at >= 0) task.lane.splice(at, 1)
    task.wasStarted = true
  }

  deadLetter(record: TaskRecord, name: string): void {
    const task = this.#ledger.taskOf(record)
    const { deadLetterQueue } = optionsOf(record)
    holds(task.outcome === null && task.attempt === null, () => `${record.id} has a dead letter`)
    holds(name === (deadLetterQueue || task.servedBy), () => `${record.id} has a letter of ${name}`)
    task.letters++
  }

  preempt(record: TaskRecord, state: AgentState): void {
    const task = this.#ledger.taskOf(record)
    const what = () => `${nameOf(record)} is asked to stop, ${task.preemptions} times before`
    const { attempt } = task
    holds(attempt?.agent.state === state && attempt.agent.spec.preemptible, what)
    holds(record.baseLevel < CRITICAL && task.asked !== attempt!.counter, what)
    holds(task.preemptions < optionsOf(record).preemptionsMax, what)
    task.asked = attempt!.counter
  }

  /** It comes out of its lane. */
  goesOut(task: KnownTask): void {
    const { record, servedBy, untilMs } = task
    const what = () => `${nameOf(record)}, served by ${servedBy}, is given out`
    holds(record.cls!.queue.name === servedBy, () => `${what()} for ${record.cls!.queue.name}`)
    holds(untilMs === 0, () => `${what()} and was put off until ${untilMs}`)
    holds(!this.paused.has(servedBy), () => `${what()}, which is paused`)
    const { concurrency } = optionsOf(record)
    if (concurrency === 0 || task.bound !== null) return
    const others = [...this.#ledger.tasks.values()].filter((one) => {
      return one !== task && one.servedBy === servedBy && (one.offer || one.attempt || one.bound)
    }).length
    holds(others < concurrency, () => `${what()} beside ${others}, of ${concurrency}`)
  }

  ended(task: KnownTask, { counter }: KnownAttempt, how: AttemptEnd): void {
    task.readyAtMs = this.#nowMs
    if (how !== 'preempted') return
    holds(task.asked === counter, () => `${nameOf(task.record)} stopped and was not asked to`)
    task.preemptions++
  }

  outcome(task: KnownTask, state: string): void {
    const { record, letters } = task
    const isNone = this.#ledger.graphs.isPart(record) || record.code === 'parent_failed'
    const expected = DIED.includes(state) && !isNone ? 1 : 0
    holds(letters === expected, () => `${nameOf(record)} is ${state}, with ${letters} letters`)
    if (state !== 'expired') return
    const isDue = record.code === 'ttl_expired' ? ttlOf(task) : task.deadlineAtMs
    holds(this.#ledger.door.name === 'tick' && this.#nowMs >= isDue, () => {
      return `${nameOf(record)} is expired (${record.code}) at ${this.#nowMs}, due at ${isDue}`
    })
  }

  /** @returns what a tick that says that it is done has left undone. */
  overdue(): string | null {
    const nowMs = this.#nowMs
    for (const task of this.#ledger.tasks.values()) {
      if (task.outcome !== null) continue
      const { record, untilMs, deadlineAtMs } = task
      const waits = task.attempt === null && untilMs === 0 && !task.isBlocked
      const isLate = (untilMs > 0 && untilMs <= nowMs) || deadlineAtMs <= nowMs
      if (isLate || (waits && ttlOf(task) <= nowMs)) {
        return `${nameOf(record)} is open at ${nowMs}: ${untilMs}, ${deadlineAtMs}, ${ttlOf(task)}`
      }
    }
    return null
  }
}

/** Of the queue that serves it. */
function optionsOf(record: TaskRecord): QueueOptions {
  return record.cls!.queue.options
}

/** When it has waited for too long. */
function ttlOf({ record, isEscalated, readyAtMs }: KnownTask): number {
  const ttlMs = record.extras?.own.ttlMs ?? optionsOf(record).ttlMs
  return isEscalated || ttlMs === 0 ? Number.POSITIVE_INFINITY : readyAtMs + ttlMs
}
