/**
 * Stealing: a task that is bound to one agent becomes another's. Who takes from whom is decided outside
 * (`src/balance/`), as a choice is; what may be moved at all is decided here. Front-end thread.
 *
 *   BOUND to one ──steal──► BOUND to another     (it has no credit now)
 *        │          └─────► RUNNING there        (it has, and nothing of its own waits)
 *        └── refused: protected, begun, not served, no room
 *
 * Invariant: only what has not begun moves, to an agent that has all that the task requires, in one
 * event; the task is in exactly one agent's hands before and after, and its wait goes on.
 *
 * A queue that has as many tasks in hand as it may has as many after a steal, so its limit holds
 * nothing up; of one that is paused nothing is bound. What drains, is paused or is limited has no
 * queue that could be stolen from: its tasks went back to their lanes.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import type { AgentState } from './agents.ts'
import { isApart } from './apart.ts'
import { startOn } from './attempts.ts'
import { changeQueue, hasPlace, leaveQueue } from './binding.ts'
import { meetsAll } from './requirements.ts'
import type { PolicyState } from './state.ts'
import { BOUND, type TaskRecord } from './task-record.ts'

/** Why a task stays where it is. */
export type StealRefusal =
  | 'not_bound'
  | 'protected'
  | 'same_agent'
  | 'not_accepting'
  | 'not_served'
  | 'no_room'

/** @returns null when it may be moved to the agent now. */
export function stealRefusal(
  core: PolicyState,
  record: TaskRecord,
  thief: AgentState,
): StealRefusal | null {
  if (record.state !== BOUND) return 'not_bound'
  if (record.baseLevel >= core.options.protectFrom) return 'protected'
  if (record.agentId === thief.id) return 'same_agent'
  if (!thief.accepting) return 'not_accepting'
  if (!mayServe(core, record, thief)) return 'not_served'
  return canBegin(core, thief) || hasPlace(core, thief) ? null : 'no_room'
}

/** @returns null when it moved: it is RUNNING, and to be sent, or BOUND; else why not. */
export function steal(
  core: PolicyState,
  record: TaskRecord,
  thief: AgentState,
  nowMs: number,
): StealRefusal | null {
  const refusal = stealRefusal(core, record, thief)
  if (refusal !== null) return refusal
  const victim = core.agents.get(record.agentId!)!
  core.counters.stolen++
  if (canBegin(core, thief)) {
    leaveQueue(core, record, victim)
    core.effects.stolen(record, victim, thief)
    startOn(core, record, thief, nowMs)
  } else {
    changeQueue(core, record, victim, thief)
    core.effects.stolen(record, victim, thief)
  }
  return null
}

/** It has all that the task requires, whatever the match. */
export function mayServe(core: PolicyState, record: TaskRecord, agent: AgentState): boolean {
  if (isApart(record, agent)) return false
  const cls = record.cls!
  if (!core.table.candidates(cls.index as never).has(agent.index)) return false
  return cls.match === 'exact' || meetsAll(cls.requires, agent.profile)
}

/** An accepting agent could start a task at once, and none waits for it alone. */
export function canBegin(core: PolicyState, agent: AgentState): boolean {
  if (agent.bound.length > 0 || core.freeSlots.size === 0) return false
  return core.table.credit(agent.index as AgentIndex) > 0
}
