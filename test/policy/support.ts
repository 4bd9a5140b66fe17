/**
 * A policy core in virtual time over a small shared memory, with effects that only record. What a
 * front end does with the core, tests do by hand: offer, propose, bounce, succeed.
 */
import {
  type AgentTableWriter,
  createMemory,
  type SharedMemory,
  type SlotTableWriter,
  toAgent,
  toClass,
} from '../../native-free/index.ts'
import { RecordedCore } from '../../src/journal/recorder.ts'
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { COMMITTED, type PolicyEffects, type PolicyOptions } from '../../src/policy/core.ts'
import { OFFERED, type Origin, TaskRecord } from '../../src/policy/task-record.ts'

export const EPOCH = 1_000

/** Nobody is told: the effects record what counts. */
const NOBODY: Origin = { accepted: () => {}, outcome: () => {}, refused: () => {} }

export interface TaskSpec {
  id?: string
  level?: number
  requires?: string[]
  timeoutMs?: number
  retryCount?: number
  bytes?: number
}

export interface AgentGiven {
  instance?: string
  queues?: string[]
  capabilities?: string[]
  concurrency?: number
  beats?: boolean
  keeps?: boolean
  pull?: boolean
  leased?: boolean
}

export interface PolicyGiven extends Partial<PolicyOptions> {
  queue?: Partial<QueueOptions>
  /** Where slots' and agents' generations start. */
  counterStart?: number
}

/** An attempt as its agent knows it. */
export interface Token {
  agent: string
  slot: number
  counter: number
}

/** For comparing: whole records show everything they are linked to when they differ. */
export function ids(records: readonly TaskRecord[]): string[] {
  return records.map((record) => record.id)
}

/** What the core told, in order. */
export class Effects implements PolicyEffects {
  readonly outcomes: TaskRecord[] = []
  readonly forgot: TaskRecord[] = []
  readonly revoked: { agent: AgentState; counter: number; seq: number; reason: string }[] = []
  readonly ends: {
    record: TaskRecord
    counter: number
    agent: AgentState
    how: string
    isCharged: boolean
  }[] = []
  readonly repeated: { record: TaskRecord; counter: number }[] = []
  readonly creditsBack: { agent: AgentState; counter: number }[] = []
  readonly ups: AgentState[] = []
  readonly downs: { agent: AgentState; reason: string }[] = []
  readonly fencedAgents: AgentState[] = []
  readonly drains: AgentState[] = []
  /** Bytes of the result that the front end would keep. */
  resultBytes = -1

  outcome(record: TaskRecord): void {
    this.outcomes.push(record)
    record.resultBytes = this.resultBytes
  }
  forgotten(record: TaskRecord): void {
    this.forgot.push(record)
  }
  revoke(agent: AgentState, counter: number, seq: number, reason: string): void {
    this.revoked.push({ agent, counter, seq, reason })
  }
  ended(record: TaskRecord, counter: number, agent: AgentState, how: string, isCharged: boolean) {
    this.ends.push({ record, counter, agent, how, isCharged })
  }
  repeat(record: TaskRecord): void {
    this.repeated.push({ record, counter: record.attempt!.counter })
  }
  creditBack(agent: AgentState, counter: number): void {
    this.creditsBack.push({ agent, counter })
  }
  agentUp(agent: AgentState): void {
    this.ups.push(agent)
  }
  agentDown(agent: AgentState, reason: string): void {
    this.downs.push({ agent, reason })
  }
  fenced(agent: AgentState): void {
    this.fencedAgents.push(agent)
  }
  drain(agent: AgentState): void {
    this.drains.push(agent)
  }
}

export class Policy {
  readonly memory: SharedMemory
  readonly table: AgentTableWriter
  readonly slots: SlotTableWriter
  readonly effects = new Effects()
  readonly core: RecordedCore
  /** Virtual, ms; not zero, so that no stamp is. */
  nowMs = 1_000

  constructor(given: PolicyGiven = {}) {
    const { queue = {}, counterStart = 0, ...more } = given
    const options: PolicyOptions = {
      epoch: EPOCH,
      slots: 1_024,
      agentsMax: 64,
      classesMax: 16,
      leaseMs: 10_000,
      keep: { count: 10_000, ageSeconds: 3_600, bytes: 1_000_000 },
      strictQueues: false,
      queueDefaults: { ...QUEUE_DEFAULTS, ...queue },
      queues: {},
      strategyIndex: () => 0,
      ...more,
    }
    this.memory = createMemory(
      {
        slotCount: options.slots,
        agentCountMax: options.agentsMax,
        classCountMax: options.classesMax,
        routerCount: 0,
        ringCapacity: 2,
        publishMax: 1,
        latencyStageCount: 0,
      },
      counterStart,
    )
    this.core = new RecordedCore(this.memory, options, this.effects, {
      name: 'test',
      startedAt: '2026-01-01T00:00:00.000Z',
      strategies: [options.queueDefaults.strategy],
      counterStart,
    })
    this.table = this.core.table
    this.slots = this.core.slots
  }

  static record(queue: string, spec: TaskSpec = {}): TaskRecord {
    const options = {
      level: spec.level ?? 3,
      requires: spec.requires ?? [],
      timeoutMs: spec.timeoutMs ?? null,
      retryCount: spec.retryCount ?? null,
    }
    const length = spec.bytes ?? 0
    const bytes = new Uint8Array(length)
    const id = spec.id ?? ''
    return new TaskRecord(id, queue, options, bytes, 0, length, NOBODY, null, true, true, 0)
  }

  /** @throws Error when it is refused. */
  submit(queue = 'q', spec: TaskSpec = {}): TaskRecord {
    const record = Policy.record(queue, spec)
    const refusal = this.core.submit(record, this.nowMs)
    if (refusal !== null) throw new Error(`refused: ${refusal.code}`)
    return record
  }

  submitMany(count: number, queue = 'q', spec: TaskSpec = {}): TaskRecord[] {
    return Array.from({ length: count }, () => this.submit(queue, spec))
  }

  /** @returns the code of the refusal, or null. */
  refusal(queue: string, spec: TaskSpec = {}): string | null {
    return this.core.submit(Policy.record(queue, spec), this.nowMs)?.code ?? null
  }

  hello(id: string, given: AgentGiven = {}): AgentState | string {
    const spec = {
      id,
      instance: given.instance ?? `${id}-1`,
      queues: given.queues ?? ['*'],
      capabilities: given.capabilities ?? [],
      concurrency: given.concurrency ?? 1,
      beats: given.beats ?? true,
      keeps: given.keeps ?? false,
      pull: given.pull ?? false,
      leased: given.leased ?? true,
      link: null,
    }
    return this.core.hello(spec, this.nowMs)
  }

  /** @throws Error when it is refused. */
  agent(id: string, given: AgentGiven = {}): AgentState {
    const agent = this.hello(id, given)
    if (typeof agent === 'string') throw new Error(`refused: ${agent}`)
    return agent
  }

  /** @param running records or counters that the agent says it works on. */
  beat(agent: AgentState, running: (TaskRecord | number)[] | null = null): string | null {
    const counters = running?.map((one) => (typeof one === 'number' ? one : one.attempt!.counter))
    const set = counters === undefined ? null : new Set(counters)
    return this.core.beat(agent.id, agent.instance, set, this.nowMs)
  }

  /** What an agent that pulls asks for. */
  pull(agent: AgentState, count = 1): string | null {
    return this.core.pull(agent.id, agent.instance, count, this.nowMs)
  }

  bye(agent: AgentState, drain = false): string | null {
    return this.core.bye(agent.id, agent.instance, drain, this.nowMs)
  }

  offer(): TaskRecord | null {
    return this.core.nextOffer(this.nowMs)
  }

  /** @returns all that can be offered now. */
  offerAll(): TaskRecord[] {
    const offered: TaskRecord[] = []
    for (let record = this.offer(); record !== null; record = this.offer()) offered.push(record)
    return offered
  }

  /** Proposes an agent as a router would. @param agent the first that is free by default. */
  propose(record: TaskRecord, agent = this.freeAgent(record)): number {
    const index = agent?.index ?? -1
    return this.core.propose(
      record.attempt!.slot,
      record.attempt!.generation,
      index,
      agent?.generation ?? 0,
      this.nowMs,
    )
  }

  freeAgent(record: TaskRecord): AgentState | undefined {
    const candidates = this.table.candidates(toClass(record.cls!.index))
    return this.core.agentAt.find(
      (agent) =>
        agent?.accepting &&
        candidates.has(toAgent(agent.index)) &&
        this.table.credit(toAgent(agent.index)) > 0,
    )
  }

  /** Offers and commits all that can be. @returns what runs now that did not before. */
  place(): TaskRecord[] {
    const placed: TaskRecord[] = []
    for (let record = this.offer(); record !== null; record = this.offer()) {
      if (this.propose(record) !== COMMITTED) throw new Error(`${record.id} was not committed`)
      placed.push(record)
    }
    return placed
  }

  /** Submits one task and has it run. */
  run(queue = 'q', spec: TaskSpec = {}): TaskRecord {
    const record = this.submit(queue, spec)
    if (!this.place().includes(record)) throw new Error(`${record.id} does not run`)
    return record
  }

  succeed(record: TaskRecord): void {
    this.core.succeeded(record, this.nowMs)
  }

  fail(record: TaskRecord, retryable = true, code = 'error'): void {
    this.core.failed(record, code, 'it failed', retryable, this.nowMs)
  }

  cancel(record: TaskRecord): string | null {
    return this.core.cancel(record, this.nowMs)
  }

  token(record: TaskRecord): Token {
    const { agent, slot, counter } = record.attempt!
    return { agent: agent!.id, slot, counter }
  }

  /** What a result with this token meets. */
  attempt({ agent, slot, counter }: Token, epoch = EPOCH): TaskRecord | string {
    return this.core.attempt(agent, slot, epoch, counter)
  }

  /** Lets time pass and the timers that are due with it. */
  pass(ms: number): void {
    this.nowMs += ms
    while (this.core.tick(this.nowMs));
  }

  inUse(agent: AgentState): number {
    return this.table.inUse(toAgent(agent.index))
  }

  offered(): TaskRecord[] {
    return this.core.recordAt.filter((record) => record?.state === OFFERED) as TaskRecord[]
  }
}
