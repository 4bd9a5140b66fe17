/** What is shown of a task and of an agent, read from the live state. Main thread, outside of the hot path. */
import { AgentStatus } from '../../../native-free/index.ts'
import { policyMs } from '../../clock.ts'
import type { AgentState } from '../../policy/agents.ts'
import { stateName, type TaskRecord } from '../../policy/task-record.ts'
import type { AgentStatusName, AgentView, PriorityLevel, TaskRow, TaskView } from '../../task.ts'
import { payloadText } from '../../wire/payload.ts'
import type { FrontEndContext } from '../context.ts'
import type { AgentPort } from '../transport.ts'

const RESULT_SHOWN_MAX = 64 * 1024

export function taskView(context: FrontEndContext, record: TaskRecord): TaskView {
  const shown = record.resultBytes >= 0 && record.resultBytes <= RESULT_SHOWN_MAX
  return {
    ...taskRow(context, record, context.core.waitingFor(record)),
    result: shown ? payloadText(context.arena.get(record.result, record.resultBytes)) : null,
  }
}

/** @param waitingFor what the core says of it. */
export function taskRow(
  context: FrontEndContext,
  record: TaskRecord,
  waitingFor: string | null,
): TaskRow {
  const { type, requires, prefers, match, strategyIndex } = record.cls!
  return {
    id: record.id,
    queue: record.queueName,
    state: stateName(record.state),
    priority: record.level as PriorityLevel,
    type,
    requires: [...requires],
    prefers: [...prefers],
    match,
    strategy: context.options.strategies[strategyIndex]?.name ?? '',
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

export function agentView(context: FrontEndContext, agent: AgentState): AgentView {
  const subject = (agent.link as AgentPort).adoptedSubject?.(agent)
  return {
    id: agent.id,
    instance: agent.instance,
    status: statusName(context, agent),
    queues: [...agent.queues],
    capabilities: [...agent.capabilities],
    labels: { ...agent.labels },
    specializations: { ...agent.specializations },
    ...learnedView(context, agent),
    concurrency: agent.concurrency,
    prefetch: agent.prefetch,
    keeps: agent.keeps,
    running: agent.running.length,
    completed: agent.completed,
    failed: agent.failed,
    lost: agent.lost,
    silentMs: agent.leased ? Math.round(policyMs() - agent.lastSeenMs) : 0,
    ...(agent.pull ? { granted: agent.granted } : {}),
    ...(subject === undefined ? {} : { subject }),
  }
}

function learnedView(
  { core, learning }: FrontEndContext,
  { index }: AgentState,
): Pick<AgentView, 'latencyMeanUs' | 'successRate' | 'skills'> {
  const { latencyUs, success } = learning.overall(index)
  const types = [...core.rows.keys()]
  const skills: Record<string, number> = {}
  for (const { row, skill } of learning.stats(index)) skills[types[row - 1]] = rounded(skill)
  return {
    latencyMeanUs: latencyUs === null ? null : Math.round(latencyUs),
    successRate: rounded(success),
    skills,
  }
}

/** Four digits are all that a window of a hundred can tell. */
function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000
}

function statusName(context: FrontEndContext, agent: AgentState): AgentStatusName {
  if (agent.draining) return 'maintenance'
  if (agent.paused) return 'offline'
  const status = context.core.table.status(agent.index as never)
  if (status === AgentStatus.OVERLOADED) return 'overloaded'
  return status === AgentStatus.BUSY ? 'busy' : 'available'
}
