/** What status calls show, read from the live state. Main thread, outside of the hot path. */
import { AgentStatus } from '../../native-free/index.ts'
import type { QueueStatus, SchedulerStatus } from '../api.ts'
import { policyMs } from '../clock.ts'
import type { AgentState } from '../policy/agents.ts'
import type { QueueState } from '../policy/queues.ts'
import { stateName, type TaskRecord, WAITING } from '../policy/task-record.ts'
import type { AgentStatusName, AgentView, PriorityLevel, TaskRow, TaskView } from '../task.ts'
import { payloadText } from '../wire/payload.ts'
import type { FrontEndContext } from './context.ts'
import type { AgentPort } from './transport.ts'

const RESULT_SHOWN_MAX = 64 * 1024

export function taskView(context: FrontEndContext, record: TaskRecord): TaskView {
  const shown = record.resultBytes >= 0 && record.resultBytes <= RESULT_SHOWN_MAX
  return {
    ...taskRow(record, context.core.waitingFor(record)),
    result: shown ? payloadText(context.arena.get(record.result, record.resultBytes)) : null,
  }
}

/** @param waitingFor what the core says of it. */
export function taskRow(record: TaskRecord, waitingFor: string | null): TaskRow {
  return {
    id: record.id,
    queue: record.queueName,
    state: stateName(record.state),
    priority: record.level as PriorityLevel,
    requires: [...record.requires],
    attempts: record.attempts,
    agent: record.agentId,
    waitingFor,
    code: record.code,
    message: record.code === null ? null : record.message,
    payloadBytes: record.payloadBytes,
    resultBytes: record.resultBytes >= 0 ? record.resultBytes : null,
    progress: record.progress,
    acceptedAt: wallClock(record.acceptedAtMs),
    startedAt: record.startedAtMs === 0 ? null : wallClock(record.startedAtMs),
    finishedAt: record.finishedAtMs === 0 ? null : wallClock(record.finishedAtMs),
  }
}

/** Policy time to ms since 1970. */
function wallClock(atMs: number): number {
  return Math.round(Date.now() - (policyMs() - atMs))
}

export function agentViews(context: FrontEndContext): AgentView[] {
  return [...context.core.agents.values()].map((agent) => agentView(context, agent))
}

function agentView(context: FrontEndContext, agent: AgentState): AgentView {
  const subject = (agent.link as AgentPort).adoptedSubject?.(agent)
  return {
    id: agent.id,
    instance: agent.instance,
    status: statusName(context, agent),
    queues: [...agent.queues],
    capabilities: [...agent.capabilities],
    concurrency: agent.concurrency,
    running: agent.running.length,
    completed: agent.completed,
    failed: agent.failed,
    lost: agent.lost,
    silentMs: agent.leased ? Math.round(policyMs() - agent.lastSeenMs) : 0,
    ...(subject === undefined ? {} : { subject }),
  }
}

function statusName(context: FrontEndContext, agent: AgentState): AgentStatusName {
  if (agent.draining) return 'maintenance'
  if (agent.paused) return 'offline'
  const status = context.core.table.status(agent.index as never)
  if (status === AgentStatus.OVERLOADED) return 'overloaded'
  return status === AgentStatus.BUSY ? 'busy' : 'available'
}

export function schedulerStatus(context: FrontEndContext, startedAtMs: number): SchedulerStatus {
  const { core } = context
  const { counters } = core
  const queues = [...core.queues.values()]
  const waiting = core.active.reduce((sum, cls) => sum + cls.waiting, 0)
  const running = queues.reduce((sum, queue) => sum + queue.running, 0)
  const finished = counters.completed + counters.failed + counters.cancelled + counters.dead
  const agents = [...core.agents.values()]
  return {
    scheduler: context.options.name,
    epoch: core.options.epoch,
    uptimeMs: Math.round(policyMs() - startedAtMs),
    placement: context.options.placement,
    draining: context.draining,
    connected: context.transports.every((transport) => transport.connected),
    tasks: {
      accepted: counters.accepted,
      duplicates: counters.duplicates,
      completed: counters.completed,
      failed: counters.failed,
      cancelled: counters.cancelled,
      dead: counters.dead,
      waiting,
      offered: core.totalOffered,
      running,
      lost: counters.accepted - finished - waiting - core.totalOffered - running,
    },
    attempts: {
      started: counters.started,
      retried: counters.retried,
      timedOut: counters.timedOut,
      lost: counters.attemptsLost,
      dispatchFailed: counters.dispatchFailed,
      repeated: counters.repeated,
      lateResults: counters.lateResults,
    },
    placedBy: { routers: counters.placedByRouters, inline: counters.placedInline },
    proposals: {
      conflicts: counters.conflicts,
      stale: counters.staleProposals,
      overdue: counters.overdueOffers,
      bounced: counters.bounced,
    },
    refused: { ...context.refused },
    tasksPerAgent: tasksPerAgent(context),
    agents: {
      online: agents.filter((agent) => agent.accepting).length,
      offline: agents.filter((agent) => agent.paused).length,
      draining: agents.filter((agent) => agent.draining).length,
    },
    queues: queues.map((queue) => queueStatus(context, queue)),
    routers: context.routers?.status() ?? [],
  }
}

function tasksPerAgent(context: FrontEndContext): Record<string, number> {
  const totals: Record<string, number> = {}
  for (const [id, { completed }] of context.core.agentTotals) totals[id] = completed
  for (const agent of context.core.agents.values()) {
    totals[agent.id] = (totals[agent.id] ?? 0) + agent.completed
  }
  return totals
}

function queueStatus(context: FrontEndContext, queue: QueueState): QueueStatus {
  return {
    queue: queue.name,
    waiting: queue.waiting,
    running: queue.running,
    bytes: queue.openBytes,
    waitingFor: oldestWaitingFor(context, queue),
  }
}

function oldestWaitingFor(context: FrontEndContext, queue: QueueState): string | null {
  let oldest: TaskRecord | null = null
  for (const cls of context.core.active) {
    if (cls.queue !== queue) continue
    for (const lane of cls.lanes) {
      const head = lane.waiting.head
      if (head !== null && (oldest === null || head.seq < oldest.seq)) oldest = head
    }
  }
  return oldest?.state === WAITING ? context.core.waitingFor(oldest) : null
}
