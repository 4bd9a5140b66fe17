/**
 * Early binding: a task that is given to an agent without credit at once, to wait in that agent's own
 * queue instead of its lane. Main thread.
 *
 *   OFFERED ──bind──► BOUND ──credit──► RUNNING          (`attempts.startBound`)
 *                       └─ the agent goes, drains, is paused, serves it no more ──► head of its lane
 *
 * Invariant: a bound task is in the own queue of one accepting agent that serves its class, which
 * holds `agentQueueMax` tasks at most; it has no slot, no attempt and no charge, so where it goes back
 * to its lane nothing has been begun. In the queue, higher levels and older tasks go first.
 *
 * What stands in these queues comes before what waits in lanes: it is part of the choice to bind early
 * that an agent's next task is decided before it is free. Not taken: queues at the agents themselves,
 * because a task would then be in two places as soon as one of them is slow to answer.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import type { AgentState } from './agents.ts'
import { allowAgain, keepApart } from './apart.ts'
import { addPlaces, hasQueue, syncReady } from './credit.ts'
import { isBefore } from './head-heap.ts'
import { changeInHand } from './holds.ts'
import { endOffer, freeSlot, goOnWaiting } from './matching.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { BOUND, type TaskRecord } from './task-record.ts'

export function canBind(core: PolicyState, record: TaskRecord, agent: AgentState): boolean {
  const { early, queue } = record.cls!
  if (!early || queue.paused) return false
  return hasPlace(core, agent)
}

/** Whether the agent, which accepts, has room in its own queue. */
export function hasPlace(core: PolicyState, agent: AgentState): boolean {
  return hasQueue(agent) && agent.bound.length < core.options.agentQueueMax
}

/** An offered task goes into the own queue of an accepting agent, which has room. */
export function bind(core: PolicyState, record: TaskRecord, agent: AgentState): void {
  // First, so that the queue is not taken to have room meanwhile.
  changeInHand(core, record.cls!.queue, 1)
  endOffer(core, record)
  freeSlot(core, record)
  core.counters.bound++
  enterQueue(core, record, agent)
}

/** From one agent's own queue into another's: its queue has it in hand all along. */
export function changeQueue(
  core: PolicyState,
  record: TaskRecord,
  from: AgentState,
  to: AgentState,
): void {
  exitQueue(core, record, from)
  enterQueue(core, record, to)
}

function enterQueue(core: PolicyState, record: TaskRecord, agent: AgentState): void {
  record.state = BOUND
  record.agentId = agent.id
  keepApart(record, agent)
  agent.bound.insertByRank(record)
  record.queue!.bound++
  core.totalBound++
  queueChanged(core, agent, 1)
}

/** The task is not bound any more; its state is the caller's to set. */
export function leaveQueue(core: PolicyState, record: TaskRecord, agent: AgentState): void {
  exitQueue(core, record, agent)
  changeInHand(core, record.cls!.queue, -1)
}

function exitQueue(core: PolicyState, record: TaskRecord, agent: AgentState): void {
  allowAgain(core, record, agent)
  agent.bound.remove(record)
  record.queue!.bound--
  core.totalBound--
  queueChanged(core, agent, -1)
}

/** All that is bound to an agent goes back to where it would stand without it. */
export function unbindAll(core: PolicyState, agent: AgentState): void {
  // The last first, since each goes before all that waits.
  while (agent.bound.tail !== null) unbind(core, agent.bound.tail, agent)
}

/** As `unbindAll`, of those that the agent may not have any more. */
export function unbindForeign(core: PolicyState, agent: AgentState): void {
  let record = agent.bound.tail
  while (record !== null) {
    const before: TaskRecord | null = record.prev
    const { index } = record.cls!
    if (!core.table.candidates(index as never).has(agent.index)) unbind(core, record, agent)
    record = before
  }
}

/** As `unbindAll`, of what one queue serves, whoever it is bound to. *Cost* linear in the agents. */
export function unbindQueue(core: PolicyState, queue: QueueState): void {
  if (core.totalBound === 0) return
  const records: TaskRecord[] = []
  for (const { bound } of core.agents.values()) {
    for (let record = bound.head; record !== null; record = record.next) {
      if (record.cls!.queue === queue) records.push(record)
    }
  }
  records.sort((a, b) => (isBefore(a, b) ? 1 : -1))
  for (const record of records) unbind(core, record, core.agents.get(record.agentId!)!)
}

function unbind(core: PolicyState, record: TaskRecord, agent: AgentState): void {
  leaveQueue(core, record, agent)
  record.agentId = null
  goOnWaiting(core, record)
  core.effects.unbound(record, agent)
}

function queueChanged(core: PolicyState, agent: AgentState, change: 1 | -1): void {
  core.table.setQueued(agent.index as AgentIndex, agent.bound.length)
  if (agent.accepting && hasQueue(agent)) addPlaces(core, agent.profile, -change)
  syncReady(core, agent)
}
