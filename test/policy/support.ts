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
import { type Match, QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { AgentState } from '../../src/policy/agents.ts'
import { isApart } from '../../src/policy/apart.ts'
import { hasPlace } from '../../src/policy/binding.ts'
import { BOUND_TO_AGENT, COMMITTED, CONFLICT, type PolicyOptions } from '../../src/policy/core.ts'
import { OFFERED, type Origin, type OwnPromises, TaskRecord } from '../../src/policy/task-record.ts'
import type { ParentFailure, TaskRouting } from '../../src/task.ts'
import { Effects } from './effects.ts'

export { Effects } from './effects.ts'

export const EPOCH = 1_000
const DEFAULT_STRATEGY = QUEUE_DEFAULTS.strategy

/** Nobody is told: the effects record what counts. */
const NOBODY: Origin = { accepted: () => {}, outcome: () => {}, refused: () => {} }

const NO_PROMISES: OwnPromises = {
  ttlMs: null,
  deadlineMs: null,
  slaTargetMs: null,
  retryDelayMs: null,
  delayMs: 0,
}

export interface TaskSpec {
  id?: string
  level?: number
  requires?: string[]
  timeoutMs?: number
  retryCount?: number
  bytes?: number
  type?: string
  match?: Match
  prefers?: string[]
  strategy?: string
  key?: string
  own?: Partial<OwnPromises>
  /** Ids of tasks that it depends on. */
  after?: string[]
  onParentFailure?: ParentFailure
}

export interface AgentGiven {
  instance?: string
  queues?: string[]
  capabilities?: string[]
  labels?: Record<string, number>
  specializations?: Record<string, number>
  concurrency?: number
  beats?: boolean
  keeps?: boolean
  pull?: boolean
  leased?: boolean
  preemptible?: boolean
  recalls?: boolean
  claims?: boolean
  declines?: boolean
}

export interface PolicyGiven extends Partial<PolicyOptions> {
  queue?: Partial<QueueOptions>
  /** By index; the default queue's alone unless given. */
  strategies?: string[]
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

/** @returns null when the task says nothing of it, as of nearly all. */
export function routingOf(spec: TaskSpec): TaskRouting | null {
  const { type = null, match = null, prefers = [], strategy = null } = spec
  const isPlain = type === null && match === null && prefers.length === 0 && strategy === null
  return isPlain ? null : { type, match, prefers, strategy }
}

/** Seeds of a property test; a soak plays 10,000. */
export function seedsOr(count: number): number {
  return process.env.SOAK ? 10_000 : count
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
    const { queue = {}, counterStart = 0, strategies = [DEFAULT_STRATEGY], ...more } = given
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
      agentQueueMax: 4,
      protectFrom: 4,
      deadLetterMoves: {},
      dedup: { windowSeconds: 0, count: 0 },
      routersOnlyFrom: 8,
      strategyIndex: (name) => strategies.indexOf(name),
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
      strategies,
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
      routing: routingOf(spec),
      key: spec.key ?? null,
      own: spec.own === undefined ? null : { ...NO_PROMISES, ...spec.own },
      after:
        spec.after === undefined
          ? null
          : { ids: spec.after, onFailure: spec.onParentFailure ?? ('fail' as const) },
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
      labels: given.labels ?? {},
      specializations: given.specializations ?? {},
      concurrency: given.concurrency ?? 1,
      beats: given.beats ?? true,
      keeps: given.keeps ?? false,
      pull: given.pull ?? false,
      leased: given.leased ?? true,
      preemptible: given.preemptible ?? false,
      recalls: given.recalls ?? false,
      claims: given.claims ?? false,
      declines: given.declines ?? false,
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

  /**
   * @param running records or counters that the agent says it works on.
   * @param foreign what it has in its hands besides.
   */
  beat(
    agent: AgentState,
    running: (TaskRecord | number)[] | null = null,
    foreign = 0,
  ): string | null {
    const counters = running?.map((one) => (typeof one === 'number' ? one : one.attempt!.counter))
    const set = counters === undefined ? null : new Set(counters)
    return this.core.beat(agent.id, agent.instance, set, this.nowMs, foreign)
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

  /** The first with credit; of those that may be bound to, when nobody has any, the first with room. */
  freeAgent(record: TaskRecord): AgentState | undefined {
    const { index, early } = record.cls!
    const candidates = this.table.candidates(toClass(index))
    const able = this.core.agentAt.filter(
      (agent) =>
        agent?.accepting && candidates.has(toAgent(agent.index)) && !isApart(record, agent),
    )
    const free = able.find((agent) => this.table.credit(toAgent(agent!.index)) > 0)
    if (free !== undefined || !early) return free
    return able.find((agent) => hasPlace(this.core, agent!))
  }

  /**
   * Offers and commits all that can be, binds it, or parks what nobody who is free may have.
   * @returns what runs now that did not before.
   */
  place(): TaskRecord[] {
    const placed: TaskRecord[] = []
    if (this.core.parkedToTry > 0) this.core.unpark(this.core.parkedToTry)
    for (let record = this.offer(); record !== null; record = this.offer()) {
      const answer = this.propose(record)
      if (answer === COMMITTED) placed.push(record)
      else if (answer === CONFLICT && record.extras?.apart) this.core.park(record)
      else if (answer !== BOUND_TO_AGENT) throw new Error(`${record.id} was not committed`)
    }
    return placed
  }

  /** Starts all bound tasks that can be. @returns them. */
  startBound(): TaskRecord[] {
    const started: TaskRecord[] = []
    for (let record = this.core.nextBound(this.nowMs); record !== null; ) {
      started.push(record)
      record = this.core.nextBound(this.nowMs)
    }
    return started
  }

  /** @returns the agent whose credit is held now, null when nobody has any, or why not. */
  allocate(queue = 'q', spec: TaskSpec = {}): AgentState | string | null {
    const { level = 3, requires = [] } = spec
    const answer = this.core.allocate({ queue, level, requires, routing: routingOf(spec) })
    return answer === null || answer instanceof AgentState ? answer : answer.code
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

  /** @returns how many running attempts are asked to stop. */
  interrupt(): number {
    return this.core.requestPreemptions(this.nowMs)
  }

  /** The agent hands an attempt back. */
  yield(record: TaskRecord, checkpoint: Uint8Array | null = null): string | null {
    return this.core.yielded(record, checkpoint, this.nowMs)
  }

  steal(record: TaskRecord, thief: AgentState): string | null {
    return this.core.steal(record, thief, this.nowMs)
  }

  /** @param thief nobody: for its lane. */
  recall(record: TaskRecord, thief: AgentState | null = null): string | null {
    return this.core.recall(record, thief, this.nowMs)
  }

  limit(agent: AgentState, limit: number): string | null {
    return this.core.limitAgent(agent.id, limit)
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
