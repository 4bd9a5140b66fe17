/**
 * The fleets and tasks of the simulated benchmarks, with their reasons.
 *
 * Runs on: child processes of `quality` and `strategies`. Invariant: every strategy is given the
 * same fleets and, by their seeds, the same tasks.
 */
import type { DurationKind } from '../src/fleet-model/durations.ts'
import { capacityOf, type ModelAgent } from '../src/fleet-model/fleet.ts'
import {
  makeWorkload,
  ONE_TYPE,
  type TaskType,
  type Workload,
} from '../src/fleet-model/workload.ts'

/** At speed 1. Only ratios matter; 100 ms is what a small model call takes. */
export const MEAN_WORK_US = 100_000
/** Many times more keys than agents, so that `affinity`, which goes by them, can spread them evenly. */
const KEY_COUNT = 1_000
/** Enough for chance to even out between agents, few enough to look at one by one. */
const AGENTS = 20
/**
 * Steps through the speeds by which agents of neighbouring indices differ: it has no factor in common
 * with 20. A rotation would else meet the slow ones in a row, which no fleet does on purpose.
 */
const STRIDE = 7

/** Tasks that anybody can do. */
const ANYTHING: readonly TaskType[] = ONE_TYPE

export interface FleetPlan {
  readonly fleet: readonly ModelAgent[]
  readonly types: readonly TaskType[]
}

type Traits = Omit<ModelAgent, 'name'>

function agents(count: number, traits: (index: number) => Traits): ModelAgent[] {
  return Array.from({ length: count }, (_, index) => ({ name: `a${index}`, ...traits(index) }))
}

/** Speeds 1 to 5 in equal steps over a fleet, not in order. */
export function speedsOneToFive(count: number, concurrency: number): ModelAgent[] {
  return agents(count, (index) => ({
    speed: 1 + (4 * ((index * STRIDE) % count)) / (count - 1),
    concurrency,
    capabilities: [],
  }))
}

/** Equal agents: what differs here is luck. Queueing theory has formulas for these. */
export function equalAgents(count: number, concurrency: number): ModelAgent[] {
  return agents(count, () => ({ speed: 1, concurrency, capabilities: [] }))
}

/**
 * Two fifths of the tasks need `ocr`, two fifths `translate`, one anybody; eight agents can do one, eight
 * the other, four both. Whoever gives these four what anybody could do wastes them.
 */
const MIXED_TYPES: readonly TaskType[] = [
  { name: 'scan', requires: ['ocr'], share: 0.4 },
  { name: 'translate', requires: ['translate'], share: 0.4 },
  { name: 'any', requires: [], share: 0.2 },
]

const MIXED_CAPABILITIES = [['ocr'], ['translate'], ['ocr'], ['translate'], ['ocr', 'translate']]

/** Of `quality`. One server behind each agent: there waits are longest and choices weigh most. */
export const FLEETS = {
  homogeneous: { fleet: equalAgents(AGENTS, 1), types: ANYTHING },
  heterogeneous: { fleet: speedsOneToFive(AGENTS, 1), types: ANYTHING },
  mixed: {
    fleet: agents(AGENTS, (index) => ({
      speed: 1,
      concurrency: 1,
      capabilities: MIXED_CAPABILITIES[index % MIXED_CAPABILITIES.length],
    })),
    types: MIXED_TYPES,
  },
  oneSlow: {
    fleet: agents(AGENTS, (index) => ({
      speed: index === STRIDE ? 0.1 : 1,
      concurrency: 1,
      capabilities: [],
    })),
    types: ANYTHING,
  },
} satisfies Record<string, FleetPlan>

export type FleetName = keyof typeof FLEETS
export const FLEET_NAMES = Object.keys(FLEETS) as FleetName[]

/** Idle enough for a choice; as busy as one plans a fleet; almost too busy. */
export const LOADS = [0.5, 0.8, 0.95]

/** Heavy-tailed as `durations.ts` says: variance ten times that of exponential ones. */
export const DURATIONS: readonly DurationKind[] = ['exponential', 'fixed', 'pareto']

/** Tasks that load a fleet to this share of what it can do. */
export function tasksFor(
  { fleet, types }: FleetPlan,
  load: number,
  durations: DurationKind,
  count: number,
  seed: number,
): Workload {
  return makeWorkload({
    count,
    rate: load * capacityOf(fleet, MEAN_WORK_US),
    durations,
    meanWorkUs: MEAN_WORK_US,
    types,
    keyCount: KEY_COUNT,
    seed,
  })
}
