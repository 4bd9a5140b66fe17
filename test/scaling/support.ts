/**
 * A core in virtual time whose tasks take a given time, and an advisor that looks at it each second of
 * its own. What an operator does with the advice, tests do by hand.
 */
import type { ScalingAdvice } from '../../src/balance-views.ts'
import {
  QUEUE_DEFAULTS,
  type QueueOptions,
  SCALING_DEFAULTS,
  type ScalingOptions,
} from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Advisor } from '../../src/scaling/advisor.ts'
import { type AgentGiven, Policy, type TaskSpec } from '../policy/support.ts'

export interface StageGiven {
  queues?: Record<string, Partial<QueueOptions>>
  options?: Partial<ScalingOptions>
  /** Of a task of that queue; 10 s by default. */
  serviceMs?: (queue: string) => number
  /** Nothing has ended yet, as far as anybody knows. */
  isUnknown?: boolean
}

const STEP_MS = 1_000
/** Nothing times out. */
const OPTIONS = { ...QUEUE_DEFAULTS, timeoutMs: 100_000_000 }

export class Stage {
  readonly policy: Policy
  readonly advisor: Advisor
  readonly told: Record<string, unknown>[] = []
  readonly #ends: { record: TaskRecord; atMs: number }[] = []
  readonly #serviceMs: (queue: string) => number
  readonly #due = new Map<string, number>()

  constructor({ queues = {}, options = {}, serviceMs = () => 10_000, isUnknown }: StageGiven = {}) {
    this.policy = new Policy({
      queueDefaults: OPTIONS,
      queues: Object.fromEntries(
        Object.entries(queues).map(([name, own]) => [name, { ...OPTIONS, ...own }]),
      ),
    })
    this.#serviceMs = serviceMs
    this.advisor = new Advisor(
      this.policy.core,
      { meanMs: ({ name }) => (isUnknown ? null : serviceMs(name)) },
      { ...SCALING_DEFAULTS, ...options },
      (_, detail) => this.told.push(detail),
    )
  }

  agents(count: number, given: AgentGiven = {}, name = 'a'): AgentState[] {
    return Array.from({ length: count }, (_, i) =>
      this.policy.agent(`${name}${i}`, { leased: false, ...given }),
    )
  }

  /** They have gone, whatever they did; what they ran is at nobody's. */
  leave(agents: readonly AgentState[]): void {
    for (const agent of agents) this.policy.bye(agent)
  }

  submit(count: number, queue = 'q', spec: TaskSpec = {}): void {
    this.policy.submitMany(count, queue, spec)
    this.#place()
  }

  /**
   * So much time passes, with arrivals as even as can be.
   * @param flow tasks a second by queue, or by `queue/capability`.
   */
  seconds(count: number, flow: Record<string, number> = {}): this {
    for (let second = 0; second < count; second++) {
      this.policy.pass(STEP_MS)
      this.#end()
      for (const [name, perSecond] of Object.entries(flow)) this.#arrive(name, perSecond)
      this.#place()
      this.advisor.check(this.policy.nowMs)
    }
    return this
  }

  of(queue = 'q', requires: string[] = []): ScalingAdvice {
    const found = this.advisor.advice(queue).find((row) => row.requires.join() === requires.join())
    if (found === undefined) throw new Error(`no advice for ${queue} ${requires}`)
    return found
  }

  #arrive(name: string, perSecond: number): void {
    const [queue, capability] = name.split('/')
    const due = (this.#due.get(name) ?? 0) + perSecond
    const count = Math.floor(due + 1e-9)
    this.#due.set(name, due - count)
    this.policy.submitMany(count, queue, capability === undefined ? {} : { requires: [capability] })
  }

  #place(): void {
    for (const record of this.policy.place()) {
      const serviceMs = this.#serviceMs(record.cls!.queue.name)
      this.#ends.push({ record, atMs: this.policy.nowMs + serviceMs })
    }
  }

  #end(): void {
    const over = this.#ends.filter(({ atMs }) => atMs <= this.policy.nowMs)
    for (const { record, atMs } of over) {
      this.#ends.splice(
        this.#ends.findIndex((one) => one.record === record && one.atMs === atMs),
        1,
      )
      this.policy.succeed(record)
    }
  }
}
