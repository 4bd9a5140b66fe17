/** What is shown of a task and of an agent, read from the live state. Main thread, outside of the hot path. */
import { AgentStatus } from '../../../native-free/index.ts'
import { policyMs } from '../../clock.ts'
import { targetMsOf } from '../../health/attainment.ts'
import type { AgentState } from '../../policy/agents.ts'
import {
  BOUND,
  isFinal,
  OFFERED,
  RUNNING,
  SCHEDULED,
  stateName,
  type TaskRecord,
  WAITING,
} from '../../policy/task-record.ts'
import {
  type AgentStatusName,
  type AgentView,
  PRIORITIES,
  type PriorityLevel,
  type PriorityName,
  type StageView,
  type TaskRow,
  type TaskState,
  type TaskView,
} from '../../task.ts'
import { payloadText } from '../../wire/payload.ts'
import type { FrontEndContext } from '../context.ts'
import { voteIds } from '../together.ts'
import type { AgentPort } from '../transport.ts'

/** By level. */
const PRIORITY_NAMES = ['', ...Object.keys(PRIORITIES)] as PriorityName[]
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
  const deadlineMs = record.extras?.own.deadlineMs ?? record.queue!.options.deadlineMs
  const isScheduled = record.state === SCHEDULED && record.extras?.phase != null
  return {
    id: record.id,
    queue: record.queueName,
    state: shownState(record),
    priority: record.baseLevel as PriorityLevel,
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
    servedBy: record.cls!.queue.name,
    failedDestinations: [...(record.extras?.failedDestinations ?? [])],
    effectivePriority: record.level as PriorityLevel,
    ...slaView(record),
    ...graphView(record),
    preemptions: record.extras?.preemptions ?? 0,
    deadLetter: record.extras?.deadLetter ?? null,
    scheduledFor: isScheduled ? wallClock(record.extras!.phase!.dueMs) : null,
    deadlineAt: deadlineMs === 0 ? null : wallClock(record.acceptedAtMs + deadlineMs),
    acceptedAt: wallClock(record.acceptedAtMs),
    startedAt: wallClockOf(record.startedAtMs),
    finishedAt: wallClockOf(record.finishedAtMs),
  }
}

/** Its place in graphs, the stages behind it, and whom it stands for. */
function graphView(
  record: TaskRecord,
): Pick<TaskRow, 'dependsOn' | 'flow' | 'node' | 'stages' | 'standsFor' | 'votes' | 'claimed'> {
  const { extras, attempt } = record
  const links = extras?.links ?? null
  // A question waits for its votes, and for nothing that its submitter named.
  const votes = voteIds(record)
  return {
    dependsOn: votes.length > 0 ? [] : [...(links?.after ?? [])],
    flow: links?.flow?.id ?? null,
    node: links?.flow == null ? null : links.node,
    stages: stageViews(record),
    standsFor: extras?.standsFor?.id ?? null,
    votes: [...votes],
    claimed: attempt?.agent?.claims === true ? attempt.claimedAtMs > 0 : null,
  }
}

function stageViews({ extras, cls }: TaskRecord): StageView[] {
  const stages = extras?.stages ?? []
  return stages.map((stage, i) => ({
    sourceQueue: stage.queue,
    destinationQueue: stages[i + 1]?.queue ?? cls!.queue.name,
    agent: stage.agentId,
    rule: stage.rule,
    attempts: stage.attempts,
    failedDestinations: [...stage.failedDestinations],
    priority: stage.level as PriorityLevel,
    readyAt: wallClockOf(stage.readyAtMs),
    startedAt: wallClockOf(stage.startedAtMs),
    finishedAt: wallClock(stage.finishedAtMs),
    resultBytes: stage.resultBytes >= 0 ? stage.resultBytes : null,
  }))
}

/** Of a task that waits; by the clock of completions, of one that is open. */
export function slaView(record: TaskRecord): Pick<TaskRow, 'sla' | 'slaDueAt'> {
  const { queue } = record.cls!
  const own = record.extras?.own.slaTargetMs ?? null
  const targetMs = own ?? targetMsOf(queue.options, PRIORITY_NAMES[record.baseLevel])
  const isOn = queue.options.slaClock === 'completed' ? !isFinal(record.state) : isWaiting(record)
  if (!isOn) return { sla: null, slaDueAt: null }
  // Broken where it was before, it stays broken where it went on.
  if (targetMs === 0) return { sla: record.breached ? 'breached' : null, slaDueAt: null }
  const sla = record.warned ? 'warning' : 'kept'
  return {
    sla: record.breached ? 'breached' : sla,
    slaDueAt: wallClock(record.readyAtMs + targetMs),
  }
}

/** What lies in somebody's inbox, and was not claimed, is not being worked on. */
export function shownState({ state, attempt }: TaskRecord): TaskState {
  if (state !== RUNNING) return stateName(state)
  return attempt!.agent!.claims && attempt!.claimedAtMs === 0 ? 'assigned' : 'processing'
}

function isWaiting({ state }: TaskRecord): boolean {
  return state === WAITING || state === OFFERED || state === BOUND
}

/** What policy time is behind the time of day: the two clocks are not read at once, and one is in whole ms. */
const CLOCKS_APART_MS = 2
const READINGS_MAX = 8
let behindMs = Number.NaN

/**
 * Policy time to ms since 1970: the same for the same, and no earlier for what was later, unless the
 * machine's time of day was changed meanwhile.
 */
export function wallClock(atMs: number): number {
  const nowBehindMs = readBehindMs()
  // Not yet known, or apart.
  if (!(Math.abs(nowBehindMs - behindMs) <= CLOCKS_APART_MS)) behindMs = nowBehindMs
  return Math.round(behindMs + atMs)
}

/** A thread that had to stand still between the two clocks, for whatever reason, reads them again. */
function readBehindMs(): number {
  for (let i = 1; ; i++) {
    const beforeMs = policyMs()
    const wallMs = Date.now()
    if (policyMs() === beforeMs || i === READINGS_MAX) return wallMs - beforeMs
  }
}

/** @returns null for 0, which stands for never. */
function wallClockOf(atMs: number): number | null {
  return atMs === 0 ? null : wallClock(atMs)
}

export function agentView(context: FrontEndContext, agent: AgentState): AgentView {
  const subject = (agent.link as AgentPort).adoptedSubject?.(agent)
  const hours = agent.claims ? context.people.hoursOf(agent.id) : null
  return {
    id: agent.id,
    instance: agent.instance,
    status: agentStatus(context, agent),
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
    ...context.agentHealth.conditionOf(agent),
    ...(agent.pull ? { granted: agent.granted } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(hours === null ? {} : { hours, claimed: claimedBy(agent) }),
  }
}

function claimedBy({ running }: AgentState): number {
  let claimed = 0
  for (let record = running.head; record !== null; record = record.next) {
    if (record.attempt!.claimedAtMs > 0) claimed++
  }
  return claimed
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

export function agentStatus(context: FrontEndContext, agent: AgentState): AgentStatusName {
  if (agent.draining) return 'maintenance'
  if (agent.paused) return 'offline'
  // Given nothing, by our own judgement or an operator's.
  if (agent.limit === 0) {
    const { condition } = context.agentHealth.conditionOf(agent)
    return condition === 'silent' || condition === 'off_hours' ? 'offline' : 'maintenance'
  }
  const status = context.core.table.status(agent.index as never)
  if (status === AgentStatus.OVERLOADED) return 'overloaded'
  return status === AgentStatus.BUSY ? 'busy' : 'available'
}
