/** Writes a sound journal event by event, as a scheduler with an empty start would have. */
import type { Report } from '../../src/checker/check.ts'
import { isEvent, reportOf } from './report.ts'
import type { Row } from './rows.ts'
import { POLICY } from './story-policy.ts'

export { reportOf } from './report.ts'
export { LEASE_MS } from './story-policy.ts'

interface Attempt {
  slot: number
  generation: number
  counter: number
  agent: number
  dispatchSeq: number
}

export interface TaskGiven {
  queue?: string
  level?: number
  requires?: string
  retryCount?: number
  timeoutMs?: number
  id?: string
  routing?: string
  own?: string
  /** Numbers of tasks that it names, and what their failure does. */
  parents?: number[]
  onFailure?: string
}

export type Own = { timeoutMs: number; retryCount: number }

interface AgentGiven {
  instance?: string
  queues?: string
  capabilities?: string
  concurrency?: number
  beats?: boolean
  leased?: boolean
  keeps?: boolean
  pull?: boolean
  labels?: string
  preemptible?: boolean
  recalls?: boolean
  claims?: boolean
  declines?: boolean
}

const NOWHERE = { slot: -1, generation: 0, counter: 0, dispatchSeq: 0 }

/** Failed, dead, expired. */
const DIED = [4, 6, 9]

export class Story {
  readonly rows: Row[] = []
  readonly attempts = new Map<number, Attempt>()
  /** Attempts begun and ended, by task; what a loss or a failure is counted in. */
  readonly begun = new Map<number, number>()
  readonly ids = new Map<number, string>()
  /** Who serves a task. */
  readonly queues = new Map<number, string>()
  nowMs = 0
  protected seq = 0
  #slot = 0
  #counter = 0
  readonly #generations = new Map<number, number>()
  readonly #dispatches = new Map<number, number>()

  constructor() {
    const facts = JSON.stringify({
      name: 'test',
      epoch: 7,
      shape: { slotCount: 1_000 },
      policy: POLICY,
    })
    this.add('HEAD', { magic: 0x314a4253, version: 6, facts })
    this.add('IMAGE', { part: 0, parts: 1, image: 'whatever' })
    this.time(1_000)
  }

  add(kind: string, fields: Record<string, Row[string]>): void {
    this.rows.push({ kind, ...fields } as Row)
  }

  time(nowMs: number): void {
    this.nowMs = nowMs
    this.add('TIME', { nowMs })
  }

  hello(agent: number, given: AgentGiven = {}): void {
    this.helloAgain(agent, given)
    const generation = this.#generations.get(agent)!
    this.add('AGENT_UP', { agent, generation, id: `a${agent}` })
  }

  /** A hello without what follows one of an unseen instance. */
  helloAgain(agent: number, given: AgentGiven = {}): void {
    const generation = this.#generations.get(agent) ?? 1
    this.#generations.set(agent, generation)
    this.add('HELLO', {
      ...{ answer: '', agent, generation, id: `a${agent}`, instance: given.instance ?? 'i' },
      ...{ queues: given.queues ?? '*', capabilities: given.capabilities ?? '' },
      ...{ concurrency: given.concurrency ?? 1 },
      ...{ beats: given.beats ?? true, leased: given.leased ?? true },
      ...{ keeps: given.keeps ?? false, pull: given.pull ?? false },
      ...{ preemptible: given.preemptible ?? false, recalls: given.recalls ?? false },
      ...{ claims: given.claims ?? false, declines: given.declines ?? false },
      ...{ labels: given.labels ?? '', specializations: '' },
    })
  }

  submit(given: TaskGiven = {}): number {
    const task = this.seq++
    const { queue = 'q' } = given
    const own = POLICY.queues[queue as 'once'] ?? POLICY.queueDefaults
    const id = given.id ?? `t${task}`
    this.ids.set(task, id)
    this.queues.set(task, queue)
    const { parents = [], onFailure = 'fail' } = given
    const after =
      parents.length === 0 ? '' : [onFailure, ...parents.map((of) => `t${of}`)].join(' ')
    this.add('SUBMIT', { answer: '', ...this.said(task, queue, given, own, id), after, parents })
    return task
  }

  protected said(task: number, queue: string, given: TaskGiven, own: Own, id: string) {
    const { level = 3, requires = '', routing = '', timeoutMs, retryCount } = given
    return {
      ...{ task, queue, level, requires, payloadBytes: 5, isMadeUp: false, id },
      ...{ routing, key: 0, givenLevel: level, own: given.own ?? '' },
      ...{ timeoutMs: timeoutMs ?? own.timeoutMs, givenTimeoutMs: timeoutMs ?? -1 },
      ...{ retryCount: retryCount ?? own.retryCount, givenRetryCount: retryCount ?? -1 },
    }
  }

  offer(task: number, wasBounced = false): void {
    const slot = this.#slot++ % 1_000
    const generation = (this.#generations.get(-1 - slot) ?? 0) + 2
    this.#generations.set(-1 - slot, generation)
    this.attempts.set(task, { slot, generation, counter: 0, agent: -1, dispatchSeq: 0 })
    this.add('OFFER', { task, slot, generation, class: 0, strategy: 0, wasBounced })
  }

  commit(task: number, agent: number): void {
    const attempt = this.attempts.get(task)!
    const dispatchSeq = (this.#dispatches.get(agent) ?? 0) + 1
    this.#dispatches.set(agent, dispatchSeq)
    const counter = ++this.#counter
    Object.assign(attempt, { counter, agent, dispatchSeq })
    this.begun.set(task, (this.begun.get(task) ?? 0) + 1)
    const { slot, generation } = attempt
    this.add('PROPOSE', {
      ...{ answer: 0, slot, generation, agent, agentGeneration: this.#generations.get(agent)! },
      ...{ byRouter: false, task, counter, dispatchSeq },
    })
  }

  /** An offered task is bound to an agent without credit. */
  bind(task: number, agent: number): void {
    const { slot, generation } = this.attempts.get(task)!
    const agentGeneration = this.#generations.get(agent)!
    const chosen = { answer: 3, slot, generation, agent, agentGeneration, byRouter: false }
    this.add('PROPOSE', { ...chosen, task })
  }

  /** A bound task begins. */
  start(task: number, agent: number): void {
    this.add('START', { task, agent, ...this.next(task, agent) })
  }

  /** Its next attempt, which has not been offered. */
  protected next(task: number, agent: number): Omit<Attempt, 'agent'> {
    const slot = this.#slot++ % 1_000
    const generation = (this.#generations.get(-1 - slot) ?? 0) + 2
    this.#generations.set(-1 - slot, generation)
    const dispatchSeq = (this.#dispatches.get(agent) ?? 0) + 1
    this.#dispatches.set(agent, dispatchSeq)
    const counter = ++this.#counter
    this.attempts.set(task, { slot, generation, counter, agent, dispatchSeq })
    this.begun.set(task, (this.begun.get(task) ?? 0) + 1)
    return { slot, generation, counter, dispatchSeq }
  }

  /** A bound task is another agent's: it begins there, or waits in its own queue. */
  steal(task: number, from: number, to: number, begins: boolean): void {
    const attempt = begins ? this.next(task, to) : NOWHERE
    this.add('STEAL', { task, agent: to, ...attempt })
    this.add('STOLEN', { task, agent: from, to })
  }

  /** A running attempt is called back for another agent. */
  recall(task: number, to: number): void {
    const { slot, counter, agent } = this.attempts.get(task)!
    this.add('RECALL', { task, slot, agent: to })
    this.add('CALL_BACK', { task, counter, agent })
  }

  /** What was called back is handed back. @param to begins it at once; -1 for nobody. */
  back(task: number, to: number): void {
    const { slot, counter, agent } = this.attempts.get(task)!
    const next = to < 0 ? NOWHERE : this.next(task, to)
    const { slot: newSlot, ...more } = next
    this.add('YIELD', {
      ...{ task, slot, agent: to, newSlot, ...more },
      ...{ hasCheckpoint: false, checkpoint: '' },
    })
    this.add('ENDED', { task, counter, agent, how: 'recalled', isCharged: false })
  }

  limit(agent: number, limit: number): void {
    this.add('LIMIT', { answer: '', id: `a${agent}`, limit })
  }

  unbound(task: number, agent: number): void {
    this.add('UNBOUND', { task, agent })
  }

  /** @param dueMs what the task is due by then; only a boost changes it. */
  note(task: number, note: string, more: { detail?: string; level?: number; dueMs?: number } = {}) {
    const { detail = '', level = 3, dueMs = 0 } = more
    this.add('NOTED', { task, note, detail, level, dueMs, untilMs: 0 })
  }

  putOff(task: number, detail: 'delay' | 'retry', untilMs: number): void {
    this.add('NOTED', { task, note: 'scheduled', detail, level: 3, dueMs: 0, untilMs })
  }

  /** Its time has come. */
  ready(task: number): void {
    this.tick()
    this.note(task, 'ready')
  }

  /** It is served by another queue from now on. */
  move(task: number, why: 'escalation' | 'dead_letter', queue: string): void {
    this.note(task, 'moved', { detail: `${why}: ${queue}` })
    this.queues.set(task, queue)
  }

  letter(task: number, code: string, name = this.queues.get(task)!): void {
    this.add('DEAD_LETTER', { task, name, code })
  }

  pause(queue: string, isPaused = true): void {
    this.add(isPaused ? 'PAUSE' : 'RESUME', { answer: '', queue })
    this.add('PAUSED', { queue, isPaused })
  }

  /** An attempt is asked to stop. */
  preempt(task: number): void {
    const { counter, agent } = this.attempts.get(task)!
    this.add('INTERRUPT', { asked: 1 })
    this.add('PREEMPT', { task, counter, agent })
  }

  yield(task: number): void {
    const { slot } = this.attempts.get(task)!
    const next = { agent: -1, newSlot: -1, generation: 0, counter: 0, dispatchSeq: 0 }
    this.add('YIELD', { task, slot, ...next, hasCheckpoint: true, checkpoint: 'half' })
    this.ended(task, 'preempted')
  }

  run(task: number, agent: number): void {
    this.offer(task)
    this.commit(task, agent)
  }

  bounce(task: number): void {
    this.add('BOUNCE', { task, slot: this.attempts.get(task)!.slot })
  }

  withdraw(task: number): void {
    const attempt = this.attempts.get(task)!
    attempt.generation++
    this.#generations.set(-1 - attempt.slot, attempt.generation)
    const { slot, generation } = attempt
    this.add('WITHDRAW', { task, slot, newGeneration: generation, reason: 0 })
  }

  ended(task: number, how: string): void {
    const { counter, agent, dispatchSeq } = this.attempts.get(task)!
    const isCharged = how === 'timeout' || how === 'cancelled'
    this.add('ENDED', { task, counter, agent, how, isCharged })
    if (isCharged) this.add('REVOKE', { agent, counter, dispatchSeq, reason: how })
  }

  /** With the dead letter of a task that did not come to a good end. */
  outcome(task: number, state: number, code = ''): void {
    if (DIED.includes(state)) this.letter(task, code)
    const attempts = this.begun.get(task) ?? 0
    this.add('OUTCOME', { task, state, code, attempts, resultBytes: -1 })
  }

  succeed(task: number): void {
    this.add('SUCCEEDED', { task, slot: this.attempts.get(task)!.slot })
    this.ended(task, 'succeeded')
    this.outcome(task, 3)
  }

  fail(task: number, isFinal: boolean, retryable = true): void {
    const { slot } = this.attempts.get(task)!
    this.add('FAILED', { task, slot, code: 'oops', retryable, message: 'it failed' })
    this.ended(task, 'failed')
    if (isFinal) this.outcome(task, 4, 'oops')
  }

  dispatchFailed(task: number, isFinal: boolean): void {
    this.add('DISPATCH_FAILED', { task, slot: this.attempts.get(task)!.slot })
    this.ended(task, 'dispatch_failed')
    if (isFinal) this.outcome(task, 6, 'dispatch_failed')
  }

  /** To an agent without lease. */
  undelivered(task: number): void {
    this.add('DISPATCH_FAILED', { task, slot: this.attempts.get(task)!.slot })
    this.ended(task, 'undelivered')
  }

  /** Of tasks that run or do not. */
  cancel(task: number, runs: boolean): void {
    this.add('CANCEL', { task, answer: 0, queue: 'q', id: this.ids.get(task)! })
    if (runs) this.ended(task, 'cancelled')
    this.outcome(task, 5, 'cancelled')
  }

  /** Time-outs of these, and which of them are final then. */
  tick(timeouts: readonly number[] = [], final: readonly number[] = []): void {
    this.add('TICK', { hasMore: false })
    for (const task of timeouts) {
      this.ended(task, 'timeout')
      if (final.includes(task)) this.outcome(task, 4, 'timeout')
    }
  }

  creditBack(task: number): void {
    const { agent, counter } = this.attempts.get(task)!
    this.add('CREDIT_BACK', { agent, counter })
  }

  late(task: number): void {
    const { agent, counter, slot } = this.attempts.get(task)!
    this.add('LATE', { agentId: `a${agent}`, slot, epoch: 7, counter })
  }

  beat(agent: number, running: number[] = [], foreign = 0): void {
    const counters = running.map((task) => this.attempts.get(task)!.counter)
    const who = { answer: '', id: `a${agent}`, instance: 'i', foreign }
    this.add('BEAT', { ...who, tells: true, running: counters })
  }

  /** What is sent again after a beat. */
  repeat(task: number): void {
    const { counter, agent } = this.attempts.get(task)!
    this.add('REPEAT', { task, counter, agent })
  }

  pull(agent: number, count: number): void {
    this.add('PULL', { answer: '', id: `a${agent}`, instance: 'i', count })
  }

  prefetch(agent: number, count: number): void {
    this.add('PREFETCH', { agent, count })
  }

  bye(agent: number, drain: boolean, running: readonly number[] = []): void {
    this.add('BYE', { answer: '', id: `a${agent}`, instance: 'i', drain })
    if (!drain) this.down(agent, running, 'bye')
  }

  /** What follows when an agent leaves. */
  down(agent: number, running: readonly number[], reason = 'agent_lost'): void {
    for (const task of running) this.ended(task, 'agent_lost')
    this.add('AGENT_DOWN', { agent, reason })
    this.#generations.set(agent, this.#generations.get(agent)! + 2)
    this.#dispatches.delete(agent)
  }

  end(): void {
    const events = this.rows.filter(({ kind }) => isEvent(kind)).length
    const digest = { d1: 0, d2: 0, d3: 0, d4: 0, d5: 0, d6: 0, d7: 0, d8: 0 }
    this.add('END', { ...digest, events, effects: 0 })
  }

  report(isWhole = true): Report {
    return reportOf(this.rows, isWhole)
  }

  /** `kind` and what is said, one line a finding. */
  findings(isWhole = true): string[] {
    return this.report(isWhole).findings.map(({ kind, message }) => `${kind}: ${message}`)
  }
}
