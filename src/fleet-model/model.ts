/**
 * A scheduler and its fleet in virtual time: arrivals and durations are drawn, everything between is
 * real. Any thread; a million tasks take a second or two. With `stealing`, what is bound to agents is
 * moved between them by the real balancer.
 *
 * ```
 *   workload ──arrival──► PolicyCore ──offer──► Chooser, strategy ──propose──► PolicyCore ──► agents
 *                            ▲                       ▲ columns                              (event heap)
 *                            └──── succeeded ────────┴──── Learning ◄──── completion ◄──────────┘
 * ```
 *
 * Invariant: the same specification gives the same result to the last bit, on any machine; every task
 * starts once and completes once, or there is an Error.
 *
 * What it leaves out: the wire and the threads. Choosing takes no time, an agent starts what it is given
 * at once, results are known when they come, nothing fails, and all decisions are made inline, by one
 * chooser. Time within the core is whole milliseconds, as there; what is measured is not rounded.
 *
 * Records are used again as soon as their task is over, so nothing is allocated for a task but what
 * waits: a run is as fast in its second million as in its first.
 */
import {
  AgentTableWriter,
  ClassTableWriter,
  LearningWriter,
  NONE,
  ROW_COUNT_MAX,
  SlotTableWriter,
} from '../../native-free/index.ts'
import { Balancer } from '../balance/balancer.ts'
import { LearnedCosts } from '../balance/learned-costs.ts'
import { Learning } from '../learning/learning.ts'
import { type Binding, SCHEDULER_DEFAULTS } from '../options.ts'
import { type AgentState, SILENT } from '../policy/agents.ts'
import { BOUND_TO_AGENT, COMMITTED, PolicyCore } from '../policy/core.ts'
import { NoEffects } from '../policy/no-effects.ts'
import type { AttemptEnd } from '../policy/state.ts'
import { NOBODY, type RecordOptions, TaskRecord } from '../policy/task-record.ts'
import { Chooser } from '../routing/chooser.ts'
import type { Strategy } from '../routing/strategy.ts'
import { ElasticFleet } from './elastic.ts'
import { EventHeap } from './event-heap.ts'
import { type ModelAgent, type Service, SpeedService } from './fleet.ts'
import { type Measured, Measures } from './measures.ts'
import {
  type ModelSpec,
  memoryFor,
  optionsOf,
  policyOptions,
  stealingOf,
  strategiesOf,
  TWIN,
} from './setup.ts'

export interface ModelResult extends Measured {
  readonly strategy: string
  readonly binding: Binding
  /** Tasks that were bound to an agent without credit, of all. */
  readonly bound: number
  /** Tasks that went from one agent's own queue to another agent, each time; push cycles. */
  readonly stolen: number
  readonly cycles: number
  /** By task, µs; NaN for one that was left over. */
  readonly startUs: Float64Array
  readonly endUs: Float64Array
  /** Of a fleet that grew and shrank: what its agents cost, and the most there were. */
  readonly elastic: {
    readonly agentUs: number
    readonly agentsMax: number
    readonly changes: number
  }
}

const QUEUE = 'model'
const NO_BYTES = new Uint8Array(0)

/** @throws Error when a task cannot be placed by anybody. */
export function runModel(spec: ModelSpec): ModelResult {
  return new FleetModel(spec).run()
}

class FleetModel extends NoEffects {
  private readonly spec: ModelSpec
  private readonly core: PolicyCore
  private readonly chooser: Chooser
  private readonly strategies: readonly Strategy[]
  private readonly learning: Learning
  private readonly balancer: Balancer
  private readonly service: Service
  private readonly measures: Measures
  /** Slots of running tasks, by when they are done. */
  private readonly ends: EventHeap
  /** Agents that join and go, by when. */
  private readonly elastic: ElasticFleet | null
  private readonly changes: readonly { readonly atUs: number; readonly apply: () => void }[]
  /** By type. */
  private readonly options: readonly RecordOptions[]
  /** By row of the agent table: place in the fleet. */
  private readonly placeOf: Int32Array
  private readonly idle: TaskRecord[] = []
  private nowUs = 0
  private nowMs = 0
  private completed = 0

  constructor(spec: ModelSpec) {
    super()
    const { workload, fleet } = spec
    this.spec = spec
    this.service = spec.service ?? new SpeedService(workload, fleet)
    const concurrencies = fleet.map(({ concurrency }) => concurrency)
    this.measures = new Measures(workload, concurrencies, spec.warmUp)
    const servers = concurrencies.reduce((sum, count) => sum + count, 0)
    this.ends = new EventHeap(servers)
    const memory = memoryFor(fleet.length, servers, workload.types.length)
    this.strategies = strategiesOf(spec, memory)
    this.chooser = new Chooser(memory, this.strategies)
    const { windowSize, enabled } = { ...SCHEDULER_DEFAULTS.learning, ...spec.learning }
    const { agentCountMax } = memory.shape
    const shape = { agentCountMax, rowCountMax: ROW_COUNT_MAX, windowSize, enabled }
    this.learning = new Learning(new LearningWriter(memory), shape)
    this.core = new PolicyCore(
      new SlotTableWriter(memory),
      new AgentTableWriter(memory),
      new ClassTableWriter(memory),
      policyOptions(spec, memory),
      this,
    )
    this.balancer = new Balancer(this.core, new LearnedCosts(this.learning), stealingOf(spec), {
      started: (record) => this.started(record),
    })
    this.placeOf = new Int32Array(agentCountMax)
    this.options = optionsOf(workload)
    this.elastic = this.elasticOf(spec)
    const isElastic = this.elastic !== null
    this.changes = (isElastic ? [] : fleet)
      .flatMap((agent, place) => this.changesOf(agent, place))
      .sort((a, b) => a.atUs - b.atUs)
  }

  run(): ModelResult {
    const { workload, strategy, factory, binding, isPartial } = this.spec
    const { count, arrivalUs } = workload
    const { changes, ends } = this
    let arrived = 0
    let changed = 0
    // Ends: each round takes one of finitely many arrivals, changes and ends, or is the balancer's, who
    // has something to do only while tasks are bound.
    for (;;) {
      const arrivesUs = arrived < count ? arrivalUs[arrived] : Number.POSITIVE_INFINITY
      const changesUs = changed < changes.length ? changes[changed].atUs : Number.POSITIVE_INFINITY
      const elasticUs = this.elastic?.nextUs ?? Number.POSITIVE_INFINITY
      const balanceUs = Math.max(this.nowUs, this.balancer.nextMs() * 1_000)
      const nextUs = Math.min(arrivesUs, changesUs, ends.nextUs, elasticUs, balanceUs)
      if (nextUs === Number.POSITIVE_INFINITY) break
      this.nowUs = nextUs
      this.nowMs = Math.floor(nextUs / 1_000)
      if (changesUs === nextUs) changes[changed++].apply()
      else if (elasticUs === nextUs) this.elastic!.act(nextUs)
      else if (ends.nextUs === nextUs) this.complete(ends.pop())
      else if (arrivesUs === nextUs) this.submit(arrived++)
      this.place()
      this.balancer.run(this.nowMs)
      this.spec.observe?.(this.balancer, this.nowMs)
      if (this.completed === count) this.elastic?.close(nextUs)
    }
    if (this.completed !== count && !isPartial) {
      throw new Error(`${count - this.completed} of ${count} tasks were never given to anybody`)
    }
    return {
      ...this.measures.measured(),
      strategy: factory === undefined ? strategy : TWIN,
      binding,
      bound: this.core.counters.bound / count,
      stolen: this.core.counters.stolen,
      cycles: this.balancer.counters.cycles,
      startUs: this.measures.startUs,
      endUs: this.measures.endUs,
      elastic: {
        agentUs: this.elastic?.agentUs ?? 0,
        agentsMax: this.elastic?.sizeMax ?? 0,
        changes: this.elastic?.changes ?? 0,
      },
    }
  }

  private changesOf(agent: ModelAgent, place: number) {
    const { fromUs = 0, untilUs = Number.POSITIVE_INFINITY } = agent
    const join = { atUs: fromUs, apply: () => this.join(agent, place) }
    if (untilUs === Number.POSITIVE_INFINITY) return [join]
    return [join, { atUs: untilUs, apply: () => void this.core.drainAgent(idOf(place)) }]
  }

  private elasticOf({ elastic, fleet }: ModelSpec): ElasticFleet | null {
    if (elastic === undefined) return null
    const { core } = this
    elastic.controller.begin(core)
    return new ElasticFleet(elastic, fleet.length, {
      join: (place) => this.join(fleet[place], place),
      drain: (place) => void core.drainAgent(idOf(place)),
      leave: (place) => void core.bye(idOf(place), 'model', false, this.nowMs),
      runningAt: (place) => core.agents.get(idOf(place))?.running.length ?? 0,
    })
  }

  private join(agent: ModelAgent, place: number): void {
    const joined = this.core.hello(
      {
        id: idOf(place),
        instance: 'model',
        queues: agent.queues ?? ['*'],
        capabilities: agent.capabilities,
        labels: agent.labels ?? {},
        specializations: {},
        concurrency: agent.concurrency,
        ...SILENT,
        link: null,
      },
      this.nowMs,
    )
    if (typeof joined === 'string') throw new Error(`agent ${place} was refused: ${joined}`)
    this.placeOf[joined.index] = place
    this.learning.joined(joined.index)
  }

  private submit(task: number): void {
    const { typeOf, keyHashOf, types } = this.spec.workload
    const type = typeOf[task]
    const queue = types[type].queue ?? QUEUE
    const record = this.recordOf(queue, this.options[type])
    if (keyHashOf !== undefined) record.keyHash = keyHashOf[task]
    const refusal = this.core.submit(record, this.nowMs)
    if (refusal !== null) throw new Error(`a task was refused: ${refusal.code}`)
  }

  private recordOf(queue: string, options: RecordOptions): TaskRecord {
    const known = this.idle.pop()
    if (known === undefined) {
      return new TaskRecord('', queue, options, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
    }
    known.begin('', queue, options, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
    return known
  }

  /** What a turn of the front end does after results and submits. */
  private place(): void {
    const { core } = this
    // Ends: each round starts a task that was bound.
    for (let record = core.nextBound(this.nowMs); record !== null; ) {
      this.started(record)
      record = core.nextBound(this.nowMs)
    }
    // Ends: each round places one that had bounced, or is the last.
    while (core.bouncedWaiting > 0) {
      const record = core.nextBounced(this.nowMs)
      if (record === null || !this.choose(record)) break
    }
    // Ends: each round places a task, or is the last.
    for (let record = core.nextOffer(this.nowMs); record !== null; ) {
      if (!this.choose(record)) break
      record = core.nextOffer(this.nowMs)
    }
  }

  /** @returns false when nobody was chosen: the task is back in its lane. */
  private choose(record: TaskRecord): boolean {
    const { core } = this
    const { slot, generation } = record.attempt!
    const agent = this.chooser.choose(slot)
    if (agent === NONE) {
      core.bounce(record)
      return false
    }
    const agentGeneration = core.table.generation(agent as never)
    const answer = core.propose(slot, generation, agent, agentGeneration, this.nowMs)
    if (answer === COMMITTED) this.started(record)
    else if (answer !== BOUND_TO_AGENT) throw new Error(`agent ${agent} was chosen and refused`)
    return true
  }

  private started(record: TaskRecord): void {
    const { agent, slot } = record.attempt!
    const place = this.placeOf[agent!.index]
    const endUs = this.nowUs + this.service.durationUs(record.seq, place)
    this.measures.start(record.seq, place, this.nowUs, endUs)
    this.ends.push(endUs, slot)
  }

  private complete(slot: number): void {
    const record = this.core.recordAt[slot]!
    const { index } = record.attempt!.agent!
    const { row, strategyIndex } = record.cls!
    const tookUs = this.nowUs - this.measures.startUs[record.seq]
    this.core.succeeded(record, this.nowMs)
    this.elastic?.ended(this.placeOf[index], this.nowUs)
    this.learning.record(index, row, tookUs, true)
    this.strategies[strategyIndex].record?.(index, tookUs, true)
    this.completed++
  }

  override forgotten(record: TaskRecord): void {
    record.clear()
    this.idle.push(record)
  }

  override ended(record: TaskRecord, _counter: number, _agent: AgentState, how: AttemptEnd): void {
    this.spec.elastic?.controller.ended(record, how, this.nowMs)
  }
}

function idOf(place: number): string {
  return `agent-${place}`
}
