/**
 * Membership: agents say hello, beat, drain, fall silent and leave; their credit enters and leaves
 * the classes they serve. `takeCredit` and `giveCredit` are the only ways credit changes.
 */
import { type AgentIndex, AgentStatus } from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { type AgentSpec, AgentState } from './agents.ts'
import { lost } from './attempts.ts'
import type { PolicyCore } from './core.ts'
import { Profile } from './profiles.ts'
import { QueueState } from './queues.ts'
import type { TaskRecord } from './task-record.ts'

/** @returns the queue, made on first use unless queues are strict; or why not. */
export function queueOf(core: PolicyCore, name: string): QueueState | ErrorCode {
  const known = core.queues.get(name)
  if (known !== undefined) return known
  const configured = Object.hasOwn(core.options.queues, name)
    ? core.options.queues[name]
    : undefined
  if (configured === undefined && core.options.strictQueues) return 'queue_unknown'
  if (core.queues.size >= LIMITS.queuesMax) return 'too_many_queues'
  const queue = new QueueState(name, configured ?? core.options.queueDefaults)
  core.queues.set(name, queue)
  return queue
}

export function hello(core: PolicyCore, spec: AgentSpec, nowMs: number): AgentState | ErrorCode {
  if (core.fencedInstances.has(fenceKey(spec.id, spec.instance))) return 'fenced'
  const known = core.agents.get(spec.id)
  if (known !== undefined && known.instance === spec.instance) {
    renew(core, known, spec, nowMs)
    return known
  }
  if (known === undefined && core.freeAgentIndices.length === 0) return 'too_many_agents'
  if (known !== undefined) fence(core, known, nowMs)
  return join(core, spec, nowMs)
}

function join(core: PolicyCore, spec: AgentSpec, nowMs: number): AgentState {
  const index = core.freeAgentIndices.pop()!
  core.table.join(index as AgentIndex, spec.concurrency)
  const generation = core.table.generation(index as AgentIndex)
  const profile = profileOf(core, spec)
  const agent = new AgentState(spec, index, generation, profile, nowMs)
  core.agents.set(spec.id, agent)
  core.agentAt[index] = agent
  core.leaseCheckAtMs = Math.min(core.leaseCheckAtMs, nowMs + core.options.leaseMs)
  enterProfile(core, agent, profile)
  core.effects.agentUp(agent)
  return agent
}

/** A hello of an instance that is known: a beat, and perhaps other queues or another size. */
function renew(core: PolicyCore, agent: AgentState, spec: AgentSpec, nowMs: number): void {
  leaveProfile(core, agent)
  agent.lastSeenMs = nowMs
  agent.paused = false
  agent.draining = false
  agent.beats = spec.beats
  agent.link = spec.link
  agent.queues = spec.queues
  agent.capabilities = spec.capabilities
  agent.concurrency = spec.concurrency
  core.table.setCapacity(agent.index as AgentIndex, spec.concurrency)
  enterProfile(core, agent, profileOf(core, spec))
  syncStatus(core, agent)
}

function profileOf(core: PolicyCore, spec: AgentSpec): Profile {
  const key = Profile.key(spec.queues, spec.capabilities)
  const known = core.profiles.get(key)
  if (known !== undefined) return known
  const profile = new Profile(spec.queues, spec.capabilities)
  core.profiles.set(key, profile)
  for (const cls of core.classes) {
    if (!profile.serves(cls)) continue
    profile.classes.push(cls)
    cls.profiles.push(profile)
  }
  return profile
}

function enterProfile(core: PolicyCore, agent: AgentState, profile: Profile): void {
  agent.profile = profile
  profile.agents.add(agent)
  for (const cls of profile.classes) {
    core.table.setCandidate(cls.index as never, agent.index as AgentIndex, true)
  }
  addFree(core, profile, freeOf(core, agent))
}

function leaveProfile(core: PolicyCore, agent: AgentState): void {
  const { profile } = agent
  addFree(core, profile, -freeOf(core, agent))
  profile.agents.delete(agent)
  for (const cls of profile.classes) {
    core.table.setCandidate(cls.index as never, agent.index as AgentIndex, false)
  }
  if (profile.agents.size > 0) return
  core.profiles.delete(Profile.key(agent.queues, agent.capabilities))
  for (const cls of profile.classes) cls.profiles.splice(cls.profiles.indexOf(profile), 1)
}

/** What an agent adds to its classes' free credit; a smaller size than its work counts as none. */
function freeOf(core: PolicyCore, agent: AgentState): number {
  if (!agent.accepting) return 0
  return Math.max(0, agent.concurrency - core.table.inUse(agent.index as AgentIndex))
}

function addFree(core: PolicyCore, profile: Profile, change: number): void {
  if (change === 0) return
  profile.free += change
  core.totalFree += change
  for (const cls of profile.classes) cls.free += change
}

export function takeCredit(core: PolicyCore, agent: AgentState): void {
  core.table.take(agent.index as AgentIndex)
  addFree(core, agent.profile, -1)
}

export function giveCredit(core: PolicyCore, agent: AgentState): void {
  if (agent.gone) return
  const before = freeOf(core, agent)
  core.table.give(agent.index as AgentIndex)
  addFree(core, agent.profile, freeOf(core, agent) - before)
}

/** Changes one of the flags behind `accepting` and moves the credit with it. */
function setAccepting(core: PolicyCore, agent: AgentState, change: () => void): void {
  const before = freeOf(core, agent)
  change()
  addFree(core, agent.profile, freeOf(core, agent) - before)
  syncStatus(core, agent)
}

function syncStatus(core: PolicyCore, agent: AgentState): void {
  const status = agent.accepting ? AgentStatus.AVAILABLE : AgentStatus.MAINTENANCE
  core.table.setStatus(agent.index as AgentIndex, status)
}

export function pauseAgent(core: PolicyCore, agent: AgentState): void {
  if (agent.paused) return
  setAccepting(core, agent, () => {
    agent.paused = true
  })
}

export function drain(core: PolicyCore, id: string): ErrorCode | null {
  const agent = core.agents.get(id)
  if (agent === undefined) return 'agent_unknown'
  startDraining(core, agent)
  core.effects.drain(agent)
  return null
}

function startDraining(core: PolicyCore, agent: AgentState): void {
  if (agent.draining) return
  setAccepting(core, agent, () => {
    agent.draining = true
  })
}

/**
 * @param running counters of the attempts that the agent says it works on; null when it reports
 *   none. An attempt that two consecutive beats after its dispatch lack has been lost on the way.
 */
export function beat(
  core: PolicyCore,
  id: string,
  instance: string,
  running: ReadonlySet<number> | null,
  nowMs: number,
): ErrorCode | null {
  if (core.fencedInstances.has(fenceKey(id, instance))) return 'fenced'
  const agent = core.agents.get(id)
  if (agent === undefined || agent.instance !== instance) return 'agent_unknown'
  agent.lastSeenMs = nowMs
  if (agent.paused) {
    setAccepting(core, agent, () => {
      agent.paused = false
    })
  }
  if (running !== null && agent.beats) compareRunning(core, agent, running, nowMs)
  return null
}

function compareRunning(
  core: PolicyCore,
  agent: AgentState,
  running: ReadonlySet<number>,
  nowMs: number,
): void {
  let record = agent.running.tail
  while (record !== null) {
    const before: TaskRecord | null = record.prev
    if (running.has(record.counter)) record.beatsMissed = 0
    else if (++record.beatsMissed >= 2) {
      const message = `Agent "${agent.id}" does not know of attempt ${record.attempts}.`
      lost(core, record, 'agent_lost', message, nowMs)
      giveCredit(core, agent)
    }
    record = before
  }
  for (const [counter, ended] of agent.ended) {
    if (running.has(counter)) ended.beatsMissed = 0
    else if (++ended.beatsMissed >= 2) {
      agent.ended.delete(counter)
      giveCredit(core, agent)
    }
  }
}

/** With `drain` the agent only takes no more; without, what it runs goes back at once. */
export function bye(
  core: PolicyCore,
  id: string,
  instance: string,
  drain: boolean,
  nowMs: number,
): ErrorCode | null {
  if (core.fencedInstances.has(fenceKey(id, instance))) return 'fenced'
  const agent = core.agents.get(id)
  if (agent === undefined || agent.instance !== instance) return 'agent_unknown'
  agent.lastSeenMs = nowMs
  if (drain) startDraining(core, agent)
  else leave(core, agent, 'bye', nowMs)
  return null
}

function fence(core: PolicyCore, agent: AgentState, nowMs: number): void {
  core.fencedInstances.add(fenceKey(agent.id, agent.instance))
  if (core.fencedInstances.size > LIMITS.fencedInstancesMax) {
    const [oldest] = core.fencedInstances
    core.fencedInstances.delete(oldest)
  }
  leave(core, agent, 'agent_lost', nowMs)
  core.effects.fenced(agent)
}

function fenceKey(id: string, instance: string): string {
  return `${id}.${instance}`
}

export function leave(
  core: PolicyCore,
  agent: AgentState,
  reason: 'agent_lost' | 'bye',
  nowMs: number,
): void {
  leaveProfile(core, agent)
  agent.gone = true
  core.agents.delete(agent.id)
  core.agentAt[agent.index] = undefined
  const message = `Agent "${agent.id}" ${reason === 'bye' ? 'left' : 'was lost'} while it ran it.`
  while (agent.running.tail !== null) lost(core, agent.running.tail, 'agent_lost', message, nowMs)
  agent.ended.clear()
  core.table.leave(agent.index as AgentIndex)
  core.freeAgentIndices.push(agent.index)
  addTotals(core, agent)
  core.effects.agentDown(agent, reason)
}

/** What agents did that have left, by id, bounded: the longest gone are forgotten first. */
function addTotals(core: PolicyCore, agent: AgentState): void {
  const totals = core.agentTotals.get(agent.id) ?? { completed: 0, failed: 0, lost: 0 }
  core.agentTotals.delete(agent.id)
  core.agentTotals.set(agent.id, {
    completed: totals.completed + agent.completed,
    failed: totals.failed + agent.failed,
    lost: totals.lost + agent.lost,
  })
  if (core.agentTotals.size <= LIMITS.offlineAgentsKept) return
  const [oldest] = core.agentTotals.keys()
  core.agentTotals.delete(oldest)
}

/**
 * Looks for silent agents, not before one can be: beats only move a lease's end further away, so
 * the earliest end found by the last look is a bound until then.
 * @returns how many have left.
 */
export function expireLeases(core: PolicyCore, nowMs: number, max: number): number {
  if (nowMs < core.leaseCheckAtMs || core.leasesSuspended) return 0
  let expired = 0
  let next = Number.POSITIVE_INFINITY
  for (const agent of core.agents.values()) {
    if (!agent.leased) continue
    const endMs = agent.lastSeenMs + core.options.leaseMs
    if (endMs > nowMs) next = Math.min(next, endMs)
    else if (expired < max) {
      leave(core, agent, 'agent_lost', nowMs)
      expired++
    } else next = nowMs
  }
  core.leaseCheckAtMs = next
  return expired
}

/** Our own connection was away: nobody could be heard, so nobody was silent. */
export function renewLeases(core: PolicyCore, nowMs: number): void {
  for (const agent of core.agents.values()) agent.lastSeenMs = nowMs
  core.leaseCheckAtMs = nowMs
}

/** Credit of ended attempts whose agent reports no tokens. @returns how many came back. */
export function returnCredits(core: PolicyCore, nowMs: number, max: number): number {
  if (nowMs < core.creditCheckAtMs) return 0
  let returned = 0
  let next = Number.POSITIVE_INFINITY
  for (const agent of core.agents.values()) {
    if (agent.beats || agent.ended.size === 0) continue
    for (const [counter, ended] of agent.ended) {
      if (ended.creditBackAtMs > nowMs || returned >= max) {
        next = Math.min(next, ended.creditBackAtMs)
        continue
      }
      agent.ended.delete(counter)
      giveCredit(core, agent)
      returned++
    }
  }
  core.creditCheckAtMs = next
  return returned
}
