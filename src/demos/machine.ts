/**
 * What a stage is made of: the scheduler's own policy core, choosers and learning over a small shared
 * memory, with the scheduler's defaults. Any thread.
 *
 * Invariant: nothing in here is a copy of a rule; what a demo shows is what the scheduler does.
 */
import {
  AgentTableWriter,
  ClassTableWriter,
  LearningWriter,
  ROW_COUNT_MAX,
  type SharedMemory,
  SlotTableWriter,
} from '../../native-free/index.ts'
import { memoryFor } from '../fleet-model/setup.ts'
import { Learning } from '../learning/learning.ts'
import {
  type Binding,
  QUEUE_DEFAULTS,
  type QueueOptions,
  SCHEDULER_DEFAULTS,
  type StealingOptions,
} from '../options.ts'
import { PolicyCore } from '../policy/core.ts'
import type { PolicyEffects, PolicyOptions } from '../policy/state.ts'
import { Chooser } from '../routing/chooser.ts'
import { Random } from '../routing/generator.ts'
import { createStrategies, strategyNames } from '../routing/registry.ts'
import type { Strategy } from '../routing/strategy.ts'
import { checkStrategyOptions } from '../strategy-options.ts'

export interface MachineOptions {
  readonly seed: number
  readonly strategy: string
  /** `late` by default. */
  readonly binding?: Binding
  /** By name; what is not said is as a queue has it that nobody configured. */
  readonly queues?: Readonly<Record<string, Partial<QueueOptions>>>
  /** Queue that tasks go on in, by the name of their dead letter. */
  readonly deadLetterMoves?: Readonly<Record<string, string>>
  readonly stealing?: Partial<StealingOptions>
  readonly agentQueueMax?: number
  readonly leaseMs?: number
}

const SERVERS_MAX = 511
const AGENTS_MAX = 32
const TYPES_MAX = 64
/** Nothing of a demo runs out of time unless it says so: twelve days. */
const TIMEOUT_MS = 2 ** 30

export interface Machine {
  readonly memory: SharedMemory
  readonly core: PolicyCore
  readonly chooser: Chooser
  readonly strategies: readonly Strategy[]
  readonly learning: Learning
  readonly stealing: StealingOptions
}

export function buildMachine(options: MachineOptions, effects: PolicyEffects): Machine {
  const memory = memoryFor(AGENTS_MAX, SERVERS_MAX, TYPES_MAX)
  const { agentCountMax, classCountMax } = memory.shape
  const random = new Random(options.seed)
  // What a demo shows of a strategy is its rule: nobody is tried out besides.
  const strategyOptions = checkStrategyOptions({ exploration: 0 })
  const context = { random, agentCountMax, classCountMax, phase: 0, options: strategyOptions }
  const strategies = createStrategies(strategyNames(), context)
  const shape = { agentCountMax, rowCountMax: ROW_COUNT_MAX, ...SCHEDULER_DEFAULTS.learning }
  const stealing = { ...SCHEDULER_DEFAULTS.stealing, ...options.stealing }
  return {
    memory,
    chooser: new Chooser(memory, strategies),
    strategies,
    learning: new Learning(new LearningWriter(memory), shape),
    stealing,
    core: new PolicyCore(
      new SlotTableWriter(memory),
      new AgentTableWriter(memory),
      new ClassTableWriter(memory),
      policyOptions(options, stealing, memory.shape.slotCount),
      effects,
    ),
  }
}

function policyOptions(
  { strategy, binding = 'late', queues = {}, ...more }: MachineOptions,
  { protectFrom }: StealingOptions,
  slots: number,
): PolicyOptions {
  const names = strategyNames()
  const queueDefaults = { ...QUEUE_DEFAULTS, timeoutMs: TIMEOUT_MS, strategy, binding }
  const own = Object.entries(queues).map(([name, said]) => [name, { ...queueDefaults, ...said }])
  return {
    epoch: 1,
    slots,
    agentsMax: AGENTS_MAX,
    classesMax: TYPES_MAX,
    protectFrom,
    agentQueueMax: more.agentQueueMax ?? SCHEDULER_DEFAULTS.agentQueueMax,
    deadLetterMoves: more.deadLetterMoves ?? {},
    dedup: { windowSeconds: 0, count: 0 },
    routersOnlyFrom: names.length,
    leaseMs: more.leaseMs ?? SCHEDULER_DEFAULTS.leaseMs,
    keep: { count: 10_000, ageSeconds: 86_400, bytes: 1_000_000 },
    strictQueues: false,
    queueDefaults,
    queues: Object.fromEntries(own),
    strategyIndex: (name) => names.indexOf(name),
  }
}
