/**
 * Finds what a journal shows of broken promises of queues: waits, delays, time-outs, ages, pauses,
 * limits, moves, dead letters, interruptions. check.ts tells it each record before it goes by it.
 */
// biome-ignore-all format: the checker is held to few lines, so small steps share one
import type { Row } from './decode.ts'
import type { Agent, Task } from './model.ts'

type Find = (kind: 'miscounted' | 'uncaused' | 'untimely', what: string, task: Task) => void
type Told = Row & { task: Task; agent: Agent }
const LEVELS = ['', 'background', 'low', 'normal', 'high', 'critical']
const HIGH = 4, HIGH_DUE_MS = 600_000, CRITICAL = 5
const OWN = ['ttl', 'deadline', 'sla', 'retry', 'delay'], MOVES_MAX = 8
const DIED = [4, 6, 9] // failed, dead, expired
/** How a queue is configured by now, whether it gives out, and what of it is out. */
class Queue {
  options = JSON.parse('{}'); newMs = -1; isPaused = false; isEarly: boolean | undefined
  readonly out = new Set<Task>()
}
export class Promises {
  nowMs = 0; #policy = JSON.parse('{}'); readonly #queues = new Map<string, Queue>()
  readonly #find: Find; #cause: Row = { of: 0, kind: '', n: {}, s: {} }
  constructor(find: Find) { this.#find = find }
  /** Of queues and of tasks whose acceptance was seen; of others nothing is known. */
  take(row: Told): void {
    if (row.of >= 16 && row.of < 64) this.#cause = row
    if (row.n.task === undefined || row.task.s.queue !== undefined) this.#on[row.kind]?.(row)
  }
  /** Its own promises are read, and its deadline stands from now on, wherever it goes. */
  accept({ own, ms, s }: Task): void {
    s.own.split('|').forEach((value, i) => { if (value) own[OWN[i]] = Number(value) })
    const deadline = own.deadline ?? this.queue(s.queue).options.deadlineMs
    ms.accepted = this.nowMs; ms.first = this.nowMs + (own.delay ?? 0)
    ms.deadline = this.nowMs + (deadline || Number.POSITIVE_INFINITY)
  }
  /** A wait begins. Who has risen goes on as that, and nothing that comes later goes before it. */
  wait(task: Task, isFirst: boolean): void {
    const { ms, n, is } = task; ms.ready = this.nowMs
    const risen = n.level > n.base ? this.nowMs : Number.POSITIVE_INFINITY
    task.place = { due: Math.min(this.#dueOf(task), risen), sent: 0, task }
    is.owing ||= task.own.delay > 0 && isFirst
  }
  /** Its queue promises something else. */
  rank(task: Task): void {
    const { place, n } = task, due = this.#dueOf(task)
    place.due = n.level > n.base ? Math.min(place.due, due) : due
  }
  #dueOf(task: Task): number {
    const sla = this.#sla(task)
    const due = Math.min(sla > 0 ? task.ms.first + sla : Number.POSITIVE_INFINITY, task.ms.deadline)
    return Number.isFinite(due) || task.n.base !== HIGH ? due : task.ms.first + HIGH_DUE_MS
  }
  /** Whether an attempt that failed so is repeated; then it is put off, or escalates at once. */
  repeats(task: Task, code: string): boolean {
    const { s, is, own } = task; if (s.queue === undefined) return true
    const { retryOn, escalateOn, retryDelayMs, retryJitter } = this.queue(s.queue).options
    const has = (codes?: string[]) =>
      codes?.includes(code) || (code === 'timeout' && codes?.includes('human_timeout'))
    is.leaving = has(escalateOn) === true
    is.owing = (own.retry ?? retryDelayMs) > 0 && retryJitter !== 'full'
    return !retryOn || has(retryOn) === true
  }
  /** Its queue escalates what ends so. */
  leaves(task: Task, code: string): void { this.repeats(task, code); task.is.owing = false }
  queue(name: string): Queue {
    const known = this.#queues.get(name); if (known) return known
    const { queueDefaults, queues = {} } = this.#policy, queue = new Queue()
    Object.assign(queue.options, queueDefaults, queues[name]); this.#queues.set(name, queue)
    return queue
  }
  readonly #on: Record<string, (told: Told) => unknown> = {
    HEAD: ({ s: { facts } }, about = JSON.parse(facts)) => {
      this.#policy = about.policy
      for (const name in about.configured) this.queue(name).options = about.configured[name]
    },
    TIME: ({ n }) => { this.nowMs = n.ms },
    PAUSE: ({ s }) => { this.queue(s.queue).isPaused = true },
    RESUME: ({ s }) => { this.queue(s.queue).isPaused = false },
    CONFIGURE: ({ s }) => {
      const queue = this.queue(s.queue), options = JSON.parse(s.options), { binding } = options
      if (queue.options.binding !== binding) queue.isEarly = binding === 'early'
      Object.assign(queue, { options, newMs: this.nowMs })
    },
    BINDING: ({ n, s }) => { this.queue(s.queue).isEarly = n.early === 1 },
    OFFER: ({ task }) => this.#goes(task), START: ({ task }) => this.#goes(task, false),
    STEAL: ({ task }) => this.#goes(task, false), ASSIGN: ({ task }) => this.#goes(task),
    HEARD: ({ task }) => { task.ms.heard = this.nowMs },
    BEAT: ({ agent: { n, running }, s: { counters } }) => {
      const told = n.beats === 1 ? counters.split(',') : [] // of others beats say nothing of tasks
      const of = (counter: string) => running.get(Number(counter))?.ms ?? {}
      for (const one of told) Object.assign(of(one), { heard: this.nowMs })
    },
    YIELD: ({ n, task }) => { if (n.agent >= 0) this.#goes(task) },
    RECALL: ({ task, task: { at: { counter, agent: { n, running, isOld, others } } } }) => {
      const can = isOld || (n.recalls && !n.pull && running.size > Math.max(0, n.size - others))
      task.called = counter; if (!can) this.#find('uncaused', 'is called back in its work', task)
    },
    PREEMPT: ({ n, task, task: { count }, agent }, { preemptionsMax: max } = this.#of(task)) => {
      const isWilling = agent.n.preemptible !== 0 && task.n.base < CRITICAL
      const isRight = task.at.counter === n.counter && task.asked !== n.counter && isWilling
      if (!isRight) this.#find('uncaused', 'is asked to stop', task)
      if (count.preempted >= max) this.#find('miscounted', `stops more than ${max} times`, task)
      task.asked = n.counter
    },
    NOTED: (told) => this.#notes[told.s.note]?.(told),
    DEAD_LETTER: ({ s, task }, { deadLetterQueue, ttlMs } = this.#of(task)) => {
      const { own, ms } = task, name = deadLetterQueue || task.s.queue; task.count.letters++
      const isEarly = s.code === 'deadline_expired' && this.nowMs < ms.deadline
      if (isEarly) this.#find('untimely', 'expires before its deadline', task)
      if (s.code === 'ttl_expired') this.#expires(task, this.nowMs - ms.ready, own.ttl ?? ttlMs)
      if (s.name !== name) this.#find('miscounted', `has a dead letter under ${s.name}`, task)
    },
    ENDED: ({ n: told, s: { how }, task }) => {
      const { ms, at } = task, { kind, n } = this.#cause, { nowMs } = this
      const silentMs = nowMs - Math.max(ms.heard, at.sinceMs)
      const { heartbeatTimeoutMs: due } = this.#of(task)
      const isIts = kind === 'YIELD' && n.task === told.task
      const isEarly = how === 'heartbeat_timeout' && (kind !== 'TICK' || !due || silentMs < due)
      if (isEarly) this.#find('untimely', `ends after ${silentMs} ms of silence`, task)
      if (how === 'preempted') task.count.preempted++
      const isRight = isIts && (how === 'recalled' ? task.called : task.asked) === told.counter
      const isBack = how === 'preempted' || how === 'recalled'
      if (isBack && !isRight) this.#find('uncaused', 'stops and was not asked to', task)
    },
    OUTCOME: ({ n: { state }, s: { code }, task }) => {
      const { letters } = task.count, isNone = task.link.isPart || code === 'parent_failed'
      const died = DIED.includes(state) && !isNone ? 1 : 0
      if (letters !== died) this.#find('miscounted', `has ${letters} dead letters at its end`, task)
    },
  }
  readonly #notes: Record<string, (told: Told) => unknown> = {
    scheduled: ({ n, s: { detail }, task }) => {
      const { own, ms: { first }, count: { failures: nth } } = task, o = this.#of(task)
      const base = own.retry ?? o.retryDelayMs, grown = o.exponentialBackoff ? 2 ** (nth - 1) : 1
      const most = detail === 'delay' ? first
        : this.nowMs + Math.min(base * grown, o.retryDelayMaxMs)
      const isFree = detail === 'retry' && o.retryJitter === 'full' && n.until <= most
      const isRight = isFree || n.until === most
      if (!isRight) this.#find('untimely', `is put off until ${n.until} ms`, task)
      task.ms.until = n.until; task.is.owing = false
    },
    ready: ({ task, s: { detail } }) => {
      const { state, ms, own, link } = task, isBlocked = detail === 'parents'
      const isIt = isBlocked ? state === 'blocked' && link.open === 0 && !link.held && task.due.state === 0
        : state === 'scheduled' && this.nowMs >= ms.until
      if (isBlocked) ms.first = this.nowMs + (own.delay ?? 0)
      if (!isIt) this.#find('untimely', 'is ready before its time', task)
    },
    boosted: ({ n: { level, by }, task }) => {
      const { base } = task.n, { boostAfterMs, maxAgeMs } = this.#of(task)
      const waited = this.nowMs - task.ms.ready
      // It may have been due to rise where it was when it moved.
      const hasJustCome = waited === 0 && task.went.length > 0
      const ages = [boostAfterMs[LEVELS[base]], maxAgeMs, 0.8 * this.#sla(task)]
      const isEarly = waited < Math.min(...ages.filter((age) => age > 0)) && !hasJustCome
      const { due } = task.place, isUp = level === task.n.level + 1 && level <= HIGH
      const isDue = by === Math.min(due, this.nowMs) || by === Math.min(due, task.ms.ready)
      const isRight = isUp && isDue && (!isEarly || this.#isNew(task))
      if (!isRight) this.#find('untimely', `is raised to level ${level}`, task)
    },
    warned: ({ task }) => this.#ages(task, 0.8, 'is warned of'),
    breached: ({ task }) => { this.#ages(task, 1, 'is overdue'); task.is.breached = true },
    moved: ({ s: { detail }, task }) => {
      const { went, count, s, is } = task, [why, to] = detail.split(': '), o = this.#of(task)
      const isTold = why !== 'escalation' || is.breached || is.leaving; is.owing = false
      const next = this.#policy.deadLetterMoves[o.deadLetterQueue || s.queue]
      const target = why === 'escalation' ? o.escalateTo || o.escalateToAgent : next
      const isRound = to === s.queue || went.includes(to) || went.length >= MOVES_MAX
      if (why !== 'rule' && (to !== target || !isTold || isRound)) this.#find('uncaused', `moves to ${to}`, task)
      const letters = why === 'dead_letter' ? 1 : 0; is.shed ||= why === 'escalation'
      const has = count.letters
      if (has !== letters) this.#find('miscounted', `moves with ${has} dead letters`, task)
    },
  }
  /** Its queue was configured anew in its wait: what ages meant before is not known any more. */
  #isNew({ s, ms }: Task): boolean { return this.queue(s.queue).newMs >= ms.ready }
  #of({ s }: Task) { return this.queue(s.queue).options }
  #sla({ own, n, s }: Task): number {
    const { slaTargetsMs, slaTargetMs } = this.queue(s.queue).options
    return own.sla ?? slaTargetsMs?.[LEVELS[n.base]] ?? slaTargetMs ?? 0
  }
  /** @param isNew it was not in hand before, as one that is bound is. */
  #goes(task: Task, isNew = true): void {
    const { isPaused, out, options: { concurrency: max } } = this.queue(task.s.queue)
    if (isPaused) this.#find('untimely', 'goes out of a paused queue', task)
    const isFull = isNew && max > 0 && out.size - (out.has(task) ? 1 : 0) >= max
    if (isFull) this.#find('miscounted', `goes out beside ${max} others`, task)
  }
  /** It ends as one that has waited for too long. */
  #expires(task: Task, waited: number, ttl: number): void {
    const { is } = task, sla = this.#sla(task)
    const isTold = is.breached || is.judged || !(sla > 0 && sla <= ttl)
    if (is.shed) this.#find('uncaused', 'expires and has escalated', task)
    const isIn = waited >= ttl && ttl > 0, isNew = this.#isNew(task)
    if (!isIn && !isNew) this.#find('untimely', `expires after ${waited} ms`, task)
    if (!isTold && !isNew) this.#find('uncaused', 'expires before it is overdue', task)
  }
  #ages(task: Task, share: number, what: string): void {
    const { slaClock } = this.#of(task), { first, ready } = task.ms, due = share * this.#sla(task)
    const waited = this.nowMs - (slaClock === 'completed' ? first : ready)
    const isRight = (due > 0 && waited >= due) || this.#isNew(task)
    if (!isRight) this.#find('untimely', `${what} after ${waited} ms`, task)
  }
}
