/** Routes of what a scheduler says of itself, and of what it recorded. Main thread. */
import type { LatencyReport, SchedulerStatus } from '../../../../api.ts'
import type { LedgerTailOptions } from '../../../../ledger-views.ts'
import { LIMIT, routesOf } from '../route.ts'
import { ledgerPage } from '../schemas/queues.ts'
import { latencyReport, schedulerMetrics, schedulerStatus } from '../schemas/status.ts'

const status = routesOf('status')

export const STATUS_ROUTES = [
  status<SchedulerStatus>({
    on: 'GET /status',
    name: 'getStatus',
    summary: 'What the scheduler is doing: tasks, queues, agents, routers.',
    answer: schedulerStatus,
    handle: ({ scheduler }) => scheduler.status(),
  }),
  status<LatencyReport>({
    on: 'GET /latency',
    name: 'getLatency',
    summary: 'How long each stage of a task takes.',
    answer: latencyReport,
    handle: ({ scheduler }) => scheduler.latency(),
  }),
  status({
    on: 'GET /metrics',
    name: 'getMetrics',
    summary: 'Assignments, waits, steals, load and depths, by the names of the source documents.',
    answer: schedulerMetrics,
    handle: ({ scheduler }) => scheduler.metrics(),
  }),
  status({
    on: 'GET /ledger',
    name: 'getLedger',
    summary: 'The newest decisions, the oldest first, or those behind an earlier page.',
    query: {
      limit: LIMIT,
      after: { kind: 'text', description: 'The cursor of an earlier page: those behind it.' },
    },
    answer: ledgerPage,
    refusals: ['ledger_failed'],
    handle: ({ scheduler, query }) => scheduler.ledgerTail(query as LedgerTailOptions),
  }),
]
