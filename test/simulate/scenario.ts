/**
 * What a seed is made of: a scheduler's options, agents, submitters, and the plan of faults. Plain
 * data, drawn with the seed's dice, so that a seed always means the same run.
 *
 * Each seed has a theme that leans towards one part of the core (many classes, full queues, the
 * lane window, silent agents …), because what is rare in a mixed run would need thousands of them.
 */
import { LIMITS, SCHEDULER_DEFAULTS, type SchedulerOptions } from '../../src/options.ts'
import { strategyNames } from '../../src/routing/registry.ts'
import { type AdoptedPlan, planAdopted } from './adopted-service.ts'
import { type AgentPlan, planAgents, rescuer } from './agent-plans.ts'
import { planTunings, type Tuning } from './confirms.ts'
import { Dice } from './dice.ts'
import { type Fault, planFaults } from './faults.ts'
import {
  choosy,
  type GraphPlan,
  graphOf,
  hanging,
  hasGraphs,
  planGraphs,
  VOTERS_MAX,
} from './graph-plans.ts'
import {
  handing,
  hasMoves,
  inBursts,
  type Move,
  moving,
  planMoves,
  planPrefetches,
  unmoving,
} from './moves.ts'
import type { Weather } from './peer.ts'
import { hasPromises, ownOf, promising, QUIET_MS, urgent } from './promises.ts'
import { planSwitches, type Switch } from './switches.ts'
import { type OperatorCall, planOperator, planSubmitters, type TaskPlan } from './task-plans.ts'
import { THEMES, type Theme } from './themes.ts'

/** Limits that a seed makes smaller than they are, so that a small run meets them. */
export interface SmallLimits {
  laneWindow?: number
  fencedInstancesMax?: number
  offlineAgentsKept?: number
  queuesMax?: number
  timersPerTurn?: number
  admitsPerTurn?: number
  submitsWaitingMax?: number
  classes?: number
  adoptedPauseMsMin?: number
}

export interface Scenario {
  readonly seed: number
  readonly theme: Theme
  /** Without the connection, which is the world's. */
  readonly scheduler: SchedulerOptions
  /** Listens to every queue, as `dev` does, whatever the scheduler is configured for. */
  readonly wildcard: boolean
  readonly limits: SmallLimits
  /** The network while nothing is wrong. */
  readonly calm: Weather
  readonly agents: readonly AgentPlan[]
  /** Null for most. */
  readonly adopted: AdoptedPlan | null
  /** They join when the faults stop and can do everything. */
  readonly rescuers: readonly AgentPlan[]
  /** Null where nothing hangs together. */
  readonly graphs: GraphPlan | null
  readonly submitters: readonly { readonly name: string; readonly tasks: readonly TaskPlan[] }[]
  readonly operator: readonly OperatorCall[]
  readonly faults: readonly Fault[]
  readonly tunings: readonly Tuning[]
  readonly switches: readonly Switch[]
  readonly moves: readonly Move[]
  readonly isMoving: boolean
  /** Faults and lies stop then. */
  readonly faultyMs: number
  /** So long after it, all must be quiet. */
  readonly quietMs: number
  /** The scheduler is closed when the faults stop, and finishes what it has accepted. */
  readonly isClosed: boolean
}

/** Layer after layer, and people who look now and then. */
const GRAPHS_QUIET_MS = 10_000

const STRATEGIES = ['least_loaded', 'random', 'round_robin'] as const

export function scenarioOf(seed: number): Scenario {
  const dice = new Dice(seed, 'scenario')
  const theme = dice.weighted(THEMES)
  const limits = limitsOf(dice, theme)
  const routed = routedBy(new Dice(seed, 'routing'), theme, schedulerOf(dice, theme, seed))
  const moves = new Dice(seed, 'moves')
  const isMoving = hasMoves(moves, theme)
  const burstMs = moves.pick([150, 500, 1_500])
  const promises = new Dice(seed, 'promises')
  const isPromising = hasPromises(promises, theme)
  const promised = isPromising ? promising(promises, routed) : routed
  const changing = isMoving ? moving(moves, promised) : unmoving(promised)
  const leaseMs = routed.leaseMs!
  const faultyMs = Math.round(leaseMs * dice.between(2, 5))
  const hangs = new Dice(seed, 'graphs')
  const graphs = hasGraphs(hangs, theme) ? planGraphs(hangs, faultyMs) : null
  const scheduler = graphs === null ? changing : hanging(hangs, changing, graphs)
  const isUrgent = isPromising && promises.chance(0.3)
  const slowMs = theme === 'window' ? 0.1 : dice.pick([0.1, 1, 4])
  const calm: Weather = { delayMs: [0.05, slowMs], drop: 0, duplicate: 0, reorder: 0 }
  const planned = planAgents(seed, theme, { leaseMs, faultyMs })
  const willing = isUrgent ? planned.map(interruptible) : planned
  const handed = isMoving ? willing.map((plan) => handing(moves, plan, theme === 'calm')) : willing
  const agents = graphs === null ? handed : handed.map((plan) => choosy(hangs, plan))
  const plain = planSubmitters(new Dice(seed, 'submitters'), theme, faultyMs)
  const given = plain.map(({ name, tasks }) => ({
    name,
    tasks: tasks.map((one) => {
      const said = isUrgent ? urgent(promises, one) : one
      const task = isMoving ? { ...said, atMs: inBursts(burstMs, said.atMs) } : said
      return { ...task, own: isPromising ? ownOf(promises) : null }
    }),
  }))
  const before = given.flatMap((submitter) => submitter.tasks)
  const submitters = given.map(({ name, tasks }) => ({
    name,
    tasks:
      graphs === null
        ? tasks
        : tasks.map((task) => ({ ...task, graph: graphOf(hangs, task, before) })),
  }))
  const tasks = submitters.flatMap((submitter) => submitter.tasks)
  const faults = planFaults(new Dice(seed, 'faults'), theme, {
    leaseMs,
    faultyMs,
    routers: scheduler.routers!,
    agents: agents.map(({ id }) => id),
    submitters: submitters.map(({ name }) => name),
    submitsAtMs: tasks.map(({ atMs }) => atMs),
  })
  const onTheWire = agents.filter(({ isLocal }) => !isLocal).map(({ id }) => id)
  const adopted = planAdopted(new Dice(seed, 'adopted plan'), theme, faultyMs)
  if (adopted !== null) limits.adoptedPauseMsMin = adopted.pauseMsMin
  const defaultMs = scheduler.queueDefaults!.timeoutMs!
  const timeoutMs = Math.max(defaultMs, ...tasks.map((task) => task.timeoutMs ?? 0))
  return {
    seed,
    theme,
    scheduler,
    wildcard: theme !== 'strict' || dice.chance(0.5),
    limits,
    calm,
    agents,
    adopted,
    rescuers:
      graphs === null ? [rescuer()] : Array.from({ length: VOTERS_MAX }, (_, i) => rescuer(i)),
    graphs,
    submitters,
    operator: planOperator(new Dice(seed, 'operator'), { faultyMs, agents, tasks }),
    faults,
    switches: planSwitches(new Dice(seed, 'switches'), faultyMs, isPromising),
    isMoving,
    moves: isMoving ? planMoves(moves, faultyMs) : [],
    tunings: isMoving
      ? planPrefetches(moves, onTheWire, faultyMs)
      : planTunings(new Dice(seed, 'tunings'), theme, onTheWire, faultyMs),
    faultyMs,
    // A last time-out, its credit back after as long again, leases, and the backlog in turn.
    isClosed: dice.chance(0.15) && graphs === null,
    quietMs:
      2 * Math.max(timeoutMs, leaseMs) +
      4 * leaseMs +
      40 * tasks.length +
      1_000 +
      (isPromising ? QUIET_MS : 0) +
      (graphs === null ? 0 : GRAPHS_QUIET_MS),
  }
}

/** Slow enough to be interrupted, and willing. */
function interruptible(plan: AgentPlan): AgentPlan {
  return plan.isMute ? plan : { ...plan, onPreempt: 'yields', workMs: [10, 60], concurrency: 2 }
}

function schedulerOf(dice: Dice, theme: Theme, seed: number): SchedulerOptions {
  const routers = theme === 'window' || theme === 'wideWindow' ? 2 : dice.pick([0, 1, 2, 2])
  const wide = theme === 'wideWindow'
  const tight = theme === 'losses'
  return {
    name: 'main',
    seed,
    routers,
    placement: routers === 0 ? dice.pick(['auto', 'inline']) : placementOf(dice, theme),
    strategy: dice.pick(STRATEGIES),
    leaseMs: dice.pick([300, 600, 1_000]),
    slots: wide ? 1_024 : dice.pick([32, 32, 64]),
    agentsMax: 32,
    payloadBytesMax: theme === 'memory' ? 300_000 : 2_048,
    ...(theme === 'memory' ? { arenaBytesMax: 2 ** 20 } : {}),
    keep: keepOf(dice, theme),
    strictQueues: theme === 'strict',
    queueDefaults: {
      timeoutMs: dice.pick([150, 400, 1_500]),
      retryCount: dice.whole(0, 3),
      lossLimit: tight ? dice.whole(0, 1) : dice.whole(2, 8),
      ...(theme === 'full'
        ? { tasksMax: dice.whole(3, 12), bytesMax: dice.whole(300, 2_000) }
        : {}),
    },
    queues: {
      red: { strategy: dice.pick(STRATEGIES) },
      green: { retryCount: dice.whole(0, 2), timeoutMs: dice.whole(80, 900) },
      blue: { lossLimit: dice.whole(tight ? 0 : 1, 3) },
    },
  }
}

/** Strategies of all sorts, and in some seeds tasks that are bound early, or to who fits best. */
function routedBy(dice: Dice, theme: Theme, options: SchedulerOptions): SchedulerOptions {
  if (theme === 'wideWindow') return options
  const { red, green, blue } = options.queues!
  const binding = () => (dice.chance(0.4) ? 'early' : 'late')
  const match = () => dice.pick(['exact', 'exact', 'fallback', 'best_fit'] as const)
  const strategy = () => dice.pick(strategyNames())
  return {
    ...options,
    strategy: strategy(),
    agentQueueMax: dice.pick([1, 2, 4, 16]),
    queues: {
      red: { ...red, strategy: strategy(), binding: binding(), match: match() },
      green: { ...green, binding: binding() },
      blue: { ...blue, binding: binding(), match: match() },
    },
  }
}

function placementOf(dice: Dice, theme: Theme): SchedulerOptions['placement'] {
  if (theme === 'window' || theme === 'wideWindow') return 'routers'
  return dice.pick(['auto', 'routers', 'routers', 'inline'])
}

function keepOf(dice: Dice, theme: Theme): SchedulerOptions['keep'] {
  if (theme !== 'keep') return { count: 1_000, ageSeconds: dice.pick([3_600, 30]), bytes: 1e6 }
  return {
    count: dice.pick([0, 2, 10, 1_000]),
    ageSeconds: dice.pick([1, 1, 60]),
    bytes: dice.pick([0, 200, 1e6]),
  }
}

function limitsOf(dice: Dice, theme: Theme): SmallLimits {
  const limits: SmallLimits = {}
  if (theme === 'window') limits.laneWindow = dice.whole(2, 12)
  if (theme === 'crowd' || dice.chance(0.15)) {
    limits.fencedInstancesMax = dice.whole(1, 3)
    limits.offlineAgentsKept = dice.whole(1, 3)
  }
  if (theme === 'classes') {
    limits.classes = dice.whole(3, 9)
    limits.queuesMax = dice.whole(3, 6)
  }
  if (theme === 'full') {
    limits.submitsWaitingMax = dice.whole(4, 40)
    limits.admitsPerTurn = dice.whole(2, 20)
  }
  if (theme === 'timers') limits.timersPerTurn = dice.whole(1, 4)
  return limits
}

/** Puts a seed's limits in place. @returns what puts the real ones back. */
export function applyLimits({ classes, ...limits }: SmallLimits): () => void {
  const before = { ...LIMITS }
  const classesBefore = SCHEDULER_DEFAULTS.classes
  Object.assign(LIMITS, limits)
  SCHEDULER_DEFAULTS.classes = classes ?? 64
  return () => {
    Object.assign(LIMITS, before)
    SCHEDULER_DEFAULTS.classes = classesBefore
  }
}
