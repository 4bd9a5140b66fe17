/**
 * Tasks that must not come to certain agents: votes of one question go to different people, a second
 * attempt goes elsewhere, who declined a task is not asked again. Front-end thread.
 *
 *   OFFERED ──nobody else is free──► PARKED ──credit came free──► its place in its lane
 *
 * Invariant: of tasks that share an `Apart` no two are with one agent at a time, running or bound, nor
 * ever where one of them succeeded or was declined; so an agent stands in it once at most. A parked task
 * stands in no lane, so it holds nobody up; its wait, and its ages, go on.
 *
 * Not taken: to leave such a task at the head of its lane until the right agent is free, which would stop
 * all behind it; a lane for each set of agents, since there are as many sets as questions.
 */
import type { AgentState } from './agents.ts'
import { endOffer, freeSlot, goOnWaiting } from './matching.ts'
import type { AttemptEnd, PolicyState } from './state.ts'
import { PARKED, type TaskRecord } from './task-record.ts'

/** Agents that a task, or tasks that share it, must not be given to. */
export class Apart {
  readonly agents: string[] = []
}

/** @returns ids of those that the task must not come to; null for nobody. */
export function keptFrom({ extras }: TaskRecord): readonly string[] | null {
  return extras === null || extras.apart === null ? null : extras.apart.agents
}

export function isApart(record: TaskRecord, agent: AgentState): boolean {
  return keptFrom(record)?.includes(agent.id) === true
}

/** The agent has the task from now on: it runs there, or is bound. */
export function keepApart({ extras }: TaskRecord, agent: AgentState): void {
  if (extras !== null && extras.apart !== null) extras.apart.agents.push(agent.id)
}

/** The agent may have it, or one like it, again. */
export function allowAgain(core: PolicyState, { extras }: TaskRecord, agent: AgentState): void {
  if (extras === null || extras.apart === null) return
  const { agents } = extras.apart
  const at = agents.indexOf(agent.id)
  if (at >= 0) agents.splice(at, 1)
  // Perhaps it has credit besides, for one that waits for just that.
  retryParked(core)
}

/** An attempt has ended: unless that was its answer, the agent may have it again. */
export function endApart(
  core: PolicyState,
  record: TaskRecord,
  agent: AgentState,
  how: AttemptEnd,
): void {
  if (how !== 'succeeded' && how !== 'declined') allowAgain(core, record, agent)
}

/** Event: whoever is free must not have the offered task. */
export function park(core: PolicyState, record: TaskRecord): void {
  endOffer(core, record)
  freeSlot(core, record)
  record.state = PARKED
  // When it is offered again, its lane is not held up for where it once stood.
  record.position = -1
  core.parked.pushBack(record)
}

/** It is parked no more; its state is the caller's to set. */
export function leaveParked(core: PolicyState, record: TaskRecord): void {
  core.parked.remove(record)
  core.parkedToTry = Math.min(core.parkedToTry, core.parked.length)
}

/** All that is parked is worth a try: somebody has credit who had none, or may have what was kept from it. */
export function retryParked(core: PolicyState): void {
  core.parkedToTry = core.parked.length
}

/**
 * Event: credit has come free. What has been parked longest goes to where it would stand in its lane.
 * @returns how many, at most `max`.
 */
export function unpark(core: PolicyState, max: number): number {
  let count = 0
  for (; count < max; count++) {
    const record = core.parked.head
    if (record === null) break
    core.parkedToTry = Math.max(0, core.parkedToTry - 1)
    core.parked.remove(record)
    goOnWaiting(core, record)
  }
  return count
}

/**
 * @param but an agent that is left out.
 * @returns whether some agent that serves its class may have it, now or later.
 */
export function hasOther(record: TaskRecord, but: AgentState | null = null): boolean {
  const agents = keptFrom(record)
  return record.cls!.profiles.some((profile) => {
    for (const agent of profile.agents) {
      if (agent !== but && agents?.includes(agent.id) !== true) return true
    }
    return false
  })
}
