/**
 * A policy core over a small shared memory with nothing around it: no front end, no routers, no clock.
 * Fleets of benchmarks drive it by hand.
 */
import {
  AgentTableWriter,
  ClassTableWriter,
  createMemory,
  SlotTableWriter,
} from '../native-free/index.ts'
import { QUEUE_DEFAULTS, type QueueOptions } from '../src/options.ts'
import { PolicyCore } from '../src/policy/core.ts'
import type { PolicyEffects, PolicyOptions } from '../src/policy/state.ts'

const CLASSES_MAX = 32

export interface LoneCore {
  /** At least; both come in groups of 32. */
  readonly slots: number
  readonly agents: number
  readonly queueDefaults?: Partial<QueueOptions>
  /** By default nothing is kept, and no lease ends. */
  readonly policy?: Partial<PolicyOptions>
}

export function loneCore(
  { slots, agents, queueDefaults = {}, policy = {} }: LoneCore,
  effects: PolicyEffects,
): PolicyCore {
  const memory = createMemory({
    slotCount: inGroups(slots),
    agentCountMax: inGroups(agents),
    classCountMax: CLASSES_MAX,
    routerCount: 0,
    ringCapacity: 2,
    publishMax: 1,
    latencyStageCount: 0,
  })
  return new PolicyCore(
    new SlotTableWriter(memory),
    new AgentTableWriter(memory),
    new ClassTableWriter(memory),
    {
      epoch: 1,
      slots: inGroups(slots),
      agentsMax: inGroups(agents),
      classesMax: CLASSES_MAX,
      leaseMs: 2 ** 30,
      keep: { count: 0, ageSeconds: 1, bytes: 0 },
      strictQueues: false,
      queueDefaults: { ...QUEUE_DEFAULTS, ...queueDefaults },
      queues: {},
      agentQueueMax: 16,
      protectFrom: 4,
      deadLetterMoves: {},
      dedup: { windowSeconds: 0, count: 0 },
      routersOnlyFrom: 1,
      strategyIndex: () => 0,
      ...policy,
    },
    effects,
  )
}

function inGroups(count: number): number {
  return Math.ceil(count / 32) * 32
}
