/**
 * People as agents of this process: who they are, when they work, what they said. Main thread.
 *
 * ```
 *   roster ──start, reload──► agents that claim ──strategy──► their inbox (RUNNING, not claimed)
 *                 ▲                                             │ claim, decide, comment: calls/people.ts
 *   wall clock ───┴─ hours: nothing new comes outside of them   ▼
 * ```
 *
 * Invariant: an inbox is the list of attempts that the core has at that agent, and nothing besides; so
 * what is lost, taken away or timed out there is out of the inbox in the same event.
 *
 * Nothing is sent to anybody: a person looks. Not taken: leases for people. They would have to be
 * renewed by a screen that may be closed, and a task of eight hours has its time-out.
 */

import { SignalboxError } from '../errors.ts'
import { Calibration, type Judgement } from '../people/calibration.ts'
import { isWorking, workingWords } from '../people/clock.ts'
import { Comments } from '../people/comments.ts'
import type { Person, Roster } from '../people/person.ts'
import { type AgentState, SILENT } from '../policy/agents.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { quote, randomToken } from '../wire/tokens.ts'
import { someOf } from '../words/lists.ts'
import type { EventSink } from './complete.ts'
import type { FrontEndContext } from './context.ts'
import { learnHello } from './learned.ts'
import type { AgentPort } from './transport.ts'

/** How often hours are looked at; they change by the minute. */
export const HOURS_CHECK_MS = 1_000
const MINUTE_MS = 60_000
const NAMES_TOLD = 8

/** What a reload did. */
export interface RosterChanges {
  added: string[]
  changed: string[]
  removed: string[]
}

export class People implements AgentPort {
  readonly comments = new Comments<TaskRecord>()
  readonly #context: FrontEndContext
  readonly #tell: EventSink
  readonly #wallMs: () => number
  /** One for all: who is back in the roster is the same instance. */
  readonly #instance = randomToken()
  #roster: Roster
  readonly #calibrations = new Map<string, Calibration>()
  /** When tasks were claimed, policy ms: an attempt's own is gone when its end is told. */
  readonly #claimedAtMs = new Map<TaskRecord, number>()
  #minute = -1
  #isStarted = false

  /** @param wallMs ms since 1970: hours are by the wall's clock. */
  constructor(
    context: FrontEndContext,
    roster: Roster,
    tell: EventSink,
    wallMs: () => number = Date.now,
  ) {
    this.#context = context
    this.#roster = roster
    this.#tell = tell
    this.#wallMs = wallMs
  }

  /** All of them are agents from here on. @throws too_many_agents */
  start(nowMs: number): void {
    this.#isStarted = true
    for (const person of this.#roster.values()) this.#join(person, nowMs)
    this.#checkHours(nowMs)
  }

  /**
   * Another roster, while tasks run. Who stays keeps their inbox, as far as capacity and queues go only
   * new work is concerned; what lies in the inbox of one who leaves goes to others.
   */
  configure(
    roster: Roster,
    isSame: (a: Person, b: Person) => boolean,
    nowMs: number,
  ): RosterChanges {
    const before = this.#roster
    const names = [...roster.keys()]
    const added = names.filter((name) => !before.has(name))
    const changed = names.filter((name) => {
      const old = before.get(name)
      return old !== undefined && !isSame(old, roster.get(name)!)
    })
    const removed = [...before.keys()].filter((name) => !roster.has(name))
    this.#roster = roster
    if (!this.#isStarted) return { added, changed, removed }
    for (const name of removed) this.#context.core.bye(name, this.#instance, false, nowMs)
    for (const name of [...added, ...changed]) this.#join(roster.get(name)!, nowMs)
    this.#checkHours(nowMs)
    return { added, changed, removed }
  }

  #join(person: Person, nowMs: number): void {
    const { name, queues, capabilities, labels, specializations, capacity } = person
    const { core } = this.#context
    const agent = core.hello(
      {
        ...SILENT,
        id: name,
        instance: this.#instance,
        queues,
        capabilities,
        labels,
        specializations,
        concurrency: capacity,
        claims: true,
        declines: true,
        link: this,
      },
      nowMs,
    )
    if (typeof agent !== 'string') {
      learnHello(this.#context, agent)
      return
    }
    throw new SignalboxError(agent, `"${name}" cannot take tasks here: ${agent}.`)
  }

  /** Looks at the clock on the wall. @returns whether the core was changed. */
  check(nowMs: number): boolean {
    if (this.#roster.size === 0) return false
    const minute = Math.floor(this.#wallMs() / MINUTE_MS)
    return minute === this.#minute ? false : this.#checkHours(nowMs)
  }

  #checkHours(nowMs: number): boolean {
    const wallMs = this.#wallMs()
    this.#minute = Math.floor(wallMs / MINUTE_MS)
    let hasChanged = false
    for (const { name, working } of this.#roster.values()) {
      const agent = this.#context.core.agents.get(name)
      if (agent === undefined) continue
      const off = isWorking(working, wallMs) ? '' : workingWords(working)
      if (this.#context.agentHealth.setOffHours(agent, off, nowMs)) hasChanged = true
    }
    return hasChanged
  }

  has(name: string): boolean {
    return this.#roster.has(name)
  }

  /** @returns the person's place among the agents. @throws person_unknown */
  agentOf(name: string): AgentState {
    const agent = this.#roster.has(name) ? this.#context.core.agents.get(name) : undefined
    if (agent?.claims === true) return agent
    const names = [...this.#roster.keys()]
    const known =
      names.length === 0
        ? 'nobody does: name people in the configuration (docs/people.md)'
        : `known are ${someOf(names, NAMES_TOLD)}`
    throw new SignalboxError('person_unknown', `No ${quote(name)} takes tasks here: ${known}.`)
  }

  /** Those that are agents now, in the order of the roster. */
  agents(): AgentState[] {
    const { core } = this.#context
    return [...this.#roster.keys()].flatMap((name) => {
      const agent = core.agents.get(name)
      return agent?.claims === true ? [agent] : []
    })
  }

  /** When a person works, in words; null when they are none. */
  hoursOf(name: string): string | null {
    const person = this.#roster.get(name)
    return person === undefined ? null : workingWords(person.working)
  }

  /** When a person's attempt was claimed, policy ms, until its end was told; 0 for never. */
  claimedAtMs(record: TaskRecord): number {
    return this.#claimedAtMs.get(record) ?? 0
  }

  /** Effect: an attempt at a person has ended. */
  ended(record: TaskRecord): void {
    this.#claimedAtMs.delete(record)
  }

  claimed(record: TaskRecord, nowMs: number): void {
    this.#claimedAtMs.set(record, nowMs)
    const { id: task, queueName, cls } = record
    const queue = cls?.queue.name ?? queueName
    this.#tell('task_claimed', { queue, task, person: record.agentId })
  }

  decided(
    queue: string,
    task: string,
    person: string,
    decision: Judgement | 'hand_back',
    confidence: number | null,
  ): void {
    if (decision !== 'hand_back') {
      let calibration = this.#calibrations.get(queue)
      if (calibration === undefined) {
        calibration = new Calibration()
        this.#calibrations.set(queue, calibration)
      }
      calibration.add(decision, confidence)
    }
    this.#tell('task_decided', { queue, task, person, decision, confidence })
  }

  calibrationOf(queue: string): Calibration {
    return this.#calibrations.get(queue) ?? new Calibration()
  }

  /** By queue, of queues in which something was decided. */
  get calibrations(): ReadonlyMap<string, Calibration> {
    return this.#calibrations
  }

  /** It lies in the inbox as soon as the core has it there. */
  dispatch(): void {}
  repeat(): void {}
  cancel(): void {}
  preempt(): void {}
  recall(): void {}
  drain(): void {}
  fenced(): void {}
}
