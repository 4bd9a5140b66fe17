/** Agents that work in virtual time on a policy core: tasks arrive, run as long as they say, and end. */
import { RUNNING, stateName, type TaskRecord } from '../../src/policy/task-record.ts'
import { Policy, type PolicyGiven, type TaskSpec } from '../policy/support.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** What an attempt comes to, and after how long: `null` never ends by itself. */
export interface Work {
  afterMs: number
  /** Code of a failure; completed without. */
  code?: string
  permanent?: boolean
}
export type WorkOf = (record: TaskRecord) => Work | null

interface Step {
  atMs: number
  order: number
  run(): void
}

export class Clockwork {
  readonly policy: Policy
  /** When each attempt of each task began, by id. */
  readonly starts = new Map<string, number[]>()
  /** What was noted of each task, dead letters and interruptions included, by id. */
  readonly notes = new Map<string, string[]>()
  private readonly steps: Step[] = []
  private readonly workOf: WorkOf
  private readonly fromMs: number
  private order = 0

  constructor(given: PolicyGiven, workOf: WorkOf) {
    this.policy = new Policy(given)
    this.workOf = workOf
    this.fromMs = this.policy.nowMs
    const { effects } = this.policy
    const { noted, deadLetter, preempt } = effects
    effects.noted = (record, note, detail) => {
      this.write(record, detail === '' ? note : `${note} ${detail}`)
      noted.call(effects, record, note, detail)
    }
    effects.deadLetter = (record, name) => {
      this.write(record, `dead letter ${name}: ${record.code}`)
      deadLetter.call(effects, record, name)
    }
    effects.preempt = (record, agent) => {
      this.write(record, `interrupted on ${agent.id}`)
      preempt.call(effects, record, agent)
    }
  }

  private write(record: TaskRecord, words: string): void {
    const lines = this.notes.get(record.id) ?? []
    lines.push(`${this.nowMs / SECOND} s: ${words}`)
    this.notes.set(record.id, lines)
  }

  /** Virtual ms since the beginning. */
  get nowMs(): number {
    return this.policy.nowMs - this.fromMs
  }

  at(atMs: number, run: () => void): void {
    this.steps.push({ atMs, order: this.order++, run })
    this.steps.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
  }

  submitAt(atMs: number, queue: string, spec: TaskSpec = {}): void {
    this.at(atMs, () => this.policy.submit(queue, spec))
  }

  /** Lets all happen until then: steps, and timers at the very ms at which they are due. */
  runUntil(untilMs: number): void {
    // Ends: each round moves time on or takes a step.
    for (;;) {
      this.place()
      const step = this.steps[0]
      const tickMs = Math.max(this.nowMs, this.policy.core.nextTickMs() - this.fromMs)
      const nextMs = Math.min(step?.atMs ?? Number.POSITIVE_INFINITY, tickMs)
      if (nextMs > untilMs) break
      this.policy.nowMs = this.fromMs + nextMs
      if (step !== undefined && step.atMs === nextMs) {
        this.steps.shift()
        step.run()
      }
      while (this.policy.core.tick(this.policy.nowMs));
    }
    this.policy.nowMs = this.fromMs + untilMs
  }

  private place(): void {
    for (const record of this.policy.place()) this.begin(record)
    for (const record of this.policy.startBound()) this.begin(record)
  }

  private begin(record: TaskRecord): void {
    const { id, attempts } = record
    const starts = this.starts.get(id) ?? []
    starts.push(this.nowMs)
    this.starts.set(id, starts)
    const work = this.workOf(record)
    if (work === null) return
    this.at(this.nowMs + work.afterMs, () => {
      if (record.state !== RUNNING || record.attempts !== attempts) return
      if (work.code === undefined) this.policy.succeed(record)
      else this.policy.fail(record, work.permanent !== true, work.code)
    })
  }

  /** `60 s: boosted age` and the like, of a task, in order. */
  notesOf(id: string): string[] {
    return [...(this.notes.get(id) ?? [])]
  }

  /** Where and how a task ended; its state while it is open. */
  endOf(id: string, queue: string): string {
    const record = this.policy.core.find(id, queue)
    return record === undefined ? 'unknown' : stateName(record.state)
  }
}
