/**
 * Membership: agents say hello, drain and leave, and their credit enters and leaves the classes they
 * serve. An instance that was replaced is fenced for ever. Front-end thread.
 *
 * Invariant: an agent's credit counts for a class while it is a member and its profile serves that.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { enterProfile, leaveProfile, profileOf } from './agent-profiles.ts'
import { type AgentSpec, AgentState } from './agents.ts'
import { lost } from './attempts.ts'
import { unbindAll, unbindForeign } from './binding.ts'
import { capacityOf, grant, hasQueue, setAccepting, syncReady, syncStatus } from './credit.ts'
import type { PolicyState } from './state.ts'
import { withOwnQueue } from './supervisors.ts'

export function hello(core: PolicyState, said: AgentSpec, nowMs: number): AgentState | ErrorCode {
  if (core.fencedInstances.has(fenceKey(said.id, said.instance))) return 'fenced'
  const spec = withOwnQueue(core, said)
  const known = core.agents.get(spec.id)
  if (known !== undefined && known.instance === spec.instance) {
    renew(core, known, spec, nowMs)
    return known
  }
  if (known === undefined && core.freeAgentIndices.length === 0) return 'too_many_agents'
  if (known !== undefined) fence(core, known, nowMs)
  return join(core, spec, nowMs)
}

function join(core: PolicyState, spec: AgentSpec, nowMs: number): AgentState {
  const index = core.freeAgentIndices.pop()!
  core.table.join(index as AgentIndex, spec.pull ? 0 : spec.concurrency)
  if (spec.pull) core.table.setQueues(index as AgentIndex, false)
  const generation = core.table.generation(index as AgentIndex)
  const profile = profileOf(core, spec)
  const agent = new AgentState(spec, index, generation, profile, nowMs)
  core.agents.set(spec.id, agent)
  core.agentAt[index] = agent
  if (spec.leased) {
    core.leaseCheckAtMs = Math.min(core.leaseCheckAtMs, nowMs + core.options.leaseMs)
  }
  enterProfile(core, agent, profile)
  core.effects.agentUp(agent)
  return agent
}

/**
 * A hello of an instance that is known: a beat, and perhaps other queues or another size. What it has
 * pulled and what it is prefetched stay, and what is bound to it as far as it still serves that. So do
 * our limit, which is not its to lift, and its other work until its next beat, if there will be one.
 */
function renew(core: PolicyState, agent: AgentState, spec: AgentSpec, nowMs: number): void {
  const hadQueue = hasQueue(agent)
  leaveProfile(core, agent)
  agent.lastSeenMs = nowMs
  agent.paused = false
  agent.draining = false
  agent.beats = spec.beats
  agent.keeps = spec.keeps
  agent.preemptible = spec.preemptible
  agent.recalls = spec.recalls
  agent.declines = spec.declines
  setPull(core, agent, spec.pull)
  // Without beats nothing but time gives the credit of its ended attempts back.
  if (!spec.beats && agent.ended.size > 0) core.creditCheckAtMs = 0
  agent.link = spec.link
  agent.queues = spec.queues
  agent.capabilities = spec.capabilities
  agent.labels = spec.labels
  agent.specializations = spec.specializations
  agent.concurrency = spec.concurrency
  if (!spec.beats) agent.foreign = 0
  core.table.setCapacity(agent.index as AgentIndex, capacityOf(core, agent))
  enterProfile(core, agent, profileOf(core, spec))
  syncStatus(core, agent)
  if (hasQueue(agent)) unbindForeign(core, agent)
  else unbindAll(core, agent)
  if (hasQueue(agent) !== hadQueue) core.table.setQueues(agent.index as AgentIndex, !hadQueue)
  syncReady(core, agent)
}

function setPull(core: PolicyState, agent: AgentState, pull: boolean): void {
  if (pull) agent.prefetch = 0
  else agent.granted = 0
  // What it asked for and what it has room for are not the same.
  for (; pull !== agent.pull && agent.held > 0; agent.held--) {
    core.table.give(agent.index as AgentIndex)
  }
  agent.pull = pull
}

export function drain(core: PolicyState, id: string): ErrorCode | null {
  const agent = core.agents.get(id)
  if (agent === undefined) return 'agent_unknown'
  startDraining(core, agent)
  core.effects.drain(agent)
  return null
}

function startDraining(core: PolicyState, agent: AgentState): void {
  if (agent.draining) return
  setAccepting(core, agent, () => {
    agent.draining = true
  })
  unbindAll(core, agent)
}

/** It lives, and listens for what is sent to it. */
export function seen(core: PolicyState, agent: AgentState, nowMs: number): void {
  agent.lastSeenMs = nowMs
  if (!agent.paused) return
  setAccepting(core, agent, () => {
    agent.paused = false
  })
}

/**
 * An agent that pulls asks for tasks.
 * @param count 1 to 65,535.
 * @returns null, or why not: `bad_option` when it did not say at hello that it pulls.
 */
export function pull(
  core: PolicyState,
  id: string,
  instance: string,
  count: number,
  nowMs: number,
): ErrorCode | null {
  if (core.fencedInstances.has(fenceKey(id, instance))) return 'fenced'
  const agent = core.agents.get(id)
  if (agent === undefined || agent.instance !== instance) return 'agent_unknown'
  if (!agent.pull) return 'bad_option'
  seen(core, agent, nowMs)
  grant(core, agent, count)
  return null
}

/** With `drain` the agent only takes no more; without, what it runs goes back at once. */
export function bye(
  core: PolicyState,
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

function fence(core: PolicyState, agent: AgentState, nowMs: number): void {
  core.fencedInstances.add(fenceKey(agent.id, agent.instance))
  if (core.fencedInstances.size > LIMITS.fencedInstancesMax) {
    const [oldest] = core.fencedInstances
    core.fencedInstances.delete(oldest)
  }
  leave(core, agent, 'agent_lost', nowMs)
  core.effects.fenced(agent)
}

export function fenceKey(id: string, instance: string): string {
  return `${id}.${instance}`
}

export function leave(
  core: PolicyState,
  agent: AgentState,
  reason: 'agent_lost' | 'bye',
  nowMs: number,
): void {
  leaveProfile(core, agent)
  agent.gone = true
  core.agents.delete(agent.id)
  core.agentAt[agent.index] = undefined
  // First what was not begun: what was goes before it.
  unbindAll(core, agent)
  const message = `Agent "${agent.id}" ${reason === 'bye' ? 'left' : 'was lost'} while it ran it.`
  while (agent.running.tail !== null) lost(core, agent.running.tail, 'agent_lost', message, nowMs)
  agent.ended.clear()
  agent.held = 0
  core.table.leave(agent.index as AgentIndex)
  core.freeAgentIndices.push(agent.index)
  addTotals(core, agent)
  core.effects.agentDown(agent, reason)
}

/** What agents did that have left, by id, bounded: the longest gone are forgotten first. */
function addTotals(core: PolicyState, agent: AgentState): void {
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
