/**
 * The scheduler in numbers, for metrics: one look at all queues and agents, some ms with 10,000 queues.
 * Main thread, outside of the hot path.
 */
import { policyMs } from '../clock.ts'
import {
  type BalanceFigures,
  type DecisionFigures,
  type NamedQueues,
  OTHER_QUEUES,
  POOLS_MAX,
  type PoolFigures,
  type QueueFigures,
  type SchedulerFigures,
} from '../observe/figures.ts'
import { runnableOf } from '../policy/credit.ts'
import type { QueueState } from '../policy/queues.ts'
import { HEALTH_STATES } from '../promise-views.ts'
import { agentStatus } from './calls/views.ts'
import type { FrontEndContext } from './context.ts'

export function schedulerFigures(
  context: FrontEndContext,
  startedAtMs: number,
  named: NamedQueues,
): SchedulerFigures {
  const { core } = context
  const nowMs = policyMs()
  return {
    scheduler: context.options.name,
    uptimeMs: nowMs - startedAtMs,
    connected: isConnected(context),
    draining: context.draining,
    counters: { ...core.counters },
    attempts: { ...context.health.attempts },
    ...agentFigures(context),
    balance: balanceFigures(context),
    together: { ...context.together.counters },
    pools: poolFigures(context),
    refused: { ...context.refused },
    routers: context.routers?.status() ?? [],
    ledger: ledgerFigures(context),
    isJournalRecording: core.isRecording,
    deadLetters: { kept: context.deadLetters.count, dropped: context.deadLetters.dropped },
    queues: queueFigures(context, named, nowMs),
    decisions: decisionFigures(context, named),
  }
}

/** Of queues that have no name of their own together. */
function decisionFigures({ core, people }: FrontEndContext, names: NamedQueues): DecisionFigures[] {
  if (people.calibrations.size === 0) return []
  const named = names.choose(core.queues.values())
  const sums = new Map<string, DecisionFigures>()
  for (const [name, calibration] of people.calibrations) {
    const queue = named.has(name) ? name : OTHER_QUEUES
    for (const { band, decision, count } of calibration.counts()) {
      const key = `${queue} ${band} ${decision}`
      const sum = sums.get(key) ?? { queue, band, decision, count: 0 }
      sums.set(key, { ...sum, count: sum.count + count })
    }
  }
  return [...sums.values()]
}

export function isConnected({ transports }: FrontEndContext): boolean {
  return transports.every((transport) => transport.connected)
}

function ledgerFigures({ ledger }: FrontEndContext): SchedulerFigures['ledger'] {
  if (ledger === undefined) return null
  const { entries, lost, failure } = ledger.state
  return { entries, lost, hasFailed: failure !== null }
}

function agentFigures(
  context: FrontEndContext,
): Pick<SchedulerFigures, 'agents' | 'places' | 'conditions'> {
  const agents = { available: 0, busy: 0, overloaded: 0, offline: 0, maintenance: 0 }
  const conditions = {
    fit: 0,
    silent: 0,
    slow: 0,
    failing: 0,
    flapping: 0,
    trial: 0,
    maintenance: 0,
    off_hours: 0,
  }
  let places = 0
  for (const agent of context.core.agents.values()) {
    agents[agentStatus(context, agent)]++
    conditions[context.agentHealth.conditionOf(agent).condition]++
    places += runnableOf(agent)
  }
  return { agents, places, conditions }
}

function balanceFigures({ balancer }: FrontEndContext): BalanceFigures {
  const { busy, idle, variation } = balancer.spread()
  const { attempts, cycles } = balancer.counters
  return { stealAttempts: attempts, cycles, busy, idle, variation }
}

function poolFigures({ scaling }: FrontEndContext): PoolFigures[] {
  const pools = scaling.advice().map(({ queue, requires, agents, desiredAgents }) => {
    return { queue, requires: requires.join(','), agents, desired: desiredAgents }
  })
  const sizeOf = ({ agents, desired }: PoolFigures) => Math.max(agents, desired)
  if (pools.length > POOLS_MAX) pools.sort((a, b) => sizeOf(b) - sizeOf(a))
  return pools.slice(0, POOLS_MAX)
}

function queueFigures(
  context: FrontEndContext,
  names: NamedQueues,
  nowMs: number,
): readonly QueueFigures[] {
  const { queues } = context.core
  const named = names.choose(queues.values())
  const rows: QueueFigures[] = []
  let other: QueueFigures | null = null
  for (const queue of queues.values()) {
    if (named.has(queue.name)) rows.push(rowOf(context, queue, nowMs))
    else
      other =
        other === null ? rowOf(context, queue, nowMs) : added(other, rowOf(context, queue, nowMs))
  }
  if (other !== null) rows.push({ ...other, queue: OTHER_QUEUES })
  return rows
}

function rowOf(context: FrontEndContext, queue: QueueState, nowMs: number): QueueFigures {
  const health = context.health.monitor.healthOf(queue, nowMs)
  return {
    queue: queue.name,
    waiting: queue.waiting,
    scheduled: queue.scheduled,
    bound: queue.bound,
    running: queue.running,
    payloadBytes: queue.openBytes,
    paused: queue.paused,
    oldestMs: health.oldestMs,
    ended: health.ended,
    health: health.state,
    assigned: { kept: queue.slaKept, missed: queue.slaMissed },
    completed: { kept: queue.slaCompletedKept, missed: queue.slaCompletedMissed },
  }
}

/** Sums; of ages the oldest, of states the worst. */
function added(a: QueueFigures, b: QueueFigures): QueueFigures {
  const rank = (row: QueueFigures) => HEALTH_STATES.indexOf(row.health)
  const ages = [a.oldestMs, b.oldestMs].filter((ms) => ms !== null)
  return {
    queue: a.queue,
    waiting: a.waiting + b.waiting,
    scheduled: a.scheduled + b.scheduled,
    bound: a.bound + b.bound,
    running: a.running + b.running,
    payloadBytes: a.payloadBytes + b.payloadBytes,
    paused: a.paused && b.paused,
    oldestMs: ages.length === 0 ? null : Math.max(...ages),
    ended: a.ended + b.ended,
    health: rank(b) > rank(a) ? b.health : a.health,
    assigned: {
      kept: a.assigned.kept + b.assigned.kept,
      missed: a.assigned.missed + b.assigned.missed,
    },
    completed: {
      kept: a.completed.kept + b.completed.kept,
      missed: a.completed.missed + b.completed.missed,
    },
  }
}
