/**
 * What a fleet model is made of: memory of the right size, strategies, the core's options.
 *
 * Any thread. Invariant: strategies, weights and windows are the scheduler's defaults unless the
 * specification says otherwise; bounds that would end a run are out of the way.
 */
import { createMemory, type SharedMemory } from '../../native-free/index.ts'
import type { Balancer } from '../balance/balancer.ts'
import {
  type Binding,
  type LearningOptions,
  QUEUE_DEFAULTS,
  type QueueOptions,
  SCHEDULER_DEFAULTS,
  STEALING_DEFAULTS,
  type StealingOptions,
} from '../options.ts'
import type { PolicyOptions } from '../policy/state.ts'
import type { RecordOptions } from '../policy/task-record.ts'
import { Random } from '../routing/generator.ts'
import { createStrategies, strategyNames } from '../routing/registry.ts'
import type { Strategy, StrategyFactory } from '../routing/strategy.ts'
import { checkStrategyOptions, type RoutingOptions } from '../strategy-options.ts'
import type { ElasticSpec } from './elastic.ts'
import type { ModelAgent, Service } from './fleet.ts'
import type { Workload } from './workload.ts'

export interface ModelSpec {
  readonly workload: Workload
  readonly fleet: readonly ModelAgent[]
  /** By the agents' speeds when not given. */
  readonly service?: Service
  /** Name of one that comes with Signalbox. */
  readonly strategy: string
  /** Used instead of the one that is named: a benchmark's twin. */
  readonly factory?: StrategyFactory
  readonly binding: Binding
  /** Of queues that have others than these two. */
  readonly queues?: Readonly<
    Record<string, { strategy: string; binding: Binding } & Partial<QueueOptions>>
  >
  /** Of the strategy's random numbers. */
  readonly seed: number
  readonly learning?: Partial<LearningOptions>
  readonly routing?: RoutingOptions
  readonly agentQueueMax?: number
  /** What is bound to agents may be moved, as these say; not at all by default. */
  readonly stealing?: Partial<StealingOptions>
  /** Called whenever all that can be placed is, and moved what the balancer would. */
  readonly observe?: (balancer: Balancer, nowMs: number) => void
  /** Tasks may be left over because those who can do them are gone; an Error by default. */
  readonly isPartial?: boolean
  /** Share of tasks that do not count; `WARM_UP` by default. */
  readonly warmUp?: number
  /** Agents of the fleet come and go as somebody decides; all are there all the time by default. */
  readonly elastic?: ElasticSpec
}

/** Twelve days: nothing of a run times out, and the number is a small integer. */
const TIMEOUT_MS = 2 ** 30
const LEVEL = 3
/** Name of the strategy that a specification brings itself. */
export const TWIN = 'twin'

/** @returns what a task of each type asks for. */
export function optionsOf({ types }: Workload): RecordOptions[] {
  return types.map(({ name, requires, level = LEVEL, match = null, prefers = [] }) => {
    // One type is the queue's: nothing is said of it, which admits faster.
    const routing = types.length === 1 ? null : { type: name, strategy: null, match, prefers }
    return { level, requires, timeoutMs: null, retryCount: 0, routing }
  })
}

/** @returns all of Signalbox's own, and the twin behind them; the order is that of the options' names. */
export function strategiesOf(
  { seed, routing, factory }: ModelSpec,
  memory: SharedMemory,
): Strategy[] {
  const { agentCountMax, classCountMax } = memory.shape
  const options = checkStrategyOptions(routing ?? {})
  const context = { random: new Random(seed), agentCountMax, classCountMax, phase: 0, options }
  const strategies = createStrategies(strategyNames(), context)
  return factory === undefined ? strategies : [...strategies, factory(context)]
}

/** @returns what was asked for; off unless something was. */
export function stealingOf({ stealing }: ModelSpec): StealingOptions {
  return stealing === undefined
    ? { ...STEALING_DEFAULTS, mode: 'off' }
    : { ...STEALING_DEFAULTS, ...stealing }
}

export function policyOptions(
  { strategy, binding, queues = {}, factory, agentQueueMax, stealing }: ModelSpec,
  memory: SharedMemory,
): PolicyOptions {
  const names = factory === undefined ? strategyNames() : [...strategyNames(), TWIN]
  const { slotCount, agentCountMax, classCountMax } = memory.shape
  const bounds = { ...QUEUE_DEFAULTS, timeoutMs: TIMEOUT_MS, tasksMax: 2 ** 30 }
  const own = Object.entries(queues).map(([name, options]) => [name, { ...bounds, ...options }])
  return {
    epoch: 1,
    slots: slotCount,
    agentsMax: agentCountMax,
    classesMax: classCountMax,
    protectFrom: stealing?.protectFrom ?? STEALING_DEFAULTS.protectFrom,
    agentQueueMax: agentQueueMax ?? SCHEDULER_DEFAULTS.agentQueueMax,
    deadLetterMoves: {},
    dedup: { windowSeconds: 0, count: 0 },
    routersOnlyFrom: names.length,
    leaseMs: SCHEDULER_DEFAULTS.leaseMs,
    keep: { count: 0, ageSeconds: 1, bytes: 0 },
    strictQueues: false,
    queueDefaults: { ...bounds, strategy: factory === undefined ? strategy : TWIN, binding },
    queues: Object.fromEntries(own),
    strategyIndex: (name) => names.indexOf(name),
  }
}

/** A slot for each server, and one for the task that is being placed. */
export function memoryFor(agents: number, servers: number, types: number): SharedMemory {
  return createMemory({
    slotCount: ceil32(servers + 1),
    agentCountMax: ceil32(agents),
    classCountMax: ceil32(types),
    routerCount: 0,
    ringCapacity: 2,
    publishMax: 1,
    latencyStageCount: 0,
  })
}

function ceil32(count: number): number {
  return Math.ceil(count / 32) * 32
}
