/** Schemas of agents, their load, the fleet's balance and how many there should be. Any thread. */
import type {
  AgentCondition,
  AgentProfile,
  AgentUtilization,
  RebalanceReport,
  ScalingAdvice,
  Trend,
} from '../../../../balance-views.ts'
import type { AgentStatusName, AgentView } from '../../../../task.ts'
import {
  count,
  list,
  map,
  named,
  nullable,
  number,
  object,
  oneOf,
  text,
  time,
  token,
  wordOf,
  yesNo,
} from '../schema.ts'

const condition = wordOf<AgentCondition>({
  fit: 0,
  silent: 0,
  slow: 0,
  failing: 0,
  flapping: 0,
  trial: 0,
  maintenance: 0,
  off_hours: 0,
})
const status = wordOf<AgentStatusName>({
  offline: 0,
  available: 0,
  busy: 0,
  overloaded: 0,
  maintenance: 0,
})
const trend = wordOf<Trend>({ rising: 0, stable: 0, decreasing: 0 })

export const agentRows = named(
  'Agents',
  list(
    named(
      'Agent',
      object<AgentView>(
        {
          id: token,
          instance: text,
          status,
          queues: list(text),
          capabilities: list(token),
          labels: map(number),
          specializations: map(number),
          latencyMeanUs: nullable(number),
          successRate: number,
          skills: map(number),
          concurrency: count,
          prefetch: count,
          keeps: yesNo,
          running: count,
          completed: count,
          failed: count,
          lost: count,
          silentMs: number,
          condition,
          reason: nullable(text),
          granted: count,
          subject: text,
          hours: text,
          claimed: count,
        },
        ['granted', 'subject', 'hours', 'claimed'],
      ),
    ),
  ),
)

export const agentProfile = named(
  'AgentProfile',
  object<AgentProfile>({
    agent: token,
    status,
    condition,
    reason: nullable(text),
    capacity: count,
    load: count,
    running: list(
      object<AgentProfile['running'][number]>({ task: token, queue: token, forMs: number }),
    ),
    queued: count,
    unbegun: count,
    last: object<AgentProfile['last']>({
      results: count,
      meanMs: nullable(number),
      successRate: nullable(number),
      slaCompliance: nullable(number),
      errors: count,
    }),
    hour: object<AgentProfile['hour']>({
      tasksPerHour: number,
      loadMin: number,
      loadMax: number,
      loadTrend: trend,
      errors: count,
      errorTrend: trend,
    }),
  }),
)

const utilization = named(
  'Utilization',
  object<AgentUtilization>({
    agent_id: token,
    current_load: count,
    max_capacity: count,
    utilization_percent: number,
    available_slots: count,
    avg_task_time: nullable(number),
    success_rate: nullable(number),
    sla_compliance_percent: nullable(number),
  }),
)
export const utilizationOfOne = utilization
export const utilizations = named('Capacity', list(utilization))

export const advice = named(
  'Advice',
  list(
    object<ScalingAdvice>({
      queue: token,
      requires: list(text),
      verdict: oneOf('add', 'remove', 'keep'),
      agents: count,
      desiredAgents: count,
      reason: text,
      arrivalsPerSecond: number,
      serviceMs: nullable(number),
      utilization: number,
      waiting: count,
      oldestMs: number,
      predictedWaitMs: nullable(number),
      slaMs: nullable(number),
      places: count,
      desiredPlaces: count,
      since: time,
    }),
  ),
)

export const rebalanceReport = named(
  'RebalanceReport',
  object<RebalanceReport>({
    moved: list(
      object<RebalanceReport['moved'][number]>({
        task: token,
        queue: token,
        from: token,
        to: token,
      }),
    ),
    recalled: count,
    variationBefore: number,
    variationAfter: number,
    reason: text,
  }),
)
