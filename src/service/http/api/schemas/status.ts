/** Schemas of what a scheduler says of itself: status, latency, metrics. Any thread. */
import {
  LATENCY_STAGES,
  type LatencyReport,
  type LatencySummary,
  type QueueStatus,
  type RouterStatus,
  type SchedulerStatus,
} from '../../../../api.ts'
import type { SchedulerMetrics } from '../../../../balance-views.ts'
import type { Placement } from '../../../../options.ts'
import {
  type AnySchema,
  count,
  list,
  map,
  named,
  nullable,
  number,
  object,
  oneOf,
  type Schema,
  text,
  time,
  token,
  whole,
  yesNo,
} from '../schema.ts'

type Part<Key extends keyof SchedulerStatus> = SchedulerStatus[Key]

/** An object of counts alone. */
function counts<T extends object>(keys: { readonly [Key in keyof T]-?: 0 }): Schema<T> {
  const properties = Object.fromEntries(Object.keys(keys).map((key) => [key, count]))
  return object<T>(properties as unknown as { readonly [Key in keyof T]-?: AnySchema })
}

const queue = object<QueueStatus>({
  queue: token,
  waiting: count,
  bound: count,
  running: count,
  bytes: count,
  waitingFor: nullable(text),
})

const router = object<RouterStatus>({
  router: count,
  alive: yesNo,
  decisions: count,
  stale: count,
  steals: count,
  sleeps: count,
  restarts: count,
})

const tasks = object<Part<'tasks'>>({
  accepted: count,
  duplicates: count,
  completed: count,
  failed: count,
  cancelled: count,
  dead: count,
  expired: count,
  scheduled: count,
  blocked: count,
  waiting: count,
  offered: count,
  bound: count,
  running: count,
  lost: whole,
})

export const schedulerStatus = named(
  'Status',
  object<SchedulerStatus>({
    scheduler: token,
    epoch: number,
    uptimeMs: number,
    placement: oneOf<Placement>('auto', 'routers', 'inline'),
    draining: yesNo,
    connected: yesNo,
    tasks,
    attempts: counts<Part<'attempts'>>({
      started: 0,
      retried: 0,
      timedOut: 0,
      lost: 0,
      dispatchFailed: 0,
      repeated: 0,
      lateResults: 0,
    }),
    placedBy: counts<Part<'placedBy'>>({ routers: 0, inline: 0 }),
    moves: counts<Part<'moves'>>({ stolen: 0, recalled: 0 }),
    proposals: counts<Part<'proposals'>>({ conflicts: 0, stale: 0, overdue: 0, bounced: 0 }),
    refused: map(count),
    tasksPerAgent: map(count),
    agents: counts<Part<'agents'>>({ online: 0, offline: 0, draining: 0 }),
    queues: list(queue),
    strategiesOff: map(text),
    unlisted: counts<Part<'unlisted'>>({
      queues: 0,
      waiting: 0,
      running: 0,
      agents: 0,
      completed: 0,
    }),
    routers: list(router),
    hedges: counts<Part<'hedges'>>({ started: 0, won: 0 }),
  }),
)

const summary = named(
  'LatencySummary',
  object<LatencySummary>({
    count,
    meanUs: number,
    p50Us: number,
    p90Us: number,
    p99Us: number,
    p999Us: number,
    maxUs: number,
    encoded: text,
  }),
)
const stages = Object.fromEntries(LATENCY_STAGES.map((stage) => [stage, summary]))
export const latencyReport = named(
  'Latency',
  object<LatencyReport>(stages as unknown as { [Stage in keyof LatencyReport]: AnySchema }),
)

export const schedulerMetrics = named(
  'Metrics',
  object<SchedulerMetrics>({
    total_tasks_distributed: count,
    successful_assignments: count,
    failed_assignments: count,
    average_assignment_time_ms: number,
    agent_utilization: map(number),
    task_type_distribution: map(count),
    average_completion_time_ms: number,
    success_rate: number,
    failure_rate: number,
    average_wait_time_ms: number,
    queue_sizes: map(count),
    steal_attempts: count,
    successful_steals: count,
    failed_steals: count,
    successful_migrations: count,
    failed_migrations: count,
    recalled_tasks: count,
    recall_requests: count,
    rebalance_cycles: count,
    busy_agents: count,
    idle_agents: count,
    load_variation: number,
    load_variance: number,
    queue_depth_samples: list(
      object<SchedulerMetrics['queue_depth_samples'][number]>({
        at: time,
        waiting: count,
        bound: count,
        running: count,
      }),
    ),
  }),
)
