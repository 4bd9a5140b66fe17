/**
 * Why a task is where it is: who was chosen and why, what kept the others out, or what it waits for.
 * Main thread, when somebody asks; reads only.
 *
 * Invariant: what is told of the decision is as it was then (`decisions.ts`, `kept-scores.ts`), all
 * else is as of now; the answer says which is which. An answer costs a look at every agent at most.
 */
import type { AgentIndex } from '../../../native-free/index.ts'
import { policyMs } from '../../clock.ts'
import type {
  AgentFilter,
  NearestAgent,
  Placed,
  ScoreTable,
  Taking,
  TaskExplanation,
  WaitingFacts,
} from '../../explanation.ts'
import { LIMITS } from '../../options.ts'
import type { AgentState } from '../../policy/agents.ts'
import { hasPlace } from '../../policy/binding.ts'
import type { ClassState } from '../../policy/classes.ts'
import { meets, termsOf } from '../../policy/requirements.ts'
import {
  BLOCKED,
  BOUND,
  OFFERED,
  PARKED,
  type RecordState,
  stateName,
  type TaskRecord,
  WAITING,
} from '../../policy/task-record.ts'
import { nearestMiss } from '../../policy/waiting-for.ts'
import { NONE } from '../../routing/strategy.ts'
import type { PriorityLevel } from '../../task.ts'
import { requireTask } from '../calls/control.ts'
import type { FrontEndContext } from '../context.ts'
import type { Decision } from './decisions.ts'
import { scoresNow } from './scores.ts'

const MISSING_MAX = 32
const WAITS: readonly RecordState[] = [WAITING, OFFERED, BOUND, PARKED, BLOCKED]

/** @throws task_unknown, bad_token */
export function explainTask(
  context: FrontEndContext,
  id: unknown,
  queue?: unknown,
): TaskExplanation {
  const record = requireTask(context, id, queue)
  const cls = record.cls!
  const { strategies } = context.options
  const decision = record.agentId === null ? null : context.decisions.find(record.seq)
  return {
    id: record.id,
    queue: record.queueName,
    type: cls.type,
    state: stateName(record.state),
    priority: record.level as PriorityLevel,
    requires: [...cls.requires],
    prefers: [...cls.prefers],
    match: cls.match,
    binding: cls.early ? 'early' : 'late',
    attempts: record.attempts,
    strategy: strategies[cls.strategyIndex].name,
    strategyOf: cls.hasOwnStrategy ? 'task' : 'queue',
    placement: decision === null ? null : placed(context, record, decision),
    isForgotten: record.agentId !== null && decision === null,
    agents: filterAgents(context, cls),
    scores: decision === null ? null : scoresOf(context, record, decision),
    waiting: waits(record) ? waiting(context, record) : null,
  }
}

function waits({ state }: TaskRecord): boolean {
  return WAITS.includes(state)
}

function placed(context: FrontEndContext, record: TaskRecord, decision: Decision): Placed {
  const { load, capacity, room, conflicts, bounces, byRouter, strategyIndex } = decision
  const takings = decision.takings.map((taking) => takingOf(context, taking))
  const agent = record.agentId!
  const isChosens = takings.length === 0
  return {
    agent,
    hasLeft: isChosens ? chosenNow(context, decision) === NONE : !context.core.agents.has(agent),
    strategy: context.options.strategies[strategyIndex]?.name ?? '',
    by: byRouter ? 'router' : 'inline',
    at: wallMs(decision.atMs),
    load,
    capacity,
    candidates: context.keptScores.find(record)?.candidates ?? null,
    room,
    conflicts,
    bounces,
    takings,
  }
}

function takingOf(
  { core }: FrontEndContext,
  { from, generation, how, atMs }: Decision['takings'][number],
): Taking {
  const agent = core.agentAt[from]
  return { from: agent?.generation === generation ? agent.id : null, how, at: wallMs(atMs) }
}

function wallMs(atMs: number): number {
  return Math.round(Date.now() - (policyMs() - atMs))
}

/** @returns the index of the agent that was chosen, NONE when another has its place or nobody. */
function chosenNow({ core }: FrontEndContext, { agent, generation }: Decision): number {
  return core.agentAt[agent]?.generation === generation ? agent : NONE
}

function scoresOf(
  context: FrontEndContext,
  record: TaskRecord,
  decision: Decision,
): ScoreTable | null {
  const kept = context.keptScores.find(record)
  if (kept !== null) {
    const { candidates: _, ...table } = kept
    return table
  }
  const { strategyIndex } = decision
  if (context.strategies[strategyIndex]?.explain === undefined) return null
  return scoresNow(context, record, strategyIndex, chosenNow(context, decision))
}

/** Each agent is counted at the first thing that keeps it from the task. */
function filterAgents({ core }: FrontEndContext, cls: ClassState): AgentFilter {
  const filter: AgentFilter = {
    registered: core.agents.size,
    serving: 0,
    lacking: 0,
    missing: [],
    draining: 0,
    paused: 0,
    limited: 0,
    full: 0,
    free: 0,
  }
  const terms = termsOf(cls.requires)
  const missing = new Map<string, number>()
  for (const profile of core.profiles.values()) {
    if (!profile.servesQueue(cls.queue.name)) continue
    const { size } = profile.agents
    filter.serving += size
    if (!profile.serves(cls)) {
      filter.lacking += size
      for (const term of terms) {
        if (!meets(term, profile)) missing.set(term.text, (missing.get(term.text) ?? 0) + size)
      }
      continue
    }
    for (const agent of profile.agents) {
      if (agent.draining) filter.draining++
      else if (agent.paused) filter.paused++
      else if (!agent.accepting) filter.limited++
      else if (hasRoom(core, cls, agent)) filter.free++
      else filter.full++
    }
  }
  filter.missing = [...missing]
    .map(([term, agents]) => ({ term, agents }))
    .sort((a, b) => b.agents - a.agents)
    .slice(0, MISSING_MAX)
  return filter
}

function hasRoom(core: FrontEndContext['core'], cls: ClassState, agent: AgentState): boolean {
  if (core.table.credit(agent.index as AgentIndex) > 0) return true
  return cls.early && hasPlace(core, agent)
}

function waiting(context: FrontEndContext, record: TaskRecord): WaitingFacts {
  const { core } = context
  if (record.state === BOUND) return boundWaiting(context, record)
  if (record.state === PARKED) return outside(core, record, 'parked')
  if (record.state === BLOCKED) return outside(core, record, 'parents')
  const cls = record.cls!
  const isOffered = record.state === OFFERED
  const before = cls.lanes
    .slice(record.level)
    .reduce((sum, lane) => sum + lane.length + lane.offers.length, 0)
  const miss = nearestMiss(core, record)
  return {
    where: isOffered ? 'offer' : 'lane',
    for: core.waitingFor(record),
    ...(isOffered ? { position: 1, isPositionExact: true } : positionInLane(record)),
    before,
    nearestMiss: miss === null ? null : nearestAgent(miss, cls.requires.length),
  }
}

/** In no lane: nothing is before it, and it is before nothing. */
function outside(
  core: FrontEndContext['core'],
  record: TaskRecord,
  where: 'parked' | 'parents',
): WaitingFacts {
  return {
    where,
    for: core.waitingFor(record),
    position: 0,
    isPositionExact: true,
    before: 0,
    nearestMiss: null,
  }
}

/** A million may be before it: then their number is an estimate. */
function positionInLane(record: TaskRecord): Pick<WaitingFacts, 'position' | 'isPositionExact'> {
  const { place, isExact } = record.cls!.laneOf(record).placeOf(record, LIMITS.listStepsMax)
  return { position: place, isPositionExact: isExact }
}

function boundWaiting({ core }: FrontEndContext, record: TaskRecord): WaitingFacts {
  const list = core.agents.get(record.agentId!)!.bound
  let position = 1
  // Ends: an agent's own queue is bounded, and the task stands in it.
  for (let other = list.head; other !== null && other !== record; other = other.next) position++
  return {
    where: 'agent',
    for: `agent "${record.agentId}", which is full`,
    position,
    isPositionExact: true,
    before: 0,
    nearestMiss: null,
  }
}

function nearestAgent(
  { agent, met, lacks, missing }: NonNullable<ReturnType<typeof nearestMiss>>,
  required: number,
): NearestAgent {
  return {
    agent,
    met,
    required,
    lacks: lacks.map(({ term, has }) => ({ term, has })),
    missing: [...missing],
  }
}
