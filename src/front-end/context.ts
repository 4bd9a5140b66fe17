/** What the steps of the path share: one object per scheduler, main thread only. */
import {
  createMemory,
  DEFAULT_SHAPE,
  LatencyWriter,
  LearningWriter,
  OutboxConsumer,
  PRIORITY_LEVELS,
  ROW_COUNT_MAX,
  type RouterIndex,
  type SharedMemory,
  SlotTableReader,
  TaskRingProducer,
} from '../../native-free/index.ts'
import { AgentHealth } from '../agent-health/agent-health.ts'
import { LATENCY_STAGES } from '../api.ts'
import type { Balancer } from '../balance/balancer.ts'
import { Capacity } from '../capacity/capacity.ts'
import { policyMs } from '../clock.ts'
import type { Hedger } from '../hedging/hedger.ts'
import { RecordedCore } from '../journal/recorder.ts'
import { Learning } from '../learning/learning.ts'
import type { Ledger } from '../ledger/ledger.ts'
import {
  type AgentHealthOptions,
  type LearningOptions,
  LIMITS,
  type MetricsOptions,
  type Placement,
  type ScalingOptions,
  type StealingOptions,
} from '../options.ts'
import type { Roster } from '../people/person.ts'
import type { PolicyEffects, PolicyOptions } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { STAND_IN } from '../router/load.ts'
import type { RouterPool } from '../router/pool.ts'
import { Chooser } from '../routing/chooser.ts'
import { Random } from '../routing/generator.ts'
import { createStrategies, type StrategyEntry } from '../routing/registry.ts'
import type { Strategy } from '../routing/strategy.ts'
import { Advisor } from '../scaling/advisor.ts'
import type { StrategyOptions } from '../strategy-options.ts'
import { agentHealthSink } from './agent-notes.ts'
import { Batch } from './batch.ts'
import type { EventSink } from './complete.ts'
import { type DeadLetterOptions, DeadLetters } from './dead-letters/dead-letters.ts'
import { Decisions } from './explain/decisions.ts'
import { KeptScores } from './explain/kept-scores.ts'
import { Flows } from './flows.ts'
import { Health } from './health.ts'
import { Inbox } from './inbox.ts'
import { PayloadArena } from './payloads.ts'
import { People } from './people.ts'
import { PlacementCosts } from './placement.ts'
import { Records } from './records.ts'
import { Shadows } from './shadows.ts'
import { Together } from './together.ts'
import type { Transport } from './transport.ts'

export const STAGE_ADMIT = 0
export const STAGE_PROPOSE = 1
export const STAGE_COMMIT = 2
export const STAGE_DISPATCH = 3
export const STAGE_WORK = 4
export const STAGE_DELIVER = 5
export const STAGE_ASSIGNMENT = 6
export const STAGE_TOTAL = 7

export interface FrontEndOptions {
  name: string
  placement: Placement
  routers: number
  seed: number
  /** Those of users, which have a module, are made on routers only. */
  strategies: readonly StrategyEntry[]
  routing: StrategyOptions
  learning: LearningOptions
  payloadBytesMax: number
  arenaBytesMax: number
  /** Tasks of a flow. */
  flowTasksMax: number
  stealing: StealingOptions
  metrics: MetricsOptions
  /** Null: none is given. */
  scaling: ScalingOptions | null
  /** Null: nobody is judged. */
  agentHealth: AgentHealthOptions | null
  deadLetters: DeadLetterOptions
  /** None by default. */
  people?: Roster
  policy: Omit<PolicyOptions, 'strategyIndex' | 'routersOnlyFrom'>
}

export function createSchedulerMemory(options: FrontEndOptions): SharedMemory {
  return createMemory({
    ...DEFAULT_SHAPE,
    slotCount: options.policy.slots,
    agentCountMax: options.policy.agentsMax,
    classCountMax: options.policy.classesMax,
    routerCount: options.routers,
    latencyStageCount: LATENCY_STAGES.length,
  })
}

export class FrontEndContext {
  readonly options: FrontEndOptions
  readonly memory: SharedMemory
  readonly core: RecordedCore
  readonly rings: readonly TaskRingProducer[]
  readonly outboxes: readonly OutboxConsumer[]
  readonly strategies: readonly Strategy[]
  readonly chooser: Chooser
  readonly latency: LatencyWriter
  readonly learning: Learning
  readonly health: Health
  readonly people: People
  readonly agentHealth: AgentHealth
  readonly scaling: Advisor
  /** Set by the front end, whose dispatch it needs. */
  balancer!: Balancer
  hedger!: Hedger
  readonly capacity: Capacity
  /** Undefined when none is kept. */
  ledger: Ledger | undefined
  /** Types of tasks whose declared skills are in it. */
  rowsLearned = 0
  readonly slots: SlotTableReader
  readonly decisions = new Decisions()
  readonly keptScores = new KeptScores()
  readonly arena: PayloadArena
  readonly deadLetters: DeadLetters
  readonly inbox: Inbox
  readonly flows: Flows
  readonly together: Together
  readonly records = new Records()
  readonly transports: Transport[] = []
  /** Set once the threads run; undefined with `routers: 0`. */
  routers: RouterPool | undefined
  readonly costs = new PlacementCosts()
  readonly shadows: Shadows
  /** By strategy index: 1 for those of users, whose code runs on routers only. */
  readonly isOwn: Uint8Array
  /** Index of the strategy that stands in for one of those that is off. */
  readonly standIn: number
  /** Why strategies of users are off, by index. */
  readonly strategiesOff = new Map<number, string>()
  /** Entries that rings may still take before the outboxes are read again. */
  offersLeft: number
  /** Times that offers were published. */
  publications = 0
  /** A task that only routers may place waits because their ring is full. */
  holdsBack = false

  payloadBytesMax: number
  /** Of a page of a list, and of a status. */
  answerBytesMax: number = LIMITS.controlBytesMax

  /** Policy time of the current turn, ms. */
  nowMs = 0
  /** Since the last flush; stamped together. */
  readonly dispatched = new Batch<TaskRecord>()
  /** Two stamps of each completed task, µs: when its result came, when it was received itself. */
  readonly deliveredUs = new Batch<number>()
  /** When the result that is being taken came, µs. */
  resultUs = 0
  readonly refused: Record<string, number> = {}
  draining = false
  /** A task with parents, as it is admitted; whether it has ended by that, because of one of them. */
  admitting: TaskRecord | null = null
  endedAtOnce = false
  /** Of the front end: tells that. */
  over!: (record: TaskRecord) => void

  constructor(
    options: FrontEndOptions,
    effects: PolicyEffects,
    schedule: () => void,
    event: EventSink,
  ) {
    this.options = options
    this.payloadBytesMax = options.payloadBytesMax
    this.memory = createSchedulerMemory(options)
    const strategies = options.strategies.map(({ name }) => name)
    const built = options.strategies.filter(({ moduleUrl }) => moduleUrl === undefined)
    this.core = new RecordedCore(
      this.memory,
      {
        ...options.policy,
        routersOnlyFrom: built.length,
        strategyIndex: (name) => strategies.indexOf(name),
      },
      effects,
      { name: options.name, startedAt: new Date().toISOString(), strategies, counterStart: 0 },
    )
    this.rings = Array.from(
      { length: PRIORITY_LEVELS },
      (_, level) => new TaskRingProducer(this.memory, level),
    )
    this.outboxes = Array.from(
      { length: options.routers },
      (_, router) => new OutboxConsumer(this.memory, router as RouterIndex),
    )
    this.strategies = createStrategies(
      built.map(({ name }) => name),
      {
        random: new Random(options.seed),
        options: options.routing,
        phase: 0,
        agentCountMax: options.policy.agentsMax,
        classCountMax: options.policy.classesMax,
      },
    )
    this.standIn = strategies.indexOf(STAND_IN)
    const standIn = this.strategies[this.standIn]
    this.slots = new SlotTableReader(this.memory)
    this.chooser = new Chooser(
      this.memory,
      options.strategies.map((_, index) => this.strategies[index] ?? standIn),
    )
    this.isOwn = Uint8Array.from(options.strategies, ({ moduleUrl }) =>
      moduleUrl === undefined ? 0 : 1,
    )
    this.shadows = new Shadows(this.memory, this.core)
    this.offersLeft = this.memory.shape.publishMax
    this.latency = new LatencyWriter(this.memory, 0)
    this.learning = new Learning(new LearningWriter(this.memory), {
      agentCountMax: options.policy.agentsMax,
      rowCountMax: ROW_COUNT_MAX,
      ...options.learning,
    })
    this.health = new Health(this)
    this.people = new People(this, options.people ?? new Map(), event)
    const tell = agentHealthSink(this, event)
    this.agentHealth = new AgentHealth(this.core, this.learning, options.agentHealth, tell)
    this.scaling = new Advisor(
      this.core,
      {
        meanMs: (queue) => this.health.monitor.meanMsOf(queue),
        wallMs: (nowMs) => Date.now() - policyMs() + nowMs,
      },
      options.scaling,
      event,
    )
    this.capacity = new Capacity(this.core, this.learning, options.metrics)
    this.arena = new PayloadArena(options.arenaBytesMax)
    const { routes, keep } = options.deadLetters
    // Letters that hold all of a small arena would leave no room for tasks.
    const bytes = Math.min(keep.bytes, Math.floor(options.arenaBytesMax / 2))
    const deadLetters = { routes, keep: { ...keep, bytes } }
    this.deadLetters = new DeadLetters(deadLetters, options.strategies, this.arena, event)
    this.inbox = new Inbox(schedule)
    this.flows = new Flows(this, options.flowTasksMax)
    this.together = new Together(this)
  }

  /** The server's own limit; of payloads less what our headers may need. */
  limitPayload(maxPayload: number): void {
    const left = Math.max(1, maxPayload - LIMITS.headerBytesMax)
    this.payloadBytesMax = Math.min(this.payloadBytesMax, left)
    this.answerBytesMax = Math.min(this.answerBytesMax, maxPayload)
  }

  count(code: string): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }
}
